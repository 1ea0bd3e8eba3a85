import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { RankedHit, Ranking } from "../../src/rag/fusion.ts";
import { fusions } from "../../src/rag/fusions/index.ts";

/** A retriever's list: distinct ids, scores falling (now and then equal), best first. */
const hits: fc.Arbitrary<RankedHit[]> = fc
  .uniqueArray(fc.record({ id: fc.nat(60), score: fc.double({ min: 0, max: 40, noNaN: true }) }), {
    selector: ({ id }) => id,
    maxLength: 30,
  })
  .map((list) => list.sort((one, other) => other.score - one.score));

const lists = fc.array(fc.record({ weight: fc.double({ min: 0.01, max: 1, noNaN: true }), hits }), {
  maxLength: 4,
});

const named = (
  weighted: readonly { readonly weight: number; readonly hits: readonly RankedHit[] }[],
): Ranking[] => weighted.map(({ weight, hits }, index) => ({ retriever: `list ${index}`, weight, hits }));

/** A ranking of three pages, the first of them with these chunks. */
const page = (chunks: readonly number[]): RankedHit[] => [
  ...chunks.map((id) => ({ id, score: 9, rank: 1 })),
  { id: 50, score: 4, rank: 2 },
  { id: 51, score: 2, rank: 3 },
];

for (const [name, fuse] of Object.entries(fusions)) {
  const ids = (rankings: readonly Ranking[]) => fuse(rankings).map(({ id }) => id);

  describe(`fusion contract: ${name}`, () => {
    it("keeps every id once", () => {
      fc.assert(
        fc.property(lists, (weighted) => {
          const all = new Set(weighted.flatMap(({ hits }) => hits.map(({ id }) => id)));
          assert.deepEqual(new Set(ids(named(weighted))), all);
          assert.equal(ids(named(weighted)).length, all.size);
        }),
      );
    });

    it("leaves a lone ranking as it is, whatever its weight", () => {
      fc.assert(
        fc.property(hits, fc.double({ min: 0, max: 1, noNaN: true }), (list, weight) => {
          assert.deepEqual(
            ids(named([{ weight, hits: list }])),
            list.map(({ id }) => id),
          );
        }),
      );
    });

    it("gives the same result for the same input, best first, in finite numbers", () => {
      fc.assert(
        fc.property(lists, (weighted) => {
          const fused = fuse(named(weighted));
          assert.deepEqual(fuse(named(weighted)), fused);
          assert.ok(
            fused.every(
              ({ score }, index) => Number.isFinite(score) && score <= (fused[index - 1]?.score ?? score),
            ),
          );
        }),
      );
    });

    it("gives BM25's order first when the dense list has no weight", () => {
      fc.assert(
        fc.property(hits, hits, (lexical, dense) => {
          const fused = ids([
            { retriever: "chunk", weight: 1, hits: lexical },
            { retriever: "dense", weight: 0, hits: dense },
          ]);
          assert.deepEqual(
            fused.slice(0, lexical.length),
            lexical.map(({ id }) => id),
          );
        }),
      );
    });

    it("gives BM25's order when no chunk has a vector, whatever weight the dense list has", () => {
      fc.assert(
        fc.property(hits, fc.double({ min: 0, max: 0.9, noNaN: true }), (lexical, weight) => {
          assert.deepEqual(
            ids([
              { retriever: "chunk", weight: 1 - weight, hits: lexical },
              { retriever: "dense", weight, hits: [], knows: () => false },
            ]),
            lexical.map(({ id }) => id),
          );
        }),
      );
    });

    it("scores an item that a retriever does not know by the others alone", () => {
      fc.assert(
        fc.property(hits, hits, fc.double({ min: 0, max: 0.9, noNaN: true }), (lexical, dense, weight) => {
          const known = new Set(dense.map(({ id }) => id));
          const fused = fuse([
            { retriever: "chunk", weight: 1 - weight, hits: lexical },
            { retriever: "dense", weight, hits: dense, knows: (id) => known.has(id) },
          ]);
          for (const { score, parts } of fused) {
            if (parts["dense"] === undefined)
              assert.ok(Math.abs(score - (parts["chunk"] ?? Number.NaN)) < 1e-9);
          }
        }),
      );
    });

    it("counts a score that is no number as the bottom of its list", () => {
      const lexical: RankedHit[] = [1, 2, 3].map((id) => ({ id, score: 10 - id }));
      const dense: RankedHit[] = [4, 3, 2].map((id) => ({ id, score: Number.NaN }));
      const fused = ids([
        { retriever: "chunk", weight: 0.5, hits: lexical },
        { retriever: "dense", weight: 0.5, hits: dense },
      ]);
      assert.deepEqual(fused, [1, 2, 3, 4]);
    });

    it("counts a page once, however many of its chunks stand in the list", () => {
      const one = fuse([{ retriever: "page", weight: 1, hits: page([1]) }]);
      const many = fuse([{ retriever: "page", weight: 1, hits: page([1, 2, 3]) }]);
      const scoreOf = (list: typeof one, id: number) => list.find((hit) => hit.id === id)?.score;
      for (const id of [1, 50, 51]) assert.equal(scoreOf(many, id), scoreOf(one, id));
      assert.equal(scoreOf(many, 2), scoreOf(many, 1));
    });
  });
}
