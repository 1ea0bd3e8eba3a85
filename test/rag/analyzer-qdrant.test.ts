import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { analyze } from "../../src/rag/text/analyzer.ts";
import { lengthPenalty, saturation, termWeight } from "../../src/rag/bm25.ts";
import { readFixture, type RecordedBm25 } from "../qdrant/replay.ts";

const { documents, options } = await readFixture<RecordedBm25>("bm25.json");

describe("analyzer and BM25 weights", () => {
  it("make the sparse vectors that Qdrant's own model made of the same texts", () => {
    assert.equal(documents.length, 30);
    assert.deepEqual([options.k, options.b], [saturation, lengthPenalty]);
    for (const { text, indices, values } of documents) {
      const { ids, counts, length } = analyze(text);
      assert.deepEqual([...ids], indices, text);
      const weights = Array.from(counts, (count) => Math.fround(termWeight(count, length, options.avg_len)));
      assert.deepEqual(weights, values.map(Math.fround), text);
    }
  });
});
