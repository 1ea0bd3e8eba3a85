import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { diversify } from "../../src/rag/retrieval/diversify.ts";
import { maximalMarginalRelevance } from "../../src/rag/retrieval/mmr.ts";

const unit = (...numbers: readonly number[]) => {
  const norm = Math.hypot(...numbers);
  return Float32Array.from(numbers, (number) => number / norm);
};
const candidates = [
  { relevance: 1, vector: unit(1, 0) },
  { relevance: 0.9, vector: unit(1, 0.01) },
  { relevance: 0.5, vector: unit(0, 1) },
];

describe("maximal marginal relevance", () => {
  it("goes by relevance alone with lambda 1, and by difference alone with lambda 0", () => {
    assert.deepEqual(maximalMarginalRelevance(candidates, { lambda: 1, limit: 3 }), [0, 1, 2]);
    assert.deepEqual(maximalMarginalRelevance(candidates, { lambda: 0, limit: 3 }), [0, 2, 1]);
    assert.deepEqual(maximalMarginalRelevance(candidates, { lambda: 0.5, limit: 2 }), [0, 2]);
  });

  it("weighs both by the formula", () => {
    // .8 * .9 - .2 * 1 = .52 against .8 * .5 - .2 * 0 = .40; with .6: .14 against .30.
    assert.deepEqual(maximalMarginalRelevance(candidates, { lambda: 0.8, limit: 2 }), [0, 1]);
    assert.deepEqual(maximalMarginalRelevance(candidates, { lambda: 0.6, limit: 2 }), [0, 2]);
  });

  it("takes each at most once, as many as are asked for, and the kept ones first as they stand", () => {
    const some = fc.array(
      fc.record({
        relevance: fc.double({ min: 0, max: 1, noNaN: true }),
        vector: fc.option(fc.constantFrom(unit(1, 0), unit(0, 1), unit(1, 1)), { nil: undefined }),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(
        some,
        fc.nat(14),
        fc.nat(5),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (list, limit, kept, lambda) => {
          const order = maximalMarginalRelevance(list, { lambda, limit, kept });
          assert.equal(order.length, Math.min(limit, list.length));
          assert.equal(new Set(order).size, order.length);
          const first = order.slice(0, kept);
          assert.deepEqual(first, [...first.keys()]);
        },
      ),
    );
  });
});

describe("diversifying hits", () => {
  const hits = Array.from({ length: 8 }, (_, id) => ({ id, score: 1 - id / 20, parts: {} }));
  // 0 to 6 say the same; 7 says something else.
  const store = {
    vectors: async () => new Map(hits.map(({ id }) => [id, id === 7 ? unit(0, 1) : unit(1, 0)])),
  };
  const idsOf = async (diversity: number) =>
    (await diversify(hits, store, { limit: 5, diversity }, undefined)).map(({ id }) => id);

  it("leaves the first four and brings up what is new", async () => {
    assert.deepEqual(await idsOf(0.6), [0, 1, 2, 3, 7, 4, 5, 6]);
  });

  it("does nothing, and reads nothing, when it is off", async () => {
    const unread = { vectors: () => Promise.reject(new Error("read")) };
    assert.equal(await diversify(hits, unread, { limit: 5, diversity: 0 }, undefined), hits);
  });
});
