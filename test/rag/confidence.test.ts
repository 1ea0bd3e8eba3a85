import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { answerConfidence } from "../../src/rag/answering/confidence.ts";
import { hitConfidence } from "../../src/rag/retrieval/hit-confidence.ts";

const share = fc.double({ min: 0, max: 1, noNaN: true });

describe("confidence in a passage", () => {
  it("is a chance, and grows with the words and with the meaning", () => {
    fc.assert(
      fc.property(share, share, share, (words, more, cosine) => {
        const [low, high] = [Math.min(words, more), Math.max(words, more)];
        for (const meaning of [undefined, cosine]) {
          assert.ok(hitConfidence(low, meaning) > 0 && hitConfidence(high, meaning) < 1);
          assert.ok(hitConfidence(low, meaning) <= hitConfidence(high, meaning));
        }
        assert.ok(hitConfidence(words, low) <= hitConfidence(words, high));
      }),
    );
  });
});

describe("confidence in an answer", () => {
  const good = {
    words: 8,
    missingNames: 0,
    missingNumbers: 0,
    lacksValue: false,
    lacksMeasure: false,
    tellsSubject: false,
    passageCoverage: 0.9,
    foundCoverage: 1,
  };
  const poor = {
    words: 8,
    missingNames: 1,
    missingNumbers: 1,
    lacksValue: true,
    lacksMeasure: true,
    tellsSubject: false,
    passageCoverage: 0.3,
    foundCoverage: 0.6,
  };
  const table: [string, Parameters<typeof answerConfidence>[0], number][] = [
    ["all signs good, by words alone", good, 0.4902],
    ["all signs good, by meaning", { ...good, support: { sentence: 0.7, passage: 0.8, least: 0.6 } }, 0.7383],
    ["a near miss", { ...poor, support: { sentence: 0.45, passage: 0.5, least: 0.3 } }, 0.0002],
    ["nothing", { ...good, words: 0, passageCoverage: 0, foundCoverage: 0 }, 0.0011],
  ];
  for (const [name, signs, expected] of table) {
    it(`gives ${expected} for ${name}`, () => {
      assert.equal(Number(answerConfidence(signs).toFixed(4)), expected);
    });
  }
});
