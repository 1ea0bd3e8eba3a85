import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { LinkResolver } from "../../src/content/link-resolver.ts";
import { readDocument } from "./page-fixtures.ts";

const pageUrl = "https://example.org/docs/page.html";
/** A link on {@link pageUrl} and what it is as a page to fetch. */
const hrefs: readonly (readonly [href: string, url: string | undefined])[] = [
  ["other.html", "https://example.org/docs/other.html"],
  ["../up?q=1#part", "https://example.org/up?q=1"],
  ["/root", "https://example.org/root"],
  ["//cdn.example.net/x", "https://cdn.example.net/x"],
  ["?page=2", "https://example.org/docs/page.html?page=2"],
  ["", pageUrl],
  ["#part", pageUrl],
  ["#/route", `${pageUrl}#/route`],
  ["#!route", `${pageUrl}#!route`],
  ["\\back\\slash", "https://example.org/back/slash"],
  [" \n/sp\tace ", "https://example.org/space"],
  ["/a/./b/../c", "https://example.org/a/c"],
  ["/a/%2e%2e/c", "https://example.org/c"],
  ["/..", "https://example.org/"],
  ["HTTP://EXAMPLE.ORG:80/A", "http://example.org/A"],
  ["https://user:secret@example.org/x", "https://example.org/x"],
  ["https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"],
  ["https://0x7f.1/", "https://127.0.0.1/"],
  ["/it's?a='b'", "https://example.org/it's?a=%27b%27"],
  ["mailto:a@example.org", undefined],
  ["javascript:alert(1)", undefined],
  ["java\nscript:alert(1)", undefined],
  ["data:text/html,x", undefined],
  ["tel:1", undefined],
  ["blob:https://example.org/x", undefined],
  ["file:///etc/passwd", undefined],
  ["intent://x#Intent;end", undefined],
  ["http://", undefined],
  ["https://exa mple.org/", undefined],
  [`/${"a".repeat(5_000)}`, undefined],
];

/** `<base>` elements and what `x` then is. */
const bases: readonly (readonly [name: string, html: string, url: string])[] = [
  ["none", "", "https://example.org/docs/x"],
  ["an absolute one", '<base href="https://other.example/a/">', "https://other.example/a/x"],
  ["a relative one", '<base href="../b/">', "https://example.org/b/x"],
  ["the first of two", '<base href="/one/"><base href="/two/">', "https://example.org/one/x"],
  ["the first with a link, of two", '<base target="_top"><base href="/two/">', "https://example.org/two/x"],
  [
    "the first valid one",
    '<base href="javascript:alert(1)"><base href="http://:x"><base href="/two/">',
    "https://example.org/two/x",
  ],
  ["one far down the body", '<p>text</p><base href="/late/">', "https://example.org/late/x"],
];

describe("links", () => {
  for (const [href, url] of hrefs) {
    it(`resolves ${JSON.stringify(href.slice(0, 40))}`, () => {
      assert.equal(new LinkResolver(pageUrl, []).resolve(href), url);
    });
  }

  for (const [name, html, url] of bases) {
    it(`takes as base ${name}`, async () => {
      const { links } = await readDocument(`${html}<a href="x">text</a>`);
      assert.deepEqual(links, [{ url, text: "text", isNofollow: false }]);
    });
  }

  it("never differs from the WHATWG parser", () => {
    const part = fc.constantFrom(
      "a",
      "B",
      "-",
      ".",
      "..",
      "%2e",
      "xn--a",
      "1",
      "~",
      "é",
      " ",
      "'",
      "!",
      "=",
      "&",
      "+",
      ",",
      ";",
      "@",
      "\\",
    );
    const separator = fc.constantFrom("/", "//", "?", "#", ":", "https://", "http://a.example/", "");
    const href = fc.array(fc.tuple(separator, part), { maxLength: 6 }).map((parts) => parts.flat().join(""));
    fc.assert(
      fc.property(href, (text) => {
        const expected = URL.parse(text, pageUrl);
        const isWeb = expected?.protocol === "http:" || expected?.protocol === "https:";
        if (expected !== null) expected.username = expected.password = "";
        assert.equal(
          new LinkResolver(pageUrl, []).resolveWithFragment(text),
          isWeb ? expected.href : undefined,
        );
      }),
      { numRuns: 500 },
    );
  });

  it("gives each page once, with the first text it has, and says which are not to be followed", async () => {
    const { links, signals } = await readDocument(`
      <nav><a href="/a#x"><img src="i.png" alt="Icon"></a> <a href="/a">Again</a></nav>
      <a href="/b" rel="noopener UGC">B <b>bold</b></a><map><area href="/c" alt="Sea"></map>
      <a href="/d" aria-label="Dee"></a><a href="/hidden" style="display:none">trap</a>
      <link rel="next" href="/page/2"><link rel="stylesheet" href="/s.css"><iframe src="/frame"></iframe>`);
    assert.deepEqual(
      links.map(({ url, text, isNofollow }) => [new URL(url).pathname, text, isNofollow]),
      [
        ["/a", "Icon", false],
        ["/b", "B bold", true],
        ["/c", "Sea", false],
        ["/d", "Dee", false],
        ["/page/2", "", false],
      ],
    );
    assert.equal(signals.links, 5);
  });

  it("follows nothing on a page that says nofollow", async () => {
    const { links, signals } = await readDocument(
      '<meta name="robots" content="noindex, nofollow"><a href="/a">a</a>',
    );
    assert.equal(links[0]?.isNofollow, true);
    assert.equal(signals.isNofollow && signals.isNoindex, true);
  });

  it("stops at its cap and says so", async () => {
    const html = Array.from({ length: 50 }, (_, i) => `<a href="/p${i}">p</a>`).join("");
    const { links, signals } = await readDocument(html, { caps: { maxLinks: 10 } });
    assert.equal(links.length, 10);
    assert.equal(signals.isTruncated, true);
  });
});
