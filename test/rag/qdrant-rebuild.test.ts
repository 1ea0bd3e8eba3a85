import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { analyzeQuery } from "../../src/rag/text/analyzer.ts";
import type { IndexedDocument } from "../../src/rag/chunk-store.ts";
import { QdrantIndex } from "../../src/rag/stores/qdrant-index.ts";
import { indexedOf, pageOf } from "../contracts/chunk-store-documents.ts";
import { embedder, meanLengthsOf, QdrantHarness } from "../contracts/chunk-store-harness.ts";
import type { StandIn } from "../qdrant/stand-in.ts";

const documents = [
  indexedOf(pageOf("https://a.example/otters", ["the otter of the river", "a stone bridge"]), () => true),
  indexedOf(pageOf("https://b.example/winter", ["winter lamp"])),
];
const collection = "pages";

async function find(index: QdrantIndex, text: string): Promise<number | undefined> {
  const [found] = await index.searchWords([analyzeQuery(text)], { limit: 10 });
  return found?.chunks.length;
}

describe("an index in Qdrant that is made anew", () => {
  let harness: QdrantHarness;
  let standIn: StandIn;
  before(async () => {
    harness = await QdrantHarness.start();
    assert.ok(harness.standIn);
    ({ standIn } = harness);
  });
  after(() => harness[Symbol.asyncDispose]());
  afterEach(async () => {
    for (const name of await harness.connection.collections.names(collection)) {
      await harness.connection.collections.delete(name);
    }
    assert.deepEqual(standIn.violations, []);
  });

  /** The index as it is fed from an archive that holds these documents. */
  function indexOf(held: readonly IndexedDocument[], identity = embedder): QdrantIndex {
    const chunks = held.flatMap((document) => document.chunks).length;
    const archive = {
      meanLengths: () => meanLengthsOf(held),
      stats: () => ({ documents: held.length, chunks, embedded: 0 }),
    };
    const options = { collection, quantizeAbove: 1_000, maxBatchPoints: 256, maxBatchBytes: 8_000_000 };
    return new QdrantIndex({ connection: harness.connection, embedder: identity, archive }, options);
  }

  const versions = () => harness.connection.collections.names(collection);

  it("is searched as it was until the new one is whole, and then as that at once", async () => {
    const index = indexOf(documents);
    await index.put(documents.slice(0, 1));
    const rebuild = await index.beginRebuild();
    await rebuild.store.put(documents);
    assert.deepEqual(await Promise.all([find(index, "otter"), find(index, "winter")]), [1, 0]);
    await rebuild.finish();
    assert.deepEqual(await Promise.all([find(index, "otter"), find(index, "winter")]), [1, 1]);
    assert.deepEqual(await versions(), ["pages_v2"]);
    await index.delete([documents[0]?.url ?? ""]);
    assert.deepEqual(await Promise.all([find(index, "otter"), find(index, "winter")]), [0, 1]);
  });

  it("is advised once texts are of another length than those it was made with", async () => {
    const long = indexedOf(pageOf("https://a.example/long", ["word ".repeat(200)]));
    const made = indexOf(documents);
    assert.equal(await made.advice(), undefined);
    await made.put(documents);
    assert.equal(await made.advice(), undefined);
    assert.match((await indexOf([...documents, long]).advice()) ?? "", /migrate --to qdrant --rebuild/);
  });

  it("can be another embedder's, whom the index in use refuses", async () => {
    await indexOf(documents).put(documents);
    const other = indexOf([], { id: "test/other", dimensions: 4 });
    await assert.rejects(other.put([]), /--rebuild/);
    const rebuild = await other.beginRebuild();
    await rebuild.finish();
    assert.deepEqual(await other.stats(), { documents: 0, chunks: 0, embedded: 0 });
  });

  it("is made where there was none", async () => {
    const index = indexOf(documents);
    const rebuild = await index.beginRebuild();
    await rebuild.store.put(documents);
    await rebuild.finish();
    assert.deepEqual(await versions(), ["pages_v1"]);
    assert.equal(await find(index, "winter"), 1);
  });

  it("goes on where it was stopped, with the same identity", async () => {
    const index = indexOf(documents);
    await index.put(documents);
    const stopped = await index.beginRebuild();
    await stopped.store.put(documents.slice(0, 1));
    const again = await index.beginRebuild();
    assert.equal(await again.store.identity(), await stopped.store.identity());
    assert.equal((await again.store.stats()).documents, 1);
    await again.store.put(documents.slice(1));
    await again.finish();
    assert.deepEqual(await versions(), ["pages_v2"]);
  });

  it("begins again where texts have changed their lengths since it was stopped", async () => {
    const stopped = await indexOf(documents).beginRebuild();
    await stopped.store.put(documents);
    const longer = [
      indexedOf(pageOf("https://a.example/long", ["otter bridge river stone lamp winter letter"])),
    ];
    const again = await indexOf(longer).beginRebuild();
    assert.equal((await again.store.stats()).documents, 0);
  });

  it("does not take the place of the index in use when it has something else than the archive; it is thrown away", async () => {
    const index = indexOf(documents);
    await index.put(documents);
    const rebuild = await index.beginRebuild();
    await rebuild.store.put(documents.slice(0, 1));
    await assert.rejects(rebuild.finish(), /1 documents with 2 passages, the archive 2 with 3/);
    assert.deepEqual(await versions(), ["pages_v1"]);
    assert.equal(await find(index, "winter"), 1);
  });

  it("does not take the place of the index in use when it cannot be searched", async () => {
    const index = indexOf(documents);
    await index.put(documents);
    const rebuild = await index.beginRebuild();
    await rebuild.store.put(documents);
    standIn.fault({
      kind: "status",
      status: 500,
      times: 4, // of the wrapper's tries
      when: ({ operation, path }) => operation === "query_batch_points" && path.includes("pages_v2"),
    });
    await assert.rejects(rebuild.finish(), /Tried 4 times/);
    assert.deepEqual(await versions(), ["pages_v1", "pages_v2"]);
  });

  it("is one of the two, whole, at whichever request the switch was cut off", async () => {
    for (let nth = 0; ; nth++) {
      const index = indexOf(documents);
      await index.put(documents);
      const rebuild = await index.beginRebuild();
      await rebuild.store.put(documents);
      let seen = 0;
      let isDead = true;
      standIn.fault({ kind: "cut-after-apply", when: () => isDead && seen++ >= nth, times: Infinity });
      const isCut = await rebuild.finish().then(
        () => false,
        () => true,
      );
      isDead = false;
      assert.equal(await find(indexOf(documents), "winter"), 1);
      const again = await index.beginRebuild();
      await again.store.put(documents);
      await again.finish();
      assert.equal((await versions()).length, 1);
      if (!isCut) return assert.ok(nth > 5);
    }
  });
});
