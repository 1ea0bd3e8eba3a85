import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { rootContext } from "../../src/context.ts";
import { calibrate, type CalibrationReport } from "../../src/jobs/calibrate.ts";
import { chooseDenseWeight } from "../../src/rag/calibration/dense-weight.ts";
import { analyzeQuery } from "../../src/rag/text/analyzer.ts";
import type { ChunkId, FoundChunk } from "../../src/rag/chunk-store.ts";
import type { Embedder } from "../../src/rag/embedder.ts";
import { bootstrapDifference, mean } from "../../src/rag/evaluation/bootstrap.ts";
import { ndcg } from "../../src/rag/evaluation/ranking-metrics.ts";
import { seededRandom } from "../../src/rag/evaluation/seeded-random.ts";
import { joinFindings } from "../../src/rag/retrieval/join-rankings.ts";
import { RetrieveOptions } from "../../src/rag/retrieval/retrieve-options.ts";
import { Retriever } from "../../src/rag/retrieval/retrieve.ts";
import { badEmbedders, embedderKinds, MadeUpEmbedder, makeUpCollection } from "./made-up-collection.ts";
import { SmallIndex } from "./small-index.ts";

const collections = [
  makeUpCollection("known-item", { topics: 60, pagesPerTopic: 1, passages: 4, sameWord: 0.5, seed: 1 }),
  makeUpCollection("topics", { topics: 60, pagesPerTopic: 3, passages: 1, sameWord: 0.5, seed: 2 }),
  makeUpCollection("long-pages", { topics: 60, pagesPerTopic: 2, passages: 4, sameWord: 0.3, seed: 3 }),
];
type Collection = (typeof collections)[number];

const noNumber = (vector: Float32Array) => vector.map(() => Number.NaN);
const one = (url: string) => [url, 1] as const;

/** nDCG@10 over pages, query by query. */
async function measure(
  { queries }: Collection,
  index: SmallIndex,
  embedder: Embedder | undefined,
  calibration?: CalibrationReport,
  options: Partial<RetrieveOptions> = {},
): Promise<number[]> {
  const given = RetrieveOptions.parse({ embedBudgetMs: 0, maxPerPage: 1, maxHostShare: 1, ...options });
  const deps = { store: index.store, embedder, clock: systemClock, calibration: () => calibration };
  const retriever = new Retriever(deps, given);
  const scores: number[] = [];
  for (const { text, relevant } of queries) {
    const { hits } = await retriever.retrieve(text, { limit: 10 });
    const ranking = [...new Set(hits.map(({ chunk }) => chunk.url))];
    scores.push(ndcg(ranking, new Map([...relevant].map(one)), 10));
  }
  return scores;
}

/** An index that is wholly embedded, and what was measured on it. */
async function calibrated(collection: Collection, embedder: Embedder) {
  const index = new SmallIndex(collection.pages, embedder);
  await index.embed();
  const floor = {
    archive: index.archive,
    store: index.store,
    embedder,
    clock: systemClock,
    retrieve: RetrieveOptions.parse({}),
    keep: async () => {},
  };
  return { index, calibration: await calibrate(floor, { seed: 1, timeoutMs: 600_000 }, rootContext("test")) };
}

describe("retrieval beside BM25", () => {
  const base = new Map<Collection, number[]>();
  before(async () => {
    for (const collection of collections) {
      using index = new SmallIndex(collection.pages);
      base.set(collection, await measure(collection, index, undefined));
    }
  });

  it("has collections that words alone neither fail nor master", () => {
    const means = collections.map((collection) => mean(base.get(collection) ?? []) ?? 0);
    assert.ok(
      means.every((value) => value > 0.3 && value < 0.98),
      String(means),
    );
  });

  for (const collection of collections) {
    for (const [name, embedder] of Object.entries(badEmbedders())) {
      it(`loses nothing to vectors that are worthless, once calibrated: ${name}, ${collection.name}`, async () => {
        const { index, calibration } = await calibrated(collection, embedder);
        using _ = index;
        const scores = await measure(collection, index, embedder, calibration);
        const lost = bootstrapDifference(scores, base.get(collection) ?? [], 1);
        assert.ok((lost?.value ?? -1) >= -0.005, `${lost?.value} at ${calibration.denseWeight}`);
        assert.ok((lost?.interval90[0] ?? -1) >= -0.01, String(lost?.interval90));
      });
    }

    it(`is BM25 where no passage has a vector: ${collection.name}`, async () => {
      for (const isProven of [true, false]) {
        const embedder = Object.assign(new MadeUpEmbedder("good", embedderKinds.good), { isProven });
        using index = new SmallIndex(collection.pages, embedder);
        assert.deepEqual(await measure(collection, index, embedder), base.get(collection));
      }
    });
  }

  it("is BM25 where a question's vector is no number", async () => {
    const [collection] = collections;
    assert.ok(collection);
    const embedder = new MadeUpEmbedder("no number", embedderKinds.good, noNumber);
    using index = new SmallIndex(collection.pages, embedder);
    await index.embed();
    assert.deepEqual(await measure(collection, index, embedder), base.get(collection));
  });

  it("gains from good vectors, even before it knows that they are good, and more when it does", async () => {
    const gains = [];
    for (const collection of collections) {
      const embedder = new MadeUpEmbedder("good", embedderKinds.good);
      const { index, calibration } = await calibrated(collection, embedder);
      using _ = index;
      const gain = (scores: number[]) => bootstrapDifference(scores, base.get(collection) ?? [], 1);
      gains.push({
        unknown: gain(await measure(collection, index, embedder)),
        calibrated: gain(await measure(collection, index, embedder, calibration)),
        trusted: gain(
          await measure(collection, index, embedder, undefined, { fusion: "dbsf", denseWeight: 0.5 }),
        ),
      });
    }
    for (const { unknown, calibrated: measured, trusted } of gains) {
      assert.ok((unknown?.interval90[0] ?? -1) > -0.01, "as long as nothing is known");
      assert.ok((measured?.interval90[0] ?? -1) > -0.01, "calibrated");
      assert.ok((trusted?.value ?? 0) > (measured?.value ?? 0), "trusted");
    }
    assert.ok(gains.filter(({ unknown }) => (unknown?.interval90[0] ?? 0) > 0).length >= 2);
    assert.ok(gains.filter(({ calibrated: measured }) => (measured?.interval90[0] ?? 0) > 0).length >= 2);
  });

  it("gives noise a weight by labels in no more than a twentieth of 200 draws", async () => {
    const [, collection] = collections;
    assert.ok(collection);
    const found = await findByWords(collection);
    const random = seededRandom(11);
    // Weights above these lose so much to noise that they cannot be chosen.
    const weights = [0, 0.1, 0.3];
    let chosen = 0;
    for (let draw = 0; draw < 200; draw += 1) {
      const rows = found.map(({ words, pageOf, grades }) => {
        const chunks = [...pageOf.keys()];
        const dense = Array.from({ length: 20 }, (_, at): FoundChunk => {
          const id = chunks[Math.floor(random() * chunks.length)] ?? 0;
          return { id, documentId: id, score: 1 - at / 20, hasVector: true };
        });
        const places = new Map([...words.chunks, ...dense].map((chunk) => [chunk.id, chunk]));
        return weights.map((denseWeight) => {
          const options = { fusion: "dbsf", denseWeight, listDepth: 100 } as const;
          const trust = { isProven: false, hasEmbedder: true };
          const { hits } = joinFindings({ words, places, dense }, trust, options);
          return ndcg([...new Set(hits.slice(0, 15).map(({ id }) => pageOf.get(id) ?? ""))], grades, 10);
        });
      });
      const choice = chooseDenseWeight(
        weights.map((weight, at) => ({ weight, scores: rows.map((row) => row[at] ?? 0) })),
      );
      if (choice.kind === "chosen" && choice.weight > 0) chosen += 1;
    }
    assert.ok(chosen <= 10, `${chosen} of 200`);
  });
});

/** What words find for each query, with the page of every passage. */
async function findByWords({ pages, queries }: Collection) {
  using index = new SmallIndex(pages);
  const found = await index.store.searchWords(
    queries.map(({ text }) => analyzeQuery(text)),
    { limit: 100 },
  );
  const ids = Array.from({ length: pages.length * 4 }, (_, at) => at + 1);
  const chunks = await index.store.chunks(ids);
  const pageOf = new Map<ChunkId, string>(chunks.map(({ id, url }) => [id, url]));
  return found.map((words, at) => ({
    words: { ...words, documents: [] },
    pageOf,
    grades: new Map([...(queries[at]?.relevant ?? [])].map(one)),
  }));
}
