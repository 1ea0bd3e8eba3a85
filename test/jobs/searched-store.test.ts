import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { type ConfigInput, resolveConfig } from "../../src/config.ts";
import { rootContext } from "../../src/context.ts";
import { DataFolder } from "../../src/data-folder.ts";
import { createForager, type Forager } from "../../src/index.ts";
import { StoreError } from "../../src/errors.ts";
import { EventStream } from "../../src/events.ts";
import { silentLog } from "../../src/log.ts";
import { readJudgedQueries } from "../../src/rag/evaluation/judged-query.ts";
import { HashingEmbedder } from "../../src/rag/embedders/hashing.ts";
import { probeMs } from "../../src/rag/stores/watched.ts";
import { SearchedStore } from "../../src/searched-store.ts";
import { jsonLines, startForager, temporaryFolder } from "../cli/run-forager.ts";
import type { LoggedRequest } from "../qdrant/faults.ts";
import { startStandIn } from "../qdrant/stand-in.ts";
import { serveGeneratedSite } from "../sites/generated-site.ts";

function open(dataDir: string, url: string): Forager {
  return createForager({ dataDir, qdrant: { url } }, { embedder: embedderOf(16) });
}

function embedderOf(dimensions: number): HashingEmbedder {
  return new HashingEmbedder({ dimensions, isProven: true });
}

const lamp = { url: "https://a.example/lamp", title: "Lamps", text: "A lamp holds two litres of oil." };

describe("a Qdrant that is searched in place of the data folder", () => {
  it("has what a crawl has when it ends, and nothing that has gone since", async () => {
    await using folder = await temporaryFolder();
    await using standIn = await startStandIn();
    await using site = await serveGeneratedSite({ pages: 30, seed: 7 });
    await using forager = open(folder.path, standIn.url);
    const { documents, chunks } = await forager.crawl(`${site.origin}/`, { embed: "all" });
    const kinds = () => Map.groupBy(standIn.points("forager"), ({ payload }) => payload?.["kind"]);
    assert.equal(kinds().get("document")?.length, documents);
    assert.equal(kinds().get("chunk")?.length, chunks);
    assert.ok(
      kinds()
        .get("chunk")
        ?.every(({ payload }) => payload?.["embedded"] === true),
    );
    const before = standIn.requests.length;
    const { hits } = await forager.search("page", { limit: 3 });
    assert.equal(hits.length, 3);
    assert.ok(standIn.requests.length > before);
    const gone = hits[0]?.url ?? "";
    assert.equal(await forager.remove([gone]), 1);
    assert.ok((await forager.search("page", { limit: 50 })).hits.every(({ url }) => url !== gone));
    assert.deepEqual(standIn.violations, []);
  });

  it("is named where it does not answer, and the data folder answers in its place", async () => {
    await using folder = await temporaryFolder();
    const standIn = await startStandIn();
    await using forager = open(folder.path, standIn.url);
    await forager.add([lamp]);
    await standIn[Symbol.asyncDispose]();
    const { hits, notes } = await forager.search("lamp");
    assert.equal(hits[0]?.url, lamp.url);
    assert.match(notes.join(), /The data folder was searched instead: Qdrant at .* cannot be reached/);
    const answer = await forager.ask("How much oil does a lamp hold?");
    assert.equal(answer.notes.length, 1);
    await using elsewhere = open(`${folder.path}/none`, standIn.url);
    await assert.rejects(elsewhere.search("lamp"), (error: Error) => {
      assert.ok(error instanceof StoreError);
      return /cannot be reached/.test(error.message);
    });
  });

  it("is named where it has no index yet, and the data folder answers in its place", async () => {
    await using folder = await temporaryFolder();
    await using standIn = await startStandIn();
    {
      await using forager = open(folder.path, "");
      await forager.add([lamp]);
    }
    await using forager = open(folder.path, standIn.url);
    const { hits, notes } = await forager.search("lamp");
    assert.equal(hits[0]?.url, lamp.url);
    assert.match(notes.join(), /There is no index forager in Qdrant at .* yet.*migrate --to qdrant/);
    await using elsewhere = open(`${folder.path}/none`, standIn.url);
    await assert.rejects(elsewhere.ask("What is a lamp?"), /There is no index forager in Qdrant/);
  });

  it("is told by its own variables, and needs no data folder to answer from", async () => {
    await using folder = await temporaryFolder();
    await using standIn = await startStandIn({ apiKey: "secret" });
    await using forager = createForager({
      dataDir: folder.path,
      embedder: "none",
      qdrant: { url: standIn.url, apiKey: "secret" },
    });
    await forager.add([lamp]);
    const words = ["search", "lamp", "--json", "--data-dir", `${folder.path}/none`];
    const environment = { FORAGER_EMBEDDER: "none", QDRANT_URL: standIn.url };
    const allowed = await startForager(words, { environment: { ...environment, QDRANT_API_KEY: "secret" } })
      .ended;
    assert.equal(allowed.code, 0, allowed.err);
    assert.deepEqual(
      jsonLines(allowed.out).map(({ hits }) => (hits as { url: string }[]).map(({ url }) => url)),
      [[lamp.url]],
    );
    const refused = await startForager(words, { environment }).ended;
    assert.equal(refused.code, 1);
    assert.match(refused.err, /QDRANT_API_KEY/);
    assert.doesNotMatch(refused.err + refused.out + allowed.err, /secret/);
  });

  it("has longer to say that it is there where nothing can be searched in its place", async () => {
    await using folder = await temporaryFolder();
    await using standIn = await startStandIn();
    await using forager = open(folder.path, standIn.url);
    await forager.add([lamp]);
    await using elsewhere = open(`${folder.path}/none`, standIn.url);
    standIn.fault({ kind: "delay", ms: probeMs + 200, when: ({ operation }) => operation === "root" });
    const { hits, notes } = await elsewhere.search("lamp");
    assert.deepEqual([hits[0]?.url, notes], [lamp.url, []]);
  });

  for (const [what, ask] of [
    ["search", async (forager: Forager) => (await forager.search("lamp")).notes],
    ["question", async (forager: Forager) => (await forager.ask("How much oil does a lamp hold?")).notes],
  ] as const) {
    it(`is left for the data folder when it dies in the middle of a ${what}, and not asked again for the next`, async (test) => {
      // However long this takes, the while for which it is left alone is not over.
      test.mock.timers.enable({ apis: ["Date"], now: Date.now() });
      await using folder = await temporaryFolder();
      await using standIn = await startStandIn();
      await using forager = open(folder.path, standIn.url);
      await forager.add([lamp]);
      let isDead = false;
      const dies = (request: LoggedRequest) => (isDead ||= isSearch(request));
      standIn.fault({ kind: "cut", times: Infinity, when: dies });
      assert.match((await ask(forager)).join(), /^The data folder was searched instead: Qdrant at/);
      assert.ok(isDead);
      const before = standIn.requests.length;
      const { hits, notes } = await forager.search("lamp");
      assert.equal(hits[0]?.url, lamp.url);
      assert.match(notes.join(), /^The data folder was searched instead: .* asked again in \d+ s\.$/);
      assert.equal((await forager.document(lamp.url))?.title, lamp.title);
      assert.equal(standIn.requests.length, before);
    });
  }

  it("is left for the data folder when it is silent for as long as a search may take", async () => {
    await using folder = await temporaryFolder();
    await using standIn = await startStandIn();
    const retrieve = { wordsTimeoutMs: 200, denseTimeoutMs: 200 };
    await using forager = createForager(
      { dataDir: folder.path, qdrant: { url: standIn.url }, retrieve },
      { embedder: embedderOf(16) },
    );
    await forager.add([lamp]);
    standIn.fault({ kind: "delay", ms: 600_000, times: Infinity, when: isSearch });
    const { hits, notes } = await forager.search("lamp");
    assert.equal(hits[0]?.url, lamp.url);
    assert.deepEqual(notes.length, 1);
    assert.match(
      notes.join(),
      /searched instead: Qdrant at .* does not answer in time: (Searching by words|Looking words up)/,
    );
  });

  it("is asked again once it has been left alone for a while", async () => {
    await using folder = await temporaryFolder();
    await using standIn = await startStandIn();
    {
      await using forager = open(folder.path, standIn.url);
      await forager.add([lamp]);
    }
    let now = 0;
    const clock = { now: () => now, sleep: (_ms: number, signal?: AbortSignal) => untilAborted(signal) };
    using held = DataFolder.open(folder.path, { isCreated: false, clock: systemClock, embedder: undefined });
    await using searched = new SearchedStore(
      resolveConfig({ dataDir: folder.path, qdrant: { url: standIn.url } }, { environment: {} }),
      { clock, events: new EventStream(), log: silentLog, embedder: () => Promise.resolve(embedderOf(16)) },
    );
    const search = () =>
      searched.search(held, rootContext("test"), async ({ store, notes }) => [store.name, notes.join()]);
    standIn.fault({ kind: "cut", when: ({ operation }) => operation === "root" });
    standIn.requests.length = 0;
    assert.match((await search()).join(": "), /^the data folder: .*cannot be reached/);
    assert.equal(standIn.requests.length, 1, "once, with no second try");
    assert.match((await search()).join(": "), /^the data folder: .* asked again in 5 s\.$/);
    assert.equal(standIn.requests.length, 1);
    now += 5_000;
    assert.deepEqual(await search(), [`Qdrant at ${standIn.url}`, ""]);
  });

  it("is searched once it has had everything, and until then the data folder, or what there is and a word of warning", async () => {
    await using folder = await temporaryFolder();
    await using standIn = await startStandIn();
    {
      await using forager = open(folder.path, "");
      await forager.add([lamp, { url: "https://a.example/candle", text: "A candle burns for nine hours." }]);
    }
    await using forager = open(folder.path, standIn.url);
    await using elsewhere = open(`${folder.path}/none`, standIn.url);
    const isSearched = async () => {
      standIn.requests.length = 0;
      const { hits, notes } = await forager.search("candle");
      assert.deepEqual([hits[0]?.url, notes], ["https://a.example/candle", []]);
      return standIn.requests.some(isSearch);
    };
    standIn.fault({
      kind: "status",
      status: 507,
      when: ({ operation }) => operation === "update_collection",
    });
    await assert.rejects(forager.migrate({ to: "qdrant" }), /507|fault/);
    assert.equal(await isSearched(), false);
    const { hits, notes } = await elsewhere.search("lamp");
    assert.equal(hits[0]?.url, lamp.url);
    assert.match(notes.join(), /forager in Qdrant at .* is still being filled: what has not been sent/);
    assert.equal((await forager.migrate({ to: "qdrant" })).moved, 0);
    assert.equal(await isSearched(), true);
    assert.deepEqual((await elsewhere.search("lamp")).notes, []);
  });

  for (const [fusion, here] of [
    ["server-rrf", "rrf"],
    ["server-dbsf", "dbsf"],
  ] as const) {
    it(`fuses words and vectors itself when retrieve.fusion is ${fusion}, and without it ${here} does`, async () => {
      await using folder = await temporaryFolder();
      await using standIn = await startStandIn();
      const candle = { url: "https://b.example/candle", text: "A candle burns for nine hours." };
      {
        await using forager = open(folder.path, standIn.url);
        await forager.add([lamp, candle]);
      }
      await using wordsOnly = createForager({ dataDir: folder.path, embedder: "none", retrieve: { fusion } });
      await assert.rejects(wordsOnly.search("candle"), /QDRANT_URL/);
      const openWith = (url: string, retrieve: ConfigInput["retrieve"]) =>
        createForager({ dataDir: folder.path, qdrant: { url }, retrieve }, { embedder: embedderOf(16) });
      await using forager = openWith(standIn.url, { fusion });
      standIn.requests.length = 0;
      const { hits, notes } = await forager.search("candle hours", { limit: 2 });
      assert.deepEqual([hits.map(({ url }) => url), notes], [[candle.url, lamp.url], []]);
      assert.deepEqual(hits[0]?.retrievers["chunk"]?.rank, 1);
      assert.deepEqual(hits[0].retrievers["dense"]?.rank, 1);
      assert.ok(hits.every(({ score }) => score > 0 && score <= 1));
      // One for the passages, and beside it which words of the question are in none.
      assert.equal(standIn.requests.filter(isSearch).length, 2);
      assert.deepEqual((await forager.ask("How long does a candle burn?")).notes, []);
      assert.equal((await forager.search("of the", { limit: 2 })).hits.length, 2, "without words");

      await using alone = openWith("", { fusion });
      await assert.rejects(
        alone.search("candle"),
        new RegExp(`${fusion} is Qdrant's.*QDRANT_URL, or take ${here}`),
      );
      await using weighed = openWith(standIn.url, { fusion, denseWeight: 0.3 });
      if (fusion === "server-rrf") assert.equal((await weighed.search("candle")).hits[0]?.url, candle.url);
      else await assert.rejects(weighed.search("candle"), /denseWeight: server-dbsf takes no weights/);
      standIn.fault({ kind: "cut", times: Infinity });
      const instead = await forager.search("candle hours", { limit: 2 });
      assert.equal(instead.hits[0]?.url, candle.url);
      assert.equal(instead.notes.length, 1);
      assert.deepEqual(standIn.violations, []);
    });
  }

  it("can be evaluated from a machine that has its address alone, on the same pages", async () => {
    await using folder = await temporaryFolder();
    await using standIn = await startStandIn();
    await using forager = open(folder.path, standIn.url);
    await forager.add([lamp, { url: "https://a.example/candle", text: "A candle burns for nine hours." }]);
    await using elsewhere = open(`${folder.path}/none`, standIn.url);
    const judged = readJudgedQueries(
      { path: "queries", text: '{"id": "1", "query": "lamp"}\n{"id": "2", "query": "candle hours"}' },
      { path: "qrels", text: "1 0 lamp 1\n2 0 candle 1\n2 0 gone 1\n" },
    );
    const options = { seed: 1, forager: { version: "0" } };
    const report = await elsewhere.evaluate(judged, options);
    assert.deepEqual(report, await forager.evaluate(judged, options));
    assert.ok(report.notes.includes("1 judged documents are not in the index and count as not found: gone"));
    assert.equal(report.retrieval.find(({ strategy }) => strategy === "dense")?.queries, 2);
  });

  it("is left for the data folder when its vectors are another embedder's, and says how it is made anew", async () => {
    await using folder = await temporaryFolder();
    await using standIn = await startStandIn();
    await using forager = open(folder.path, standIn.url);
    await forager.add([lamp]);
    await using other = createForager(
      { dataDir: folder.path, qdrant: { url: standIn.url } },
      { embedder: embedderOf(32) },
    );
    const { hits, notes } = await other.search("lamp");
    assert.equal(hits[0]?.url, lamp.url);
    assert.match(notes.join(), /searched instead: .*hashing\/16.*migrate --to qdrant --rebuild/);
    await assert.rejects(other.embed(), /hashing\/16.*migrate --to qdrant --rebuild/);
    await other.migrate({ to: "qdrant", rebuild: true });
    await other.embed();
    assert.ok(standIn.points("forager").every(({ payload }) => payload?.["embedded"] !== false));
    const found = await other.search("lamp");
    assert.deepEqual([found.hits[0]?.url, found.notes], [lamp.url, []]);
  });

  for (const [dimensions, size] of [
    [32, "another size"],
    [16, "the same size"],
  ] as const) {
    it(`is searched by words, and says so, on a machine that knows it from before it was made anew with vectors of ${size}`, async () => {
      await using folder = await temporaryFolder();
      await using standIn = await startStandIn();
      await using forager = open(folder.path, standIn.url);
      await forager.add([lamp]);
      await using reader = open(`${folder.path}/none`, standIn.url);
      assert.deepEqual((await reader.search("lamp")).notes, []);
      await using other = createForager(
        { dataDir: folder.path, qdrant: { url: standIn.url } },
        { embedder: new OtherEmbedder({ dimensions, isProven: true }) },
      );
      await other.migrate({ to: "qdrant", rebuild: true });
      const { hits, notes } = await reader.search("lamp");
      assert.deepEqual([hits[0]?.url, Object.keys(hits[0]?.retrievers ?? {})], [lamp.url, ["page", "chunk"]]);
      assert.match(notes.join(), /^Only words were searched: .*embedder is "another", not "hashing\/16/);
      const answer = await reader.ask("How much oil does a lamp hold?");
      assert.match(answer.notes.join(), /Only words were searched/);
      await assert.rejects(
        reader.searchVector(new Float32Array(16).fill(1)),
        /no embedder; search it by words/,
      );
      await forager.migrate({ to: "qdrant", rebuild: true });
      assert.deepEqual((await reader.search("lamp")).notes, []);
    });
  }
});

class OtherEmbedder extends HashingEmbedder {
  override readonly id = "another";
}

function isSearch({ operation }: LoggedRequest): boolean {
  return operation === "query_batch_points";
}

/** What a clock's sleep is when time stands still. */
function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason as Error));
  });
}
