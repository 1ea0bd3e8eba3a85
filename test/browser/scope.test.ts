import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Scope } from "../../src/browser/scope.ts";

const seeds = ["https://example.org/docs/"];

interface Case {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly url: string;
  readonly isIn: boolean;
}

const cases: readonly Case[] = [
  { url: "https://example.org/other", isIn: true },
  { url: "https://www.example.org/other", isIn: true },
  { url: "http://example.org/other", isIn: true },
  { url: "https://example.org:8443/", isIn: false },
  { url: "https://blog.example.org/", isIn: false },
  { include: ["/blog/*"], url: "https://example.org/blog/one", isIn: true },
  { include: ["/blog/*"], url: "https://example.org/blog/one/two", isIn: false },
  { include: ["/blog/**"], url: "https://example.org/blog/one/two", isIn: true },
  { include: ["/blog/**"], url: "https://example.org/blog", isIn: true },
  { include: ["**/docs/**"], url: "https://example.org/en/docs/a/b.html", isIn: true },
  { include: ["**/docs/**"], url: "https://example.org/docs/a?page=2", isIn: true },
  { include: ["**/docs/**"], url: "https://example.org/blog/", isIn: false },
  { include: ["docs/**"], url: "https://example.org/docs/a", isIn: true },
  { include: ["docs/v1.2/**"], url: "https://example.org/docs/v1.2/a", isIn: true },
  { include: ["https://docs.other.example/**"], url: "https://docs.other.example/a/b", isIn: true },
  { include: ["*.other.example/**"], url: "https://docs.other.example/a/b", isIn: true },
  { include: ["docs.other.example/**"], url: "https://evil.example/docs.other.example/a", isIn: false },
  { include: ["**/docs/**"], url: "https://evil.example/docs/a", isIn: false },
  { include: ["https://example.org/**"], url: "https://example.org/x/y", isIn: true },
  { exclude: ["*.pdf"], url: "https://example.org/a/b.pdf", isIn: false },
  { exclude: ["*.pdf"], url: "https://example.org/a/b.pdf.html", isIn: true },
  { exclude: ["/search*"], url: "https://example.org/search?q=1", isIn: false },
  { exclude: ["*print=*"], url: "https://example.org/a/b?x=1&print=1", isIn: false },
  { exclude: ["**/private/**"], include: ["**"], url: "https://example.org/a/private/b", isIn: false },
  { exclude: ["**"], url: "https://example.org/docs/", isIn: true },
];

describe("scope", () => {
  for (const { include = [], exclude = [], url, isIn } of cases) {
    it(`${isIn ? "holds" : "leaves out"} ${url} with +[${include.join()}] -[${exclude.join()}]`, () => {
      assert.equal(new Scope({ seeds, include, exclude }).judge(url).isIn, isIn);
    });
  }

  it("says why", () => {
    const verdict = new Scope({ seeds, exclude: ["*.pdf"] }).judge("https://example.org/a.pdf");
    assert.deepEqual(verdict, { isIn: false, why: "excluded by *.pdf" });
  });
});
