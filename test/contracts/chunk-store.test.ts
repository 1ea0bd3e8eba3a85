import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import fc from "fast-check";
import { StoreError } from "../../src/errors.ts";
import { analyzeQuery } from "../../src/rag/text/analyzer.ts";
import type { ChunkId, FoundChunk } from "../../src/rag/chunk-store.ts";
import { onHost } from "../../src/rag/filter.ts";
import { storeNames } from "../../src/rag/stores/index.ts";
import { allOf, answersOf, asGiven, assertSameAnswers, everyWord } from "./chunk-store-answers.ts";
import { anyPage, indexedOf, pageOf, vectorOf } from "./chunk-store-documents.ts";
import { harnesses, meanLengthsOf, type StoreHarness } from "./chunk-store-harness.ts";

const server = process.env["FORAGER_TEST_QDRANT_URL"];
console.log(
  `Chunk stores are tested in the data folder and in ${server ? `Qdrant at ${server}` : "Qdrant's stand-in"}.`,
);

const otters = pageOf("https://a.example/otters", [
  "the otter of the river",
  "a stone bridge",
  "the otter of the river",
]);
const winter = pageOf("https://b.example/winter", ["winter lamp", "letter from the garden"], {
  title: "Winter",
  language: "de",
});

/** Places from 1 over 60; or by how many deviations of its list a score is above its mean, less three. */
function fusedHere(
  lists: readonly (readonly FoundChunk[])[],
  fusion: "rrf" | "dbsf",
): ReadonlyMap<ChunkId, number> {
  const sums = new Map<ChunkId, number>();
  for (const list of lists) {
    const mean = list.reduce((sum, { score }) => sum + score, 0) / list.length;
    const squares = list.reduce((sum, { score }) => sum + (score - mean) ** 2, 0);
    const deviation = list.length > 1 ? Math.sqrt(squares / (list.length - 1)) : 0;
    for (const [at, { id, score }] of list.entries()) {
      assert.ok(list.findIndex((other) => other.score === score) === at, "a tie has no order");
      const standing = deviation === 0 ? 0.5 : (score - mean + 3 * deviation) / (6 * deviation);
      sums.set(id, (sums.get(id) ?? 0) + (fusion === "rrf" ? 1 / (61 + at) : standing));
    }
  }
  return sums;
}

for (const storeName of storeNames) {
  describe(`chunk store contract: ${storeName}`, () => {
    let harness: StoreHarness;
    before(async () => {
      harness = await harnesses[storeName]();
    });
    after(() => harness[Symbol.asyncDispose]());
    afterEach(() => assert.deepEqual(harness.violations(), []));

    const everything = { texts: [everyWord, "otter lamp"], limit: 100 };

    it("is empty at first, and says so", async () => {
      await using opened = harness.open();
      const { store } = opened;
      assert.deepEqual(await allOf(store), []);
      assert.deepEqual(await Array.fromAsync(store.urls()), []);
      assert.deepEqual(await store.stats(), { documents: 0, chunks: 0, embedded: 0 });
      assert.equal(await store.document(otters.url), undefined);
      await store.put([]);
      await store.delete([otters.url]);
      const [found] = await store.searchWords([analyzeQuery("otter")], { limit: 10 });
      assert.deepEqual(found?.chunks, []);
      assert.deepEqual(found?.documents, []);
      assert.ok(Math.abs((found?.maxScore ?? 0) - Math.log(2) * 2.2) < 1e-6);
      assert.deepEqual(await store.searchVectors([vectorOf("otter")], { limit: 10 }), [[]]);
    });

    it("gives back the documents that were put, terms and vectors included, repeated passages too", async () => {
      await using opened = harness.open();
      const documents = [
        indexedOf(otters, (hash) => hash.includes("bridge")),
        indexedOf(winter, () => true),
        indexedOf(pageOf("https://a.example/empty", [])),
      ];
      await opened.store.put(documents);
      assert.deepEqual(await allOf(opened.store), asGiven(documents));
      assert.deepEqual(await opened.store.stats(), { documents: 3, chunks: 5, embedded: 3 });
      assert.deepEqual(
        (await Array.fromAsync(opened.store.urls())).toSorted(),
        documents.map(({ url }) => url).toSorted(),
      );
    });

    it("gives chunks and documents in the order asked for, as often as asked for, those that have gone left out", async () => {
      await using opened = harness.open();
      const { store } = opened;
      await store.put([indexedOf(otters), indexedOf(winter)]);
      const [found] = await store.searchWords([analyzeQuery(everyWord)], { limit: 100 });
      const ids = found?.chunks.map(({ id }) => id) ?? [];
      const gone = (await store.document(winter.url))?.id ?? "";
      const asked = [...ids.toReversed(), ...ids.slice(0, 1)];
      assert.deepEqual(
        (await store.chunks(asked)).map(({ id }) => id),
        asked,
      );
      await store.delete([winter.url]);
      const left = await store.chunks(asked);
      assert.ok(left.length > 0 && left.every(({ url }) => url === otters.url));
      assert.deepEqual(await store.documents([gone]), []);
    });

    it("keeps ids and vectors of passages that stay, wherever they have moved to", async () => {
      await using opened = harness.open();
      const { store } = opened;
      const idsByText = async () => {
        const [found] = await store.searchWords([analyzeQuery(everyWord)], { limit: 100 });
        const chunks = await store.chunks(found?.chunks.map(({ id }) => id) ?? []);
        return new Map(chunks.map(({ text, id }) => [text, id]));
      };
      await store.put([indexedOf({ ...winter, title: "" }, () => true)]);
      const before = await idsByText();
      const passages = ["river stone", ...winter.passages.toReversed()];
      await store.put([indexedOf({ ...winter, title: "", passages })]);
      const after = await idsByText();
      for (const [text, id] of before) assert.equal(after.get(text), id);
      assert.equal((await store.vectors([...after.values()])).size, 2);
      assert.deepEqual(
        (await store.embeddingJobs([...after.values()])).map(({ text }) => text),
        ["river stone"],
      );
    });

    it("forgets a page's date when the page no longer says one", async () => {
      await using opened = harness.open();
      const { store } = opened;
      const dated = async () => {
        const options = { limit: 10, filter: { field: "publishedAt" } } as const;
        const [found] = await store.searchWords([analyzeQuery(everyWord)], options);
        return [found?.chunks.length, found?.documents.length];
      };
      await store.put([indexedOf({ ...otters, publishedAt: "2026-05-01" })]);
      assert.deepEqual(await dated(), [3, 1]);
      await store.put([indexedOf(otters)]);
      assert.deepEqual(await dated(), [0, 0]);
    });

    it("changes nothing when the same documents are put again, all of them or one", async () => {
      await using opened = harness.open();
      const documents = [indexedOf(otters, () => true), indexedOf(winter)];
      await opened.store.put(documents);
      const before = await answersOf(opened.store, everything);
      await opened.store.put(documents);
      await opened.store.put(documents.slice(0, 1));
      assertSameAnswers(await answersOf(opened.store, everything), before);
    });

    it("holds the last of two documents with one address", async () => {
      await using opened = harness.open();
      await opened.store.put([indexedOf(otters), indexedOf({ ...otters, passages: ["only this"] })]);
      const [document] = await allOf(opened.store);
      assert.equal(document?.chunks.length, 1);
    });

    it("gives documents that are put side by side the same places as one after the other", async () => {
      await using apart = harness.open();
      await using together = harness.open();
      const documents = Array.from({ length: 8 }, (_, at) =>
        indexedOf(
          { ...otters, url: `https://a.example/${at}`, passages: [`otter ${at}`, "bridge"] },
          () => at % 2 === 0,
        ),
      );
      for (const document of documents) await apart.store.put([document]);
      await Promise.all(documents.map((document) => together.store.put([document])));
      assertSameAnswers(
        await answersOf(together.store, everything),
        await answersOf(apart.store, everything),
      );
    });

    it("answers while it is written to, each time with whole passages", async () => {
      await using opened = harness.open();
      const { store } = opened;
      await store.put([indexedOf(otters)]);
      const writing = (async () => {
        for (let at = 0; at < 10; at++) {
          await store.put([indexedOf({ ...otters, passages: [`otter ${at}`, "stone bridge"] })]);
        }
      })();
      for (let at = 0; at < 20; at++) {
        const [found] = await store.searchWords([analyzeQuery("otter bridge")], { limit: 10 });
        const chunks = await store.chunks(found?.chunks.map(({ id }) => id) ?? []);
        assert.ok(chunks.every(({ text, url }) => /otter|bridge/.test(text) && url === otters.url));
      }
      await writing;
      assert.deepEqual(await store.stats(), { documents: 1, chunks: 2, embedded: 0 });
    });

    it("counts rarity over the whole index, whatever the filter", async () => {
      await using opened = harness.open();
      const { store } = opened;
      await store.put([indexedOf(otters), indexedOf(winter)]);
      const terms = analyzeQuery("otter lamp nowhere");
      const [all] = await store.searchWords([terms], { limit: 10 });
      const [some] = await store.searchWords([terms], { limit: 10, filter: onHost("b.example") });
      assert.equal(some?.chunks.length, 1);
      assert.equal(some?.maxScore, all?.maxScore);
      assert.equal(some?.chunks[0]?.score, all?.chunks.find(({ id }) => id === some.chunks[0]?.id)?.score);
      // Five passages with terms: two with otters, one lamp.
      const idf = (await store.idf(terms)).toSorted();
      const expected = [1, 2, 0].map((holders) => Math.log(1 + (5 - holders + 0.5) / (holders + 0.5)));
      for (const [at, value] of Float64Array.from(expected).sort().entries())
        assert.ok(Math.abs((idf[at] ?? 0) - value) < 1e-5);
    });

    it("knows the words of its passages, and none of those that have gone", async () => {
      await using opened = harness.open();
      const { store } = opened;
      const ids = [...analyzeQuery("otter lamp garden xylophone").ids];
      const [lamp, otter] = ["lamp", "otter"].map((word) => analyzeQuery(word).ids[0] ?? 0);
      assert.deepEqual(await store.knownTerms(ids), new Set());
      await store.put([indexedOf(otters), indexedOf(winter)]);
      assert.equal((await store.knownTerms(ids)).size, 3);
      assert.deepEqual(await store.knownTerms([]), new Set());
      await store.delete([otters.url]);
      const left = await store.knownTerms(ids);
      assert.deepEqual([left.has(lamp ?? 0), left.has(otter ?? 0)], [true, false]);
    });

    it("fuses by itself, where it can, what it finds by words and by vectors, as the formulas say", async () => {
      await using opened = harness.open();
      const { store } = opened;
      if (!store.searchFused) return; // rankings are joined here
      const rivers = pageOf(otters.url, ["the otter of the river", "a stone bridge over a river of otters"]);
      await store.put([indexedOf(rivers, () => true), indexedOf(winter, (hash) => hash.includes("letter"))]);
      for (const filter of [undefined, onHost("a.example")]) {
        const queries = ["otter lamp", "bridge letter"].map((text) => ({
          terms: analyzeQuery(text),
          vector: vectorOf(text),
        }));
        const search = { limit: 10, ...(filter ? { filter } : {}) };
        const words = await store.searchWords(
          queries.map(({ terms }) => terms),
          search,
        );
        const vectors = await store.searchVectors(
          queries.map(({ vector }) => vector),
          search,
        );
        for (const fusion of ["rrf", "dbsf"] as const) {
          const found = await store.searchFused(queries, { ...search, fusion });
          for (const [at, { chunks, ...alone }] of found.entries()) {
            const lists = [words[at]?.chunks ?? [], vectors[at] ?? []];
            assert.deepEqual(alone.words, { ...words[at], documents: [] });
            assert.deepEqual(alone.vectors, lists[1]);
            const expected = fusedHere(lists, fusion);
            assert.deepEqual(new Set(chunks.map(({ id }) => id)), new Set(expected.keys()));
            for (const { id, score } of chunks) assert.ok(Math.abs(score - (expected.get(id) ?? 0)) < 1e-5);
            assert.ok(chunks.every(({ score }) => fusion === "dbsf" || score <= alone.mostScore));
          }
        }
      }
    });

    it("gives every query of a call its own answer, the empty one and a repeated one too", async () => {
      await using opened = harness.open();
      const { store } = opened;
      await store.put([indexedOf(otters), indexedOf(winter)]);
      const queries = ["otter", "", "lamp", "the of", "otter"].map(analyzeQuery);
      const found = await store.searchWords(queries, { limit: 10 });
      assert.deepEqual(
        found.map(({ chunks, documents }) => [chunks.length, documents.length]),
        [
          [2, 1],
          [0, 0],
          [1, 1],
          [0, 0],
          [2, 1],
        ],
      );
      assert.deepEqual(await store.searchWords([], { limit: 10 }), []);
      assert.deepEqual(await store.bestChunks([], analyzeQuery("otter")), []);
      assert.deepEqual(
        await store.bestChunks([(await store.document(otters.url))?.id ?? ""], analyzeQuery("")),
        [],
      );
      assert.deepEqual(await store.searchVectors([], { limit: 10 }), []);
    });

    it("refuses vectors of another length, or that are no numbers, and keeps what it has", async () => {
      await using opened = harness.open();
      const { store } = opened;
      await store.put([indexedOf(otters, () => true)]);
      const [first, ...others] = indexedOf(winter).chunks;
      assert.ok(first);
      for (const vector of [new Float32Array(3), new Float32Array(8).fill(NaN)]) {
        const document = { ...indexedOf(winter), chunks: [{ ...first, vector }, ...others] };
        await assert.rejects(store.put([document]), StoreError);
        await assert.rejects(store.searchVectors([vector], { limit: 1 }), StoreError);
      }
      assert.equal((await store.stats()).embedded, 3);
    });

    it("hands the reason of an abort back", async () => {
      await using opened = harness.open();
      const { store } = opened;
      await store.put([indexedOf(otters)]);
      const reason = new Error("enough");
      const signal = AbortSignal.abort(reason);
      const terms = analyzeQuery("otter");
      const calls = [
        () => store.put([indexedOf(winter)], signal),
        () => store.delete([otters.url], signal),
        () => store.searchWords([terms], { limit: 1 }, signal),
        () => store.searchVectors([vectorOf("a")], { limit: 1 }, signal),
        () => store.bestChunks([], terms, signal),
        () => store.idf(terms, signal),
        () => store.chunks([], signal),
        () => store.documents([], signal),
        () => store.document(otters.url, signal),
        () => store.vectors([], signal),
        () => store.embeddingJobs([], signal),
        () => store.stats(signal),
        () => Array.fromAsync(store.everything(signal)),
      ];
      for (const call of calls) await assert.rejects(call, (error) => error === reason, String(call));
      assert.deepEqual(await store.stats(), { documents: 1, chunks: 3, embedded: 0 });
    });

    it("is what it would have been when a put that was aborted at any time is made again", async () => {
      const pages = fc.array(anyPage, { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(pages, pages, fc.nat({ max: 12 }), async (first, second, turns) => {
          const final = [
            ...new Map([...first, ...second].map((page) => [page.url, indexedOf(page)])).values(),
          ];
          const means = meanLengthsOf(final);
          await using disturbed = harness.open(means);
          await using undisturbed = harness.open(means);
          const documents = second.map((page) => indexedOf(page));
          for (const { store } of [disturbed, undisturbed])
            await store.put(first.map((page) => indexedOf(page)));
          const controller = new AbortController();
          const reason = new Error("enough");
          const putting = disturbed.store.put(documents, controller.signal);
          putting.catch(() => {});
          for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
          controller.abort(reason);
          await putting.catch((error: unknown) => assert.equal(error, reason));
          await disturbed.store.put(documents);
          await undisturbed.store.put(documents);
          assertSameAnswers(
            await answersOf(disturbed.store, everything),
            await answersOf(undisturbed.store, everything),
          );
        }),
        { numRuns: 5 },
      );
    });
  });
}
