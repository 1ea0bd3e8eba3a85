import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ReadOptions } from "../../src/content/read-options.ts";
import { readPage } from "../../src/content/read-page.ts";
import type { PageDocument } from "../../src/document.ts";
import { ends } from "../ends.ts";
import { fetchedPage, readDocument } from "./page-fixtures.ts";

const hostile: readonly (readonly [name: string, html: () => string, isTruncated: boolean])[] = [
  ["50,000 nested blocks", () => "<div>".repeat(50_000) + "deep", true],
  ["50,000 nested quotes and lists", () => "<blockquote><ul><li>".repeat(50_000) + "deep", true],
  ["100,000 nested inline elements", () => "<p>" + "<b><i>".repeat(50_000) + "deep", true],
  ["nested tables", () => "<table><tr><td>".repeat(20_000) + "deep", true],
  ["a million nodes", () => "<p>x".repeat(500_000), true],
  ["a million end tags of nothing", () => "<div>".repeat(600) + "</x>".repeat(1_000_000), true],
  ["a single line of 10 MB", () => `<p>${"word ".repeat(2_000_000)}`, true],
  ["10 MB without a space", () => `<p>${"x".repeat(10_000_000)}`, true],
  ["a flood of entities", () => `<p>${"&amp;&lt;&#65;&bogus".repeat(200_000)}`, false],
  [
    "a flood of attributes",
    () => `<p ${Array.from({ length: 200_000 }, (_, i) => `a${i}=1`).join(" ")}>x`,
    false,
  ],
  ["a flood of one attribute", () => `<p ${"class=x ".repeat(500_000)}>x`, false],
  ["a tag that never ends", () => `<p>x</p><a href="${"y".repeat(5_000_000)}`, false],
  ["a comment that never ends", () => `<p>x</p><!--${"-".repeat(5_000_000)}`, false],
  ["unclosed brackets", () => "<".repeat(2_000_000), false],
  ["unclosed links", () => `<a href="/x">y `.repeat(50_000), false],
  ["open marks in one paragraph", () => "<a href=/x><b>y".repeat(20_000), false],
  ["a paragraph of 100,000 marks", () => `<p>${"<b>x</b> <img src=i alt=y>".repeat(60_000)}`, false],
  ["comments before nothing", () => `${"<!---->".repeat(140)}x`, false],
  ["nested svg", () => "<svg>".repeat(200_000) + "<p>after", false],
  ["brackets and stars to escape", () => `<p>${"*_[]`\\<&".repeat(100_000)}`, false],
  [
    "back-ticks in code",
    () => `<pre>${"```\n".repeat(100_000)}</pre><p><code>${"`".repeat(100_000)}</code>`,
    false,
  ],
  ["a list of 100,000 items", () => `<ul>${"<li>x".repeat(100_000)}</ul>`, false],
  ["a table of 50,000 rows", () => `<table>${"<tr><td>1<td>2".repeat(50_000)}</table>`, false],
  ["a table of 100,000 columns", () => `<table><tr>${"<td colspan=1000>1".repeat(100_000)}</table>`, false],
  [
    "spaces without end",
    () => `<title>${" ".repeat(1_000_000)}x</title><p>${" \n".repeat(1_000_000)}x`,
    false,
  ],
  [
    "JSON-LD a hundred thousand deep",
    () => `<script type="application/ld+json">${"[".repeat(100_000)}</script><p>x`,
    false,
  ],
  ["metas by the thousand", () => '<meta name="robots" content="a:b,c:d">'.repeat(20_000) + "<p>x", false],
];

describe("hostile pages", () => {
  for (const [name, html, isTruncated] of hostile) {
    it(`survives ${name}`, async () => {
      const page = html();
      const { document, signals } = await ends(() => readDocument(page));
      assert.equal(signals.isTruncated, isTruncated);
      assertBlocks(document);
    });
  }

  it("reads past NUL bytes and broken nesting as browsers do", async () => {
    const { document } = await readDocument(
      "<p>a\0b<div>c</p>d</div><table><td>1<td>2<tr><td>3</table></b></div></div><p>e",
    );
    assert.equal(document.text, "ab\n\nc\n\nd\n\n1\t2\n3\n\ne");
  });

  it("ends links in links and items in items", async () => {
    const { document } = await readDocument(
      "<p><a href=/a>a<a href=/b>b</a> c</p><ul><li>1<li>2</ul><p>x<p>y<h2>H<h3>z",
    );
    assert.equal(
      document.markdown,
      "[a](https://example.org/a)[b](https://example.org/b) c\n\n- 1\n- 2\n\nx\n\ny\n\n## H\n\n### z",
    );
  });

  it("survives deep XML and JSON", async () => {
    const xml = await readDocument(`<?xml version="1.0"?>${"<a>".repeat(100_000)}x`, {
      contentType: "text/xml",
    });
    assert.equal(xml.signals.isTruncated, true);
    const json = await readDocument("[".repeat(100_000), { contentType: "application/json" });
    assert.equal(json.document.format, "json");
  });

  it("gives an outcome for any bytes under any content type", async () => {
    const types = fc.constantFrom(
      "text/html",
      "text/plain",
      "application/json",
      "text/xml",
      "",
      "image/png",
      "x;charset=utf-16",
      "text/html;charset=gbk",
    );
    const start = fc.constantFrom("", "<html>", "\xef\xbb\xbf", "\xff\xfe", "<?xml", "{", "\0");
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), start, types, async (body, prefix, contentType) => {
        const all = Buffer.concat([Buffer.from(prefix, "latin1"), body]);
        const outcome = await readPage(fetchedPage(all, { contentType }), ReadOptions.parse({}));
        if (outcome.kind === "document") assertBlocks(outcome.document);
      }),
      { numRuns: 300 },
    );
  });

  it("covers the text of any HTML with blocks, in order", async () => {
    await fc.assert(
      fc.asyncProperty(html, async (source) => {
        const { document, links } = await readDocument(source);
        assertBlocks(document);
        assert.ok(links.every(({ url }) => URL.parse(url)?.href === url));
      }),
      { numRuns: 500 },
    );
  });

  it("collapses the white space of an article that stands in a pre", async () => {
    const { document } = await readDocument("<body><pre><article>\u00ad two \n  words");
    assert.equal(document.text, "two words");
    assert.equal((await readDocument("<body><pre><article>\u00ad")).document.text, "");
  });

  it("reads its own text back unchanged, at the same offsets", async () => {
    await fc.assert(
      fc.asyncProperty(html, async (source) => {
        const { document } = await readDocument(source);
        const paragraphs = document.blocks
          .filter(({ kind }) => kind === "paragraph")
          .map(({ start, end }) => document.text.slice(start, end).replaceAll("\n", " "));
        const escaped = paragraphs.map(
          (text) => `<p>${text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</p>`,
        );
        const again = await readDocument(`<main>${escaped.join("")}</main>`);
        assert.equal(again.document.text, paragraphs.join("\n\n"));
      }),
      { numRuns: 200 },
    );
  });
});

const words = fc.constantFrom(
  "a",
  " ",
  "\n",
  "word",
  "&nbsp;",
  "&amp;",
  "*",
  "|",
  "é",
  "\u00ad",
  "1.",
  "# ",
  "\u{1f600}",
  "<",
  "\0",
);
const tags = fc.constantFrom(
  ..."p div b i a ul ol li table tr td th pre code h1 h2 blockquote dl dt dd br img span article section main nav form svg title".split(
    " ",
  ),
);
const token = fc.oneof(
  { weight: 3, arbitrary: words },
  { weight: 2, arbitrary: tags.map((tag) => `<${tag} href="/x?a" alt="t" src="i.png">`) },
  { weight: 2, arbitrary: tags.map((tag) => `</${tag}>`) },
);
const html = fc.array(token, { maxLength: 60 }).map((parts) => `<body>${parts.join("")}`);

/** In order, apart, within bounds, and no block without text; only code keeps white space at its ends. Nothing lies between but breaks. */
function assertBlocks({ text, blocks }: PageDocument): void {
  let end = 0;
  for (const block of blocks) {
    assert.ok(block.start >= end && block.end > block.start && block.end <= text.length);
    assert.equal(text.slice(end, block.start).trim(), "");
    const slice = text.slice(block.start, block.end);
    assert.notEqual(slice.trim(), "");
    if (block.kind !== "code") assert.equal(slice, slice.trim());
    assert.equal(block.level > 0, block.kind === "heading");
    end = block.end;
  }
  assert.equal(text.slice(end).trim(), "");
  assert.ok(text.isWellFormed());
}
