import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { candidateSentences, readPassages } from "../../src/rag/answering/answer-candidates.ts";
import { Question } from "../../src/rag/answering/question.ts";
import type { StoredDocument } from "../../src/rag/chunk-store.ts";
import type { Hit } from "../../src/rag/retrieval/retrieve.ts";

const equalWeights = { idf: async ({ ids }: { ids: Uint32Array }) => new Float64Array(ids.length).fill(1) };

describe("sentences that may answer", () => {
  it("are read in one pass on a page with 300,000 marks in a row", async () => {
    const sentence = "The lantern-keeper's oil is in lamp_oil.txt.";
    const text = `${"-".repeat(300_000)} x\n\n${sentence}`;
    const blocks = [
      { kind: "paragraph", start: 0, end: text.indexOf("\n") },
      { kind: "paragraph", start: text.indexOf("The"), end: text.length },
    ];
    const stored = { id: 1, url: "https://lamp.test/", document: { text, blocks, title: "Lamps" } };
    const chunk = {
      id: 1,
      documentId: 1,
      start: 299_000,
      end: text.length,
      text: sentence,
      headingPath: "Lamps",
    };
    const question = await Question.weigh("Where is the oil?", equalWeights);
    const passages = readPassages(
      question,
      [{ chunk, score: 1 }] as unknown as Hit[],
      new Map([[1, stored as unknown as StoredDocument]]),
    );
    const [only, ...others] = candidateSentences(question, passages);
    assert.deepEqual([only?.quote, others], [sentence, []]);
    // "the", "lantern-keeper's", "oil", "is", "in", "lamp_oil.txt", less the one term of the question.
    assert.equal(only?.signs.news, Math.log(1 + 6 - 1));
  });
});
