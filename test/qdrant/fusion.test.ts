import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startStandIn } from "./stand-in.ts";

/** What Qdrant's own core (qdrant-edge-py 0.9.0) answers to the same points and queries. */
const seen: readonly (readonly [string, object, readonly (readonly [number, number])[]])[] = [
  [
    "reciprocal ranks",
    { rrf: { k: 61 } },
    [
      [1, 0.032522],
      [2, 0.032522],
      [3, 0.031746],
      [4, 0.015625],
    ],
  ],
  [
    "weighted ranks",
    { rrf: { k: 61, weights: [1.4, 0.6] } },
    [
      [1, 0.03226],
      [2, 0.032495],
      [3, 0.031477],
      [4, 0.015],
    ],
  ],
  [
    "ranks of which one list weighs nothing",
    { rrf: { k: 61, weights: [2, 0] } },
    [
      [1, 0.016529],
      [2, 0.016393],
      [3, 0.01626],
      [4, 0],
    ],
  ],
  [
    "distributions",
    { fusion: "dbsf" },
    [
      [1, 1.285578],
      [2, 1.181485],
      [3, 0.706956],
      [4, 0.325981],
    ],
  ],
];
const points = [
  { id: 1, vector: { dense: [1, 0, 0, 0], bm25: { indices: [7, 9], values: [1.5, 1] } } },
  { id: 2, vector: { dense: [0.9, 0.1, 0, 0], bm25: { indices: [7], values: [2] } } },
  { id: 3, vector: { dense: [0, 1, 0, 0], bm25: { indices: [9], values: [1] } } },
  { id: 4, vector: { dense: [0, 0, 1, 0] } },
  { id: 5, vector: { bm25: { indices: [11], values: [1] } } },
];
const prefetch = [
  { query: { indices: [7, 9], values: [1, 1] }, using: "bm25", limit: 10 },
  { query: [1, 0.2, 0, 0], using: "dense", limit: 10 },
];

describe("fusions of the stand-in", () => {
  for (const [what, query, expected] of seen) {
    it(`score by ${what} as Qdrant's own core does`, async () => {
      await using standIn = await startStandIn();
      const send = async (method: string, path: string, body: object) => {
        const response = await fetch(standIn.url + path, { method, body: JSON.stringify(body) });
        return ((await response.json()) as { result: unknown }).result;
      };
      await send("PUT", "/collections/c", {
        vectors: { dense: { size: 4, distance: "Cosine" } },
        sparse_vectors: { bm25: { modifier: "idf" } },
      });
      await send("PUT", "/collections/c/points?wait=true", { points });
      const answer = await send("POST", "/collections/c/points/query", { prefetch, query, limit: 10 });
      const found = (answer as { points: { id: number; score: number }[] }).points.map(
        ({ id, score }) => [id, Number(score.toFixed(6))] as const,
      );
      assert.deepEqual(
        found.toSorted(([one], [other]) => one - other),
        expected,
      );
      assert.deepEqual(standIn.violations, []);
    });
  }
});
