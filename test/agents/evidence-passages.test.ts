import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { evidencePassages } from "../../src/agents/evidence-passages.ts";
import type { Block, BlockKind } from "../../src/document.ts";
import type { StoredDocument } from "../../src/rag/chunk-store.ts";
import type { Hit } from "../../src/rag/retrieval/hits.ts";
import { estimateTokens } from "../../src/rag/text/token-estimate.ts";

type Part = readonly [BlockKind, string];

/** A page of these blocks, an empty line between each two. */
function pageOf(id: number, parts: readonly Part[]): StoredDocument {
  const blocks: Block[] = [];
  let text = "";
  for (const [kind, words] of parts) {
    if (text !== "") text += "\n\n";
    blocks.push({
      kind,
      start: text.length,
      end: text.length + words.length,
      level: kind === "heading" ? 1 : 0,
    });
    text += words;
  }
  return {
    id,
    url: `https://example.org/${id}`,
    document: { title: "T", text, blocks },
  } as unknown as StoredDocument;
}

/** A hit on the first place where a page says this. */
function hitOn(stored: StoredDocument, words: string): Hit {
  const start = stored.document.text.indexOf(words);
  const chunk = { documentId: stored.id, headingPath: "T", start, end: start + words.length };
  return { chunk, confidence: 0.5 } as unknown as Hit;
}

function read(hits: readonly Hit[], ...pages: readonly StoredDocument[]): string[] {
  const passages = evidencePassages(hits, new Map(pages.map((page) => [page.id, page])));
  return passages.map(({ stored, start, end }) => stored.document.text.slice(start, end));
}

const long = (word: string) => Array.from({ length: 250 }, () => word).join(" ");

describe("what a model reads of the pages found", () => {
  const page = pageOf(1, [
    ["heading", "Oil"],
    ["paragraph", "Before."],
    ["paragraph", "The hit itself."],
    ["paragraph", "After."],
    ["heading", "Gas"],
    ["paragraph", "Something else."],
  ]);

  it("is the passage with its section, heading included, and nothing of the next", () => {
    assert.deepEqual(read([hitOn(page, "The hit itself.")], page), [
      "Oil\n\nBefore.\n\nThe hit itself.\n\nAfter.",
    ]);
  });

  it("begins with its own heading, not with the section before", () => {
    assert.deepEqual(read([hitOn(page, "Something else.")], page), ["Gas\n\nSomething else."]);
  });

  it("holds nothing twice", () => {
    const hits = [hitOn(page, "The hit itself."), hitOn(page, "After."), hitOn(page, "Something else.")];
    assert.deepEqual(read(hits, page), [
      "Oil\n\nBefore.\n\nThe hit itself.\n\nAfter.",
      "Gas\n\nSomething else.",
    ]);
  });

  it("is whole sentences where the passage cuts a block", () => {
    const cut = pageOf(1, [["paragraph", "One is here. Two is cut in the middle."]]);
    assert.deepEqual(read([hitOn(cut, "here. Two is cut")], cut), [cut.document.text]);
  });

  it("leaves out what is too long to stand beside it", () => {
    const wide = pageOf(1, [
      ["paragraph", long("first")],
      ["paragraph", "The hit itself."],
      ["paragraph", long("second")],
      ["paragraph", long("third")],
    ]);
    assert.deepEqual(read([hitOn(wide, "The hit itself.")], wide), [
      `${long("first")}\n\nThe hit itself.\n\n${long("second")}`,
    ]);
  });

  it("leaves out pages that have gone since", () => {
    assert.deepEqual(read([hitOn(page, "Before.")]), []);
  });

  it("stays within its tokens, in the order found, without overlaps", () => {
    const block = fc.tuple(
      fc.constantFrom<BlockKind>("heading", "paragraph", "paragraph", "list"),
      fc
        .integer({ min: 1, max: 400 })
        .map((length) => Array.from({ length }, (_, at) => `w${at % 7}`).join(" ")),
    );
    const pages = fc.array(fc.array(block, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 });
    const holds = fc.property(pages, fc.array(fc.nat(), { maxLength: 12 }), (parts, picks) => {
      const stored = parts.map((blocks, index) => pageOf(index, blocks));
      const hits = picks.map((pick): Hit => {
        const page = stored[pick % stored.length] ?? assert.fail();
        const { start, end } = page.document.blocks[pick % page.document.blocks.length] ?? assert.fail();
        const chunk = { documentId: page.id, headingPath: "", start, end };
        return { chunk, confidence: 0 } as unknown as Hit;
      });
      const passages = evidencePassages(hits, new Map(stored.map((page) => [page.id, page])));
      const tokens = passages.map(({ stored, start, end }) =>
        estimateTokens(stored.document.text, start, end),
      );
      assert.ok(tokens.reduce((sum, count) => sum + count, 0) <= 3_000);
      assert.equal(passages.length > 0, hits.length > 0);
      for (const [index, one] of passages.entries())
        for (const other of passages.slice(index + 1))
          assert.ok(one.stored !== other.stored || one.end <= other.start || other.end <= one.start);
    });
    fc.assert(holds, { numRuns: 200 });
  });
});
