import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { FoundChunk } from "../../src/rag/chunk-store.ts";
import type { FusedHit } from "../../src/rag/fusion.ts";
import { type Findings, joinFindings, joinWordings } from "../../src/rag/retrieval/join-rankings.ts";
import { RetrieveOptions } from "../../src/rag/retrieval/retrieve-options.ts";

const ranked = fc
  .uniqueArray(fc.record({ id: fc.nat(40), score: fc.double({ min: 0.01, max: 1, noNaN: true }) }), {
    selector: ({ id }) => id,
    maxLength: 25,
  })
  .map((hits) => hits.sort((one, other) => other.score - one.score || one.id - other.id));

/** A chunk that is a page of its own. */
function found(hit: { readonly id: number; readonly score: number }): FoundChunk {
  return { ...hit, documentId: hit.id, hasVector: true };
}

/** Words and meaning over chunks that are each a page of their own. */
function findings(
  words: readonly { readonly id: number; readonly score: number }[],
  dense: readonly { readonly id: number; readonly score: number }[] | undefined,
): Findings {
  const lists = [...words, ...(dense ?? [])].map(found);
  return {
    words: { chunks: words.map(found), documents: words, maxScore: 1 },
    places: new Map(lists.map((hit) => [hit.id, hit])),
    dense: dense?.map(found),
  };
}

const untrusted = { isProven: false, hasEmbedder: true };
const trusted = { isProven: true, hasEmbedder: true };
const options = (given: Partial<RetrieveOptions> = {}) => RetrieveOptions.parse(given);

describe("joining what words and meaning found", () => {
  it("gives the order of the words when meaning has no weight", () => {
    fc.assert(
      fc.property(ranked, ranked, (words, dense) => {
        const { hits } = joinFindings(findings(words, dense), trusted, options({ denseWeight: 0 }));
        assert.deepEqual(
          hits.slice(0, words.length).map(({ id }) => id),
          words.map(({ id }) => id),
        );
      }),
    );
  });

  it("gives the words' own order under anchored fusion when meaning has no weight, whatever pages say", () => {
    fc.assert(
      fc.property(ranked, ranked, ranked, (chunks, documents, dense) => {
        const given = findings(chunks, dense);
        const words = { ...given.words, documents };
        const places = new Map([...given.places].concat(documents.map((hit) => [hit.id, found(hit)])));
        const order = (fusion: RetrieveOptions["fusion"], list: Findings["dense"]) =>
          joinFindings(
            { words, places, dense: list },
            untrusted,
            options({ fusion, denseWeight: 0 }),
          ).hits.map(({ id }) => id);
        const own = order("auto", undefined);
        assert.deepEqual(order("acf", given.dense).slice(0, own.length), own);
      }),
    );
  });

  it("never lets an embedder of unknown strength put first what no word found", () => {
    fc.assert(
      fc.property(ranked, ranked, fc.double({ min: 0, max: 1, noNaN: true }), (words, dense, weight) => {
        fc.pre(words.length > 0);
        for (const given of [options(), options({ fusion: "acf", denseWeight: weight })]) {
          const [first] = joinFindings(findings(words, dense), untrusted, given).hits;
          assert.ok(words.some(({ id }) => id === first?.id));
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it("lets an embedder of unknown strength say the less the less it agrees with the words", () => {
    const words = [1, 2, 3, 4].map((id) => ({ id, score: 1 - id / 10 }));
    const agreeing = [1, 2, 3, 9].map((id) => ({ id, score: 1 - id / 10 }));
    const alien = [6, 7, 8, 9].map((id) => ({ id, score: 1 - id / 10 }));
    const weightOf = (dense: typeof words) =>
      joinFindings(findings(words, dense), untrusted, options()).rankings.find(
        ({ retriever }) => retriever === "dense",
      )?.weight;
    assert.equal(weightOf(agreeing), 0.2);
    assert.equal(weightOf(alien), 0.05);
  });

  it("gives the order of the words alone as long as no passage has a vector, whatever the fusion", () => {
    fc.assert(
      fc.property(ranked, fc.constantFrom(trusted, untrusted), (words, trust) => {
        const unknown = words.map((hit) => ({ ...found(hit), hasVector: false }));
        const given: Findings = {
          words: { chunks: unknown, documents: words, maxScore: 1 },
          places: new Map(unknown.map((hit) => [hit.id, hit])),
          dense: undefined,
        };
        const order = (finding: Findings) => joinFindings(finding, trust, options()).hits.map(({ id }) => id);
        assert.deepEqual(order({ ...given, dense: [] }), order(given));
      }),
    );
  });

  it("takes the weight that was measured on the index, unless the options name one", () => {
    const words = [1, 2, 3].map((id) => ({ id, score: 1 - id / 10 }));
    const weightOf = (trust: typeof trusted, given: RetrieveOptions, basis: "labels" | "pseudo-queries") =>
      joinFindings(findings(words, words), trust, given, { denseWeight: 0.3, basis }).rankings.find(
        ({ retriever }) => retriever === "dense",
      )?.weight;
    assert.equal(weightOf(trusted, options(), "labels"), 0.3);
    assert.equal(weightOf(trusted, options(), "pseudo-queries"), 0.3);
    assert.equal(weightOf(trusted, options({ denseWeight: 0.7 }), "labels"), 0.7);
    // Pseudo-queries leave the gate; labels measured without it.
    const alien = [7, 8, 9].map((id) => ({ id, score: 1 - id / 10 }));
    const alienWeight = (basis: "labels" | "pseudo-queries") =>
      joinFindings(findings(words, alien), untrusted, options(), { denseWeight: 0.3, basis }).rankings.find(
        ({ retriever }) => retriever === "dense",
      )?.weight;
    assert.equal(alienWeight("labels"), 0.3);
    assert.equal(alienWeight("pseudo-queries"), 0.3 * 0.25);
  });

  it("does with words alone where meaning was not searched", () => {
    const words = [1, 2].map((id) => ({ id, score: 1 / id }));
    const { hits, rankings } = joinFindings(findings(words, undefined), trusted, options());
    assert.deepEqual(
      hits.map(({ id }) => id),
      [1, 2],
    );
    assert.deepEqual(
      rankings.map(({ retriever }) => retriever),
      ["page", "chunk"],
    );
  });
});

describe("joining the wordings of a question", () => {
  const hits = ranked.map((list) => list.map((hit): FusedHit => ({ ...hit, parts: {} })));
  const others = fc.array(fc.record({ hits, weight: fc.double({ min: 0, max: 1, noNaN: true }) }), {
    maxLength: 4,
  });

  it("keeps every passage once, best first, and leaves a lone wording as it is", () => {
    fc.assert(
      fc.property(hits, others, (own, more) => {
        const joined = joinWordings(own, more);
        const all = new Set([own, ...more.map((other) => other.hits)].flat().map(({ id }) => id));
        assert.deepEqual(new Set(joined.map(({ id }) => id)), all);
        assert.equal(joined.length, all.size);
        assert.ok(joined.every(({ score }, at) => score <= (joined[at - 1]?.score ?? 1) + 1e-12));
        assert.equal(joinWordings(own, []), own);
      }),
    );
  });

  it("never lets other wordings, however many, weigh more than the question's own", () => {
    fc.assert(
      fc.property(others, (more) => {
        const sure: FusedHit[] = [{ id: 99, score: 1, parts: {} }];
        const [first] = joinWordings(sure, more);
        assert.ok(first?.id === 99 || (first?.score ?? 0) <= 0.5 + 1e-9);
      }),
    );
  });
});
