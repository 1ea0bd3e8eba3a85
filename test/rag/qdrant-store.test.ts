import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import fc from "fast-check";
import { StoreError } from "../../src/errors.ts";
import { analyze, analyzeQuery } from "../../src/rag/text/analyzer.ts";
import { hasDrifted, OtherIndexError } from "../../src/rag/stores/qdrant/index-config.ts";
import { sparseVector, termCounts } from "../../src/rag/stores/qdrant/numbers.ts";
import { chunkPointId, documentPointId } from "../../src/rag/stores/qdrant/point-id.ts";
import { indexedOf, pageOf, vectorOf } from "../contracts/chunk-store-documents.ts";
import { embedder, meanLengthsOf, QdrantHarness } from "../contracts/chunk-store-harness.ts";
import type { StandIn } from "../qdrant/stand-in.ts";

const otters = pageOf("https://a.example/otters", ["the otter of the river", "a stone bridge"]);
const winter = pageOf("https://b.example/winter", ["winter lamp", "letter from the garden"]);
const documents = [indexedOf(otters, () => true), indexedOf(winter)];
const means = meanLengthsOf(documents);

describe("ids of points", () => {
  // Python: uuid.uuid5(uuid.UUID("5f0a8bb2-3c1d-4a0e-9c7b-e2b1f3d6a945"), name)
  it("are the UUIDs that version 5 makes of their names", () => {
    assert.equal(documentPointId("https://a.example/é"), "b43a8919-1227-5cfd-9b7c-0c969a7dec95");
    assert.equal(chunkPointId("https://a.example/", "0a1b", 2), "5653ec20-293e-55c2-9482-95de7dbd533d");
  });
});

describe("numbers of points", () => {
  it("are BM25's weights, and give the counts back", () => {
    // 3 of 10 words, where 20 are usual: 3 * 2.2 / (3 + 1.2 * (.25 + .75 * .5))
    const vector = sparseVector({ ids: Uint32Array.of(7), counts: Uint16Array.of(3), length: 10 }, 20);
    assert.deepEqual(vector, { indices: [7], values: [1.76] });
    const terms = fc
      .uniqueArray(fc.tuple(fc.nat({ max: 2 ** 31 }), fc.integer({ min: 1, max: 65_535 })), {
        selector: ([id]) => id,
      })
      .map((pairs) => pairs.sort(([one], [other]) => one - other))
      .map((pairs) => ({
        ids: Uint32Array.from(pairs, ([id]) => id),
        counts: Uint16Array.from(pairs, ([, count]) => count),
      }));
    fc.assert(
      fc.property(
        terms,
        fc.nat({ max: 1e6 }),
        fc.double({ min: 1, max: 1e5, noNaN: true }),
        (some, length, mean) => {
          const kept = sparseVector({ ...some, length }, mean);
          const stored = kept && { indices: kept.indices, values: kept.values.map(Math.fround) };
          assert.deepEqual(termCounts(stored, length, mean), {
            ids: some.ids,
            counts: some.counts.map((count) => Math.min(count, 255)),
            length,
          });
        },
      ),
    );
  });
});

describe("an index in Qdrant", () => {
  let harness: QdrantHarness;
  let standIn: StandIn;
  before(async () => {
    harness = await QdrantHarness.start();
    assert.ok(harness.standIn);
    ({ standIn } = harness);
  });
  after(() => harness[Symbol.asyncDispose]());
  afterEach(() => assert.deepEqual(standIn.violations, []));

  /** Makes a collection as somebody else would. */
  async function create(name: string): Promise<void> {
    await fetch(`${standIn.url}/collections/${name}`, {
      method: "PUT",
      body: JSON.stringify({ vectors: {} }),
    });
  }

  /** Operations that `work` asks for. */
  async function asked(work: () => Promise<unknown>): Promise<(string | undefined)[]> {
    standIn.requests.length = 0;
    await work();
    return standIn.requests.map(({ operation }) => operation);
  }

  it("is searched in one round trip, and in a second for words that no passage has", async () => {
    await using opened = harness.open(means);
    const { store } = opened;
    await store.put(documents);
    const queries = ["otter river", "winter", "lamp"].map(analyzeQuery);
    assert.deepEqual(await asked(() => store.searchWords(queries, { limit: 10 })), ["query_batch_points"]);
    assert.deepEqual(await asked(() => store.searchWords([analyzeQuery("nowhere")], { limit: 10 })), [
      "query_batch_points",
      "count_points",
    ]);
    const vectors = [vectorOf("a"), vectorOf("b")];
    assert.deepEqual(await asked(() => store.searchVectors(vectors, { limit: 10 })), ["query_batch_points"]);
    const ids = [documentPointId(otters.url), documentPointId(winter.url)];
    assert.deepEqual(await asked(() => store.bestChunks(ids, analyzeQuery("otter lamp"))), [
      "query_batch_points",
    ]);
  });

  it("keeps to the number of searches that its collection allows in a request", async () => {
    await using opened = harness.open(means);
    await opened.store.put(documents);
    const expected = await opened.store.searchWords([analyzeQuery("otter river winter lamp")], { limit: 10 });
    await fetch(`${standIn.url}/collections/${opened.collection}`, {
      method: "PATCH",
      body: JSON.stringify({ strict_mode_config: { enabled: true, search_max_batchsize: 2 } }),
    });
    const limited = opened.reopen(embedder);
    assert.deepEqual(
      await limited.searchWords([analyzeQuery("otter river winter lamp")], { limit: 10 }),
      expected,
    );
  });

  it("fuses words and vectors by itself in one round trip, each part under the filter", async () => {
    await using opened = harness.open(means);
    const { store } = opened;
    await store.put(documents);
    const query = {
      terms: analyzeQuery("bridge"),
      vector: vectorOf(indexedOf(otters).chunks[0]?.hash ?? ""),
    };
    await harness.connection.version(); // asked for once in a connection's life
    standIn.requests.length = 0;
    const weights = { words: 1, vectors: 3 };
    const [found, same] = await store.searchFused([query, query], { limit: 10, fusion: "rrf", weights });
    assert.deepEqual(
      standIn.requests.map(({ operation }) => operation),
      ["query_batch_points"],
    );
    assert.deepEqual(same, found);
    const [first, second] = found?.chunks ?? [];
    const texts = (await store.chunks([first?.id ?? "", second?.id ?? ""])).map(({ text }) => text);
    assert.deepEqual(texts, ["a stone bridge", "the otter of the river"]);
    // Places from 0: the bridge is first of the words and second of the vectors, the otter first of the vectors.
    assert.ok(Math.abs((first?.score ?? 0) - (1 / (1 + 60) + 1 / (2 / 3 + 60))) < 1e-6);
    assert.ok(Math.abs((second?.score ?? 0) - 1 / (1 / 3 + 60)) < 1e-6);
    assert.ok(Math.abs((found?.mostScore ?? 0) - (1 / (1 + 60) + 1 / (1 / 3 + 60))) < 1e-9);
    const filter = { field: "host", anyOf: ["b.example"] } as const;
    const [none] = await store.searchFused([query], { limit: 10, fusion: "dbsf", filter });
    assert.deepEqual([none?.chunks, none?.words.chunks, none?.vectors], [[], [], []]);
  });

  it("is refused by other embedders, whose differences are named, for reading and writing", async () => {
    await using opened = harness.open(means);
    await opened.store.put(documents);
    const other = opened.reopen({ id: "test/other", dimensions: 16 });
    for (const call of [() => other.put([]), () => other.stats(), () => other.document(otters.url)]) {
      await assert.rejects(call, (error) => {
        assert.ok(error instanceof StoreError);
        assert.match(error.message, /embedder is "test\/eight", not "test\/other".*dimensions is 8, not 16/);
        assert.match(error.message, /forager migrate --to qdrant --rebuild/);
        return true;
      });
    }
  });

  it("says that it is not whole until it has had all that its archive had", async () => {
    await using opened = harness.open(means);
    assert.equal(await opened.store.look(), undefined);
    await opened.store.publish();
    assert.equal(await opened.store.look(), undefined, "there is nothing to publish yet");
    await opened.store.put(documents);
    assert.equal((await opened.reopen(embedder).look())?.isWhole, false);
    await opened.store.publish();
    assert.equal((await opened.reopen(embedder).look())?.isWhole, true);
    assert.deepEqual(await asked(() => opened.store.publish()), []);
    // Those that were made before there was such a note are whole.
    await harness.connection.collections.updateMetadata(`${opened.collection}_v1`, { isWhole: null });
    assert.equal((await opened.reopen(embedder).look())?.isWhole, true);
  });

  it("is opened anew when another has taken its place, and refused when that is another embedder's", async () => {
    await using opened = harness.open(means);
    await opened.store.put(documents);
    const reader = opened.reopen(embedder);
    const [found] = await reader.searchVectors([vectorOf("a")], { limit: 10 });
    assert.ok(found && found.length > 0);
    const replace = async (identity: typeof embedder, version: number, held: typeof documents) => {
      const rebuild = await opened.reopen(identity).beginRebuild();
      await rebuild.store.put(held);
      const { collections } = harness.connection;
      await collections.switchAlias(opened.collection, `${opened.collection}_v${version}`);
    };
    const other = { id: "test/other", dimensions: 4 };
    await replace(other, 2, []);
    await assert.rejects(reader.searchVectors([vectorOf("a")], { limit: 10 }), (error) => {
      assert.ok(error instanceof OtherIndexError && error.hasOurWords);
      return /embedder is "test\/other", not "test\/eight"/.test(error.message);
    });
    const others = opened.reopen(other);
    assert.deepEqual((await others.searchWords([analyzeQuery("otter")], { limit: 10 }))[0]?.chunks, []);
    await replace(embedder, 3, documents);
    assert.deepEqual(
      await asked(() => assert.rejects(others.searchVectors([new Float32Array(4)], { limit: 10 }))),
      ["query_batch_points", "get_collection"],
    );
    assert.deepEqual(await reader.searchVectors([vectorOf("a")], { limit: 10 }), [found]);
  });

  it("is not made in a collection of somebody else", async () => {
    await using opened = harness.open(means);
    await create(`${opened.collection}_v1`);
    await assert.rejects(opened.store.put(documents), /was not made by Forager/);
    const taken = harness.open(means);
    await create(taken.collection);
    await assert.rejects(taken.store.put(documents), /was not made by Forager: set qdrant.collection/);
  });

  it("is finished when making it was cut off at any request", async () => {
    for (let nth = 0; nth < 40; nth++) {
      await using opened = harness.open(means);
      let seen = 0;
      let isDead = true;
      standIn.fault({ kind: "cut-after-apply", when: () => isDead && seen++ >= nth, times: Infinity });
      const isKilled = await opened.store.identity().then(
        () => false,
        () => true,
      );
      isDead = false;
      await opened.reopen(embedder).put(documents);
      assert.deepEqual(await opened.store.stats(), { documents: 2, chunks: 4, embedded: 2 });
      if (!isKilled) return assert.ok(nth > 10);
    }
    assert.fail("was killed for ever");
  });

  it("keeps its identity, and one made in its place has another", async () => {
    await using opened = harness.open(means);
    const identity = await opened.store.identity();
    await opened.store.put(documents);
    assert.equal(await opened.reopen(embedder).identity(), identity);
    await harness.connection.collections.delete(`${opened.collection}_v1`);
    assert.notEqual(await opened.store.identity(), identity);
  });

  it("keeps vectors as bytes in memory from so many passages on", async () => {
    for (const [quantizeAbove, isQuantized] of [
      [0, true],
      [1, false],
    ] as const) {
      await using opened = harness.open(means, { quantizeAbove });
      await opened.store.identity();
      const found = await harness.connection.collections.get(opened.collection);
      assert.equal(JSON.stringify(found?.config.params).includes('"int8"'), isQuantized);
    }
  });

  it("should be made anew when texts have become a third longer or shorter", () => {
    const frozen = { chunk: 100, page: 1_000 };
    assert.equal(hasDrifted(frozen, { chunk: 129, page: 701 }), false);
    assert.equal(hasDrifted(frozen, { chunk: 131, page: 1_000 }), true);
    assert.equal(hasDrifted(frozen, { chunk: 100, page: 699 }), true);
    assert.equal(hasDrifted(frozen, { chunk: 0, page: 0 }), false); // nothing is known
  });

  it("takes texts that are no proper Unicode, as the archive's file does", async () => {
    await using opened = harness.open(means);
    const url = "https://a.example/broken";
    await opened.store.put([indexedOf(pageOf(url, ["half \ud83d of a pair otter"], { title: "\udc00" }))]);
    const [found] = await opened.store.searchWords([analyze("otter")], { limit: 1 });
    const [chunk] = await opened.store.chunks(found?.chunks.map(({ id }) => id) ?? []);
    assert.equal(chunk?.text, "half \ufffd of a pair otter");
  });
});
