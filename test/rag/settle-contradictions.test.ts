import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ReadPassage } from "../../src/rag/answering/answer-candidates.ts";
import type { Scored } from "../../src/rag/answering/quotes.ts";
import { settleContradictions } from "../../src/rag/answering/settle-contradictions.ts";

/** A row of a table, with the table's first row. */
function row(host: string, about: string, quote: string) {
  const url = `https://${host}/`;
  const sentence = { url, title: "Lanterns", quote, start: 9, end: 9 + quote.length, chance: 0.5 };
  const passage = {
    hit: { chunk: { headingPath: "Lanterns", text: quote } },
    stored: { url, contentHash: host, document: { publishedAt: undefined } },
    statements: [{ start: 9, end: 9 + quote.length, about, kind: "row" }],
  };
  return { sentence: sentence as unknown as Scored, passage: passage as unknown as ReadPassage };
}

describe("contradictions among the likeliest sentences", () => {
  for (const about of ["Lantern", "A".repeat(300_000)]) {
    it(`are found under a table's first row of ${about.length} units`, async () => {
      const rows = [
        row("one.test", about, "The Harbour lantern is 12 metres tall."),
        row("two.test", about, "The Harbour lantern is 19 metres tall."),
      ];
      const { conflicts } = await settleContradictions(
        "How tall is the Harbour lantern?",
        rows.map(({ sentence }) => sentence),
        rows.map(({ passage }) => passage),
        () => 0.9,
        undefined,
      );
      assert.equal(conflicts.length, 1);
    });
  }
});
