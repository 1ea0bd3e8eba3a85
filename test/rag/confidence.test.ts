import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { answerConfidence, hitConfidence } from "../../src/rag/confidence.ts";

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
  const table: [string, Parameters<typeof answerConfidence>[0], number][] = [
    [
      "all signs good, by words alone",
      { lexicalShare: 0.6, lexicalMargin: 0.3, sentenceCoverage: 0.9, passageCoverage: 1 },
      0.9871,
    ],
    [
      "all signs good, with an embedder",
      {
        lexicalShare: 0.6,
        lexicalMargin: 0.3,
        sentenceCoverage: 0.9,
        passageCoverage: 1,
        sentenceCosine: 0.7,
      },
      0.9884,
    ],
    [
      "a near miss",
      {
        lexicalShare: 0.35,
        lexicalMargin: 0.05,
        sentenceCoverage: 0.4,
        passageCoverage: 0.6,
        sentenceCosine: 0.4,
      },
      0.1113,
    ],
    ["nothing", { lexicalShare: 0, lexicalMargin: 0, sentenceCoverage: 0, passageCoverage: 0 }, 0.0014],
  ];
  for (const [name, signs, expected] of table) {
    it(`gives ${expected} for ${name}`, () => {
      assert.equal(Number(answerConfidence(signs).toFixed(4)), expected);
    });
  }
});
