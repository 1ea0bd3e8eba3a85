import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { hostOf, isSameSite, normalizeUrl, writtenHost } from "../../src/browser/url.ts";

function keyOf(input: string, base?: string): string {
  const normalized = normalizeUrl(input, base);
  return normalized.kind === "url" ? normalized.key : `refused: ${normalized.reason}`;
}

function withParameters(names: readonly string[]): string {
  return `http://example.org/?${names.map((name) => `${name}=1`).join("&")}`;
}

const samePage: readonly (readonly [string, string])[] = [
  ["HTTP://Example.ORG/a", "http://example.org/a"],
  ["http://example.org:80/", "http://example.org/"],
  ["https://example.org:443/x", "https://example.org/x"],
  ["http://example.org./x", "http://example.org/x"],
  ["http://müller.example/", "http://xn--mller-kva.example/"],
  ["http://user:secret@example.org/", "http://example.org/"],
  ["http://example.org/a/./b/../c", "http://example.org/a/c"],
  ["http://example.org/%7euser/%c3%a9", "http://example.org/~user/%C3%A9"],
  ["http://example.org/?b=2&a=1&b=1", "http://example.org/?a=1&b=2&b=1"],
  ["http://example.org/?utm_source=x&id=7&gclid=1&fbclid=2", "http://example.org/?id=7"],
  ["http://example.org/?", "http://example.org/"],
  ["http://example.org/a;jsessionid=0A1B2C?x=1", "http://example.org/a?x=1"],
  ["http://example.org/?PHPSESSID=abcdef123456&p=2", "http://example.org/?p=2"],
  ["http://example.org/?sid=a1b2c3d4e5f6", "http://example.org/"],
  ["http://example.org/a#part", "http://example.org/a"],
  ["http:\\\\example.org\\a", "http://example.org/a"],
  [" http://example.org/a\n/b ", "http://example.org/a/b"],
  ["http://0x7f.1/", "http://127.0.0.1/"],
];

const differentPages: readonly (readonly [string, string])[] = [
  ["http://example.org/a", "http://example.org/a/"],
  ["http://example.org/?sid=123", "http://example.org/"],
  ["http://example.org/#/inbox", "http://example.org/#/sent"],
  ["http://example.org/#!about", "http://example.org/"],
  ["http://example.org/a%2Fb", "http://example.org/a/b"],
  ["http://example.org:8080/", "http://example.org/"],
];

const refused: readonly string[] = [
  "javascript:alert(1)",
  "mailto:a@example.org",
  "data:text/html,hi",
  "file:///etc/passwd",
  "tel:+491234",
  "blob:http://example.org/1",
  "http://",
  "not a url",
  `http://example.org/${"x".repeat(2_000)}`,
  "http://example.org/a/b/a/b/a/b/a/b",
];

describe("URL keys", () => {
  for (const [a, b] of samePage) {
    it(`takes ${JSON.stringify(a)} and ${b} for one page`, () => assert.equal(keyOf(a), keyOf(b)));
  }

  for (const [a, b] of differentPages) {
    it(`keeps ${a} and ${b} apart`, () => assert.notEqual(keyOf(a), keyOf(b)));
  }

  for (const input of refused) {
    it(`refuses ${input.slice(0, 60)}`, () => assert.equal(normalizeUrl(input).kind, "refused"));
  }

  it("resolves relative and protocol-relative links", () => {
    assert.equal(keyOf("../c?x#y", "http://example.org/a/b/"), "http://example.org/a/c?x");
    assert.equal(keyOf("//other.example/z", "https://example.org/"), "https://other.example/z");
  });

  it("fetches what the server wrote, not the key", () => {
    const normalized = normalizeUrl("http://user:pw@example.org/?b=2&utm_source=x&a=1#top");
    assert.equal(normalized.kind === "url" && normalized.url, "http://example.org/?b=2&utm_source=x&a=1");
  });

  it("gives a key the same key again", () => {
    const part = fc.string({ unit: "grapheme", maxLength: 12 });
    const urls = fc.oneof(
      fc.webUrl({ withFragments: true, withQueryParameters: true }),
      fc
        .tuple(part, part, part)
        .map(([path, query, hash]) => `http://Example.org/${path}?${query}&a=1#${hash}`),
      fc
        .array(
          fc.constantFrom("%2e", "%25", "%41", "/", "..", ";jsessionid=1", "&", "=", "sid", "#!", "%", "é"),
        )
        .map((parts) => `http://example.org/${parts.join("")}`),
    );
    fc.assert(
      fc.property(urls, (url) => {
        const once = normalizeUrl(url);
        fc.pre(once.kind === "url");
        assert.equal(keyOf(once.key), once.key);
        assert.equal(keyOf(once.url), once.key);
      }),
      { numRuns: 200 },
    );
  });

  it("does not care about the order of parameters", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { minLength: 1, maxLength: 6 });
    const shuffled = names.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        assert.equal(keyOf(withParameters(list)), keyOf(withParameters(other)));
      }),
    );
  });
});

describe("hosts and sites", () => {
  it("names a host with its port", () => {
    assert.equal(hostOf("https://example.org/x"), "example.org:443");
    assert.equal(hostOf("http://[::1]:81/"), "[::1]:81");
    assert.equal(writtenHost("https://example.org:443/x"), "example.org");
    assert.equal(writtenHost("http://example.org:8080/"), "example.org:8080");
  });

  it("takes subdomains for one site, and hosted neighbours for several", () => {
    assert.ok(isSameSite("https://docs.example.co.uk/", "http://www.example.co.uk/"));
    assert.ok(!isSameSite("https://a.github.io/", "https://b.github.io/"));
    assert.ok(!isSameSite("http://127.0.0.1/", "http://127.0.0.2/"));
    assert.ok(isSameSite("http://localhost:1/", "http://localhost:2/"));
  });
});
