import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Block, BlockKind, PageDocument } from "../../src/document.ts";
import { analyze } from "../../src/rag/text/analyzer.ts";
import { ChunkOptions } from "../../src/rag/chunking/chunk-options.ts";
import { chunkDocument } from "../../src/rag/chunking/chunk.ts";
import { documentTerms } from "../../src/rag/text/document-terms.ts";
import { searchableText } from "../../src/rag/text/searchable-text.ts";
import { estimateTokens } from "../../src/rag/text/token-estimate.ts";
import { ends } from "../ends.ts";

const options = ChunkOptions.parse({});

interface Part {
  readonly kind: BlockKind;
  readonly level?: number;
  readonly text: string;
}

/** A page made of these blocks, an empty line between them. */
function pageOf(title: string, parts: readonly Part[]): PageDocument {
  const blocks: Block[] = [];
  let text = "";
  for (const { kind, level = kind === "heading" ? 1 : 0, text: own } of parts) {
    if (text !== "") text += "\n\n";
    blocks.push({ kind, level, start: text.length, end: text.length + own.length });
    text += own;
  }
  return {
    title,
    description: "",
    author: "",
    publishedAt: "",
    modifiedAt: "",
    language: "",
    siteName: "",
    canonicalUrl: "",
    markdown: "",
    text,
    fullText: "",
    blocks,
    structured: {},
    format: "html",
  };
}

const sentence = (words: number, word = "word") => `A${` ${word}`.repeat(words - 1)}.`;
const twenty = (word: string) => Array.from({ length: 20 }, () => word).join(" ");
const lastHash = (page: PageDocument) => chunkDocument(page, options).at(-1)?.hash;
const passagesOf = (page: PageDocument) =>
  chunkDocument(page, options).map(({ start, end }) => page.text.slice(start, end));

describe("chunks", () => {
  const word = fc.constantFrom(
    "apple",
    "Banana",
    "naïve",
    "東京",
    "3.14",
    "getElementById",
    "x",
    "🙂",
    "don't",
    "e.g.",
  );
  const line = fc.array(word, { maxLength: 60 }).map((words) => words.join(" "));
  const text = fc
    .array(fc.tuple(line, fc.constantFrom(". ", "\n", "\n\n", " ")), { maxLength: 12 })
    .map((lines) => lines.flat().join(""));
  const kinds = fc.constantFrom<BlockKind>("heading", "paragraph", "list", "table", "code", "quote");
  const part = fc.record({ kind: kinds, level: fc.integer({ min: 1, max: 4 }), text });

  it("cover every block in order, with exact offsets, none empty or too long", () => {
    const holds = fc.property(fc.string(), fc.array(part, { maxLength: 12 }), (title, parts) => {
      const page = pageOf(title, parts);
      const chunks = chunkDocument(page, options);
      let [at, start] = [0, -1];
      for (const chunk of chunks) {
        const passage = page.text.slice(chunk.start, chunk.end);
        assert.ok(chunk.start > start && chunk.end > at);
        assert.equal(passage.trim(), passage);
        assert.notEqual(passage, "");
        assert.equal(page.text.slice(at, Math.max(at, chunk.start)).trim(), "");
        const searched = searchableText(chunk.headingPath, passage);
        assert.ok(estimateTokens(searched) <= options.maxTokens + 1, `${estimateTokens(searched)} tokens`);
        assert.ok(estimateTokens(chunk.headingPath) <= options.headingTokens + 1);
        assert.deepEqual(chunk.terms, analyze(searched));
        assert.match(chunk.hash, /^[0-9a-f]{32}$/);
        [at, start] = [chunk.end, chunk.start];
      }
      assert.equal(page.text.slice(at).trim(), "");
    });
    fc.assert(holds, { numRuns: 60 });
  });

  it("are searched with the headings that they do not begin with themselves", () => {
    for (const [path, passage, searched] of [
      ["Manual > Setup", "Install it.", "Manual > Setup\nInstall it."],
      ["Manual > Setup", "Setup\n\nInstall it.", "Manual\nSetup\n\nInstall it."],
      ["Manual > Setup", "Manual\n\nSetup  \nInstall it.", "Manual\n\nSetup  \nInstall it."],
      ["Set", "Setup is easy.", "Set\nSetup is easy."],
      ["", "Install it.", "Install it."],
      ["Manual", "Manual", "Manual"],
    ] as const)
      assert.equal(searchableText(path, passage), searched);
  });

  it("begin at headings and carry the path of headings they lie under", () => {
    const page = pageOf("Manual", [
      { kind: "heading", level: 1, text: "Manual" },
      { kind: "paragraph", text: sentence(60) },
      { kind: "heading", level: 2, text: "Setup" },
      { kind: "paragraph", text: sentence(60) },
      { kind: "heading", level: 3, text: "On Linux" },
      { kind: "paragraph", text: sentence(60) },
      { kind: "heading", level: 2, text: "Use" },
      { kind: "paragraph", text: sentence(60) },
    ]);
    const chunks = chunkDocument(page, options);
    assert.deepEqual(
      chunks.map(({ headingPath }) => headingPath),
      ["Manual", "Manual > Setup", "Manual > Setup > On Linux", "Manual > Use"],
    );
    assert.ok(page.text.slice(chunks[1]?.start).startsWith("Setup"));
  });

  it("join sections too short to stand alone, under the headings they share", () => {
    const page = pageOf("Faq", [
      { kind: "heading", level: 2, text: "First" },
      { kind: "paragraph", text: "Yes." },
      { kind: "heading", level: 2, text: "Second" },
      { kind: "paragraph", text: "No." },
    ]);
    const chunks = chunkDocument(page, options);
    assert.deepEqual(
      chunks.map(({ headingPath }) => headingPath),
      ["Faq"],
    );
    assert.deepEqual(passagesOf(page), [page.text]);
  });

  it("cut a long paragraph at sentence ends and repeat the last sentence", () => {
    const page = pageOf("", [
      { kind: "paragraph", text: Array.from({ length: 20 }, () => sentence(20)).join(" ") },
    ]);
    const chunks = chunkDocument(page, options);
    assert.ok(chunks.length > 2);
    for (const [at, chunk] of chunks.entries()) {
      const passage = page.text.slice(chunk.start, chunk.end);
      assert.ok(passage.startsWith("A") && passage.endsWith("."));
      const before = chunks[at - 1];
      if (before) assert.equal(page.text.slice(chunk.start, before.end), sentence(20));
    }
  });

  it("cut tables between rows and put a short first row before the later parts", () => {
    const rows = Array.from({ length: 60 }, (_, row) => `name${row}\tvalue ${row}`);
    const page = pageOf("Prices", [{ kind: "table", text: ["Name\tPrice", ...rows].join("\n") }]);
    const chunks = chunkDocument(page, options);
    assert.ok(chunks.length > 1);
    assert.deepEqual(
      new Set(chunks.slice(1).map(({ headingPath }) => headingPath)),
      new Set(["Prices > Name Price"]),
    );
    for (const passage of passagesOf(page)) assert.match(passage, /^(?:name\d+|Name)\t.*\d$/s);
  });

  it("cut code at empty lines first", () => {
    const part = Array.from({ length: 10 }, (_, at) => `call(${at}, value);`).join("\n");
    const page = pageOf("", [{ kind: "code", text: [part, part, part, part].join("\n\n") }]);
    for (const passage of passagesOf(page))
      assert.ok(passage.startsWith("call(0") && passage.endsWith("call(9, value);"));
  });

  it("keep a heading with what follows it", () => {
    const page = pageOf("", [
      { kind: "heading", level: 2, text: "Details" },
      { kind: "paragraph", text: Array.from({ length: 12 }, () => sentence(20)).join(" ") },
    ]);
    assert.match(passagesOf(page)[0] ?? "", /^Details\n\nA word/);
  });

  it("keep the path within its limit: title and last heading stay", () => {
    const page = pageOf(twenty("title"), [
      { kind: "heading", level: 1, text: twenty("outer") },
      { kind: "heading", level: 2, text: twenty("inner") },
      { kind: "paragraph", text: sentence(60) },
    ]);
    const path = chunkDocument(page, options)[0]?.headingPath ?? "";
    assert.match(path, /^title(?: title)+ > inner(?: inner)+$/);
  });

  it("have a hash that depends on path and passage alone", () => {
    const paragraph: Part = { kind: "paragraph", text: sentence(60) };
    const other: Part = { kind: "paragraph", text: sentence(199, "other") };
    assert.equal(lastHash(pageOf("T", [paragraph])), lastHash(pageOf("T", [other, paragraph])));
    assert.notEqual(lastHash(pageOf("T", [paragraph])), lastHash(pageOf("U", [paragraph])));
  });

  it("cut a million letters without a space in linear time, no pair of surrogates apart", () => {
    const long = pageOf("", [{ kind: "paragraph", text: "a".repeat(1_000_000) }]);
    assert.ok(ends(() => chunkDocument(long, options)).length > 500);
    const page = pageOf("", [{ kind: "paragraph", text: "🙂".repeat(5_000) }]);
    for (const passage of passagesOf(page)) assert.ok(passage.isWellFormed());
  });
});

describe("a page's terms", () => {
  it("are those of its passages and, once, its title", () => {
    const page = pageOf("Unique title", [
      { kind: "heading", level: 2, text: "Part" },
      { kind: "paragraph", text: sentence(150) },
      { kind: "paragraph", text: sentence(150, "more") },
    ]);
    const chunks = chunkDocument(page, options);
    assert.ok(chunks.length > 1);
    assert.deepEqual(documentTerms(page, chunks), analyze(`${page.title}\n${page.text}`));
  });

  it("of a page without text are its title's", () => {
    const page = pageOf("Only a title", []);
    assert.deepEqual(documentTerms(page, chunkDocument(page, options)), analyze("Only a title"));
  });
});
