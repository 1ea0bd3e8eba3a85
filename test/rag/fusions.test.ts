import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { FusedHit, RankedHit } from "../../src/rag/fusion.ts";
import { best } from "../../src/rag/fusions/best.ts";
import { consensus } from "../../src/rag/fusions/consensus.ts";
import { dbsf } from "../../src/rag/fusions/dbsf.ts";
import { hybrid } from "../../src/rag/fusions/hybrid.ts";
import { rrf } from "../../src/rag/fusions/rrf.ts";
import { weighted } from "../../src/rag/fusions/weighted.ts";

const list = (...scores: readonly number[]): RankedHit[] =>
  scores.map((score, index) => ({ id: index + 1, score }));
const scores = (fused: readonly FusedHit[]) =>
  new Map(fused.map(({ id, score }) => [id, Number(score.toFixed(6))]));

describe("distribution-based score fusion", () => {
  it("maps mean less and plus three sample deviations to 0 and 1", () => {
    // Mean 4, sample deviation 2: 6, 4, 2 lie one deviation apart.
    const fused = dbsf([{ retriever: "a", weight: 1, hits: list(6, 4, 2) }]);
    assert.deepEqual([...scores(fused).values()], [0.666667, 0.5, 0.333333]);
  });

  for (const [name, hits] of [
    ["a single hit", list(7)],
    ["equal scores", list(3, 3, 3)],
  ] as const) {
    it(`gives ${name} one half`, () => {
      assert.ok(dbsf([{ retriever: "a", weight: 1, hits }]).every(({ score }) => score === 0.5));
    });
  }

  it("sums by weight, and what a list lacks counts as 0 there", () => {
    const fused = dbsf([
      { retriever: "a", weight: 0.25, hits: list(6, 4, 2) },
      { retriever: "b", weight: 0.75, hits: [{ id: 3, score: 1 }] },
    ]);
    assert.deepEqual(
      scores(fused),
      new Map([
        [3, 0.458333],
        [1, 0.166667],
        [2, 0.125],
      ]),
    );
  });
});

describe("convex combination", () => {
  it("maps the best score to 1 and the floor to 0", () => {
    const cut = weighted([{ retriever: "a", weight: 1, hits: list(8, 6, 4) }]);
    assert.deepEqual([...scores(cut).values()], [1, 0.5, 0]);
    const whole = weighted([{ retriever: "a", weight: 1, hits: list(8, 6, 4), floor: 0 }]);
    assert.deepEqual([...scores(whole).values()], [1, 0.75, 0.5]);
  });

  it("never lets an item that BM25 lacks come first while the dense list has less than half of the weight", () => {
    const drawn = fc.uniqueArray(
      fc.record({ id: fc.nat(40), score: fc.double({ min: 0.01, max: 1, noNaN: true }) }),
      {
        selector: ({ id }) => id,
        minLength: 1,
        maxLength: 20,
      },
    );
    const sorted = drawn.map((hits) => hits.sort((one, other) => other.score - one.score));
    fc.assert(
      fc.property(sorted, sorted, fc.double({ min: 0, max: 0.49, noNaN: true }), (lexical, dense, weight) => {
        const [first] = weighted([
          { retriever: "chunk", weight: 1 - weight, hits: lexical, floor: 0 },
          { retriever: "dense", weight, hits: dense },
        ]);
        assert.ok(lexical.some(({ id }) => id === first?.id));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("reciprocal rank fusion", () => {
  it("sums 61 / (60 + rank) by weight", () => {
    const fused = rrf([
      { retriever: "a", weight: 0.5, hits: list(9, 1) },
      { retriever: "b", weight: 0.5, hits: [{ id: 2, score: 0.4 }] },
    ]);
    assert.deepEqual(
      scores(fused),
      new Map([
        [2, Number((0.5 * (61 / 62) + 0.5).toFixed(6))],
        [1, 0.5],
      ]),
    );
  });
});

// Words: 1 scores 1 and 2 scores .5; meaning: 2 scores 1 and 3 scores .25.
const words = { retriever: "chunk", weight: 0.5, confidence: 0.6, hits: list(8, 4), floor: 0 };
const meaning = {
  retriever: "dense",
  weight: 0.5,
  confidence: 0.9,
  floor: 0,
  hits: [
    { id: 2, score: 0.8 },
    { id: 3, score: 0.2 },
  ],
};

for (const [name, fuse, expected] of [
  ["best takes the surest list's word", best, { 2: 0.9, 1: 0.6, 3: 0.225 }],
  [
    "consensus takes the mean, less for what one list alone has",
    consensus,
    { 2: 0.75, 1: 0.353553, 3: 0.088388 },
  ],
  [
    "hybrid takes a mixture of mean, surest list and agreement",
    hybrid,
    { 2: 0.7875, 1: 0.503033, 3: 0.144508 },
  ],
] as const) {
  it(name, () => {
    assert.deepEqual(
      scores(fuse([words, meaning])),
      new Map(Object.entries(expected).map(([id, score]) => [Number(id), score])),
    );
  });
}
