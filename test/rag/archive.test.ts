import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StoreError } from "../../src/errors.ts";
import { type Filter, onHost } from "../../src/rag/filter.ts";
import { analyze, analyzeQuery } from "../../src/rag/text/analyzer.ts";
import type { NewDocument } from "../../src/rag/chunk-store.ts";
import { rankAll } from "./brute-force.ts";
import { archiveUpgrades } from "../../src/rag/stores/sqlite-schema.ts";
import { SqliteChunkStore } from "../../src/rag/stores/sqlite.ts";
import { SqliteArchive } from "../../src/rag/stores/sqlite-archive.ts";
import { packDocument, unpackDocument } from "../../src/rag/packed-document.ts";
import { documentOf, StoreFile } from "./store-fixture.ts";

const embedder = { id: "test/three", dimensions: 3 };
const [east, north, up] = [Float32Array.of(1, 0, 0), Float32Array.of(0, 1, 0), Float32Array.of(0, 0, 1)];
const northEast = Float32Array.of(Math.SQRT1_2, Math.SQRT1_2, 0);
const [home, other] = ["https://a.example/home", "https://b.example/other"];

const idsOf = (store: SqliteArchive, url: string) =>
  store.documentChunks(store.document(url)?.id ?? -1).map(({ id }) => id);
const answers = (store: SqliteArchive) => ({
  chunks: store.searchChunks(analyzeQuery("apple pear"), { limit: 9 }),
  documents: store.searchDocuments(analyzeQuery("apple pear"), { limit: 9 }),
  vectors: store.searchVectors(northEast, { limit: 9 }),
  stats: store.stats(),
});

/** Terms as they were when what has no spaces was one word. */
const inOneRun = (text: string) => analyze(text.replaceAll(/[^ -~\s]+/gu, "run"));
/** What some Japanese and English words find, by text and address. */
const found = (archive: SqliteArchive) =>
  ["灯台の高さ", "apple", "run"].map((query) => ({
    chunks: archive
      .searchChunks(analyzeQuery(query), { limit: 9 })
      .hits.map(({ id, score }) => [archive.chunks([id])[0]?.text, score]),
    documents: archive
      .searchDocuments(analyzeQuery(query), { limit: 9 })
      .hits.map(({ id, score }) => [archive.documentById(id)?.url, score]),
  }));

/** An empty store with its database, gone after the test. */
function setUp() {
  const file = new StoreFile();
  const database = file.open();
  const store = new SqliteArchive({ database, embedder });
  const upsert = (url: string, passages: readonly string[], title?: string) =>
    database.write(() => store.upsert(documentOf(url, passages, title)));
  /** Gives each chunk of a document its vector. */
  const embed = async (url: string, vectors: readonly Float32Array[]) => {
    const rows = store.documentChunks(store.document(url)?.id ?? -1);
    const given = vectors.map((vector, at) => ({ hash: rows[at]?.hash ?? "", vector }));
    return database.write(() => store.putVectors(given));
  };
  return { file, database, store, upsert, embed, [Symbol.dispose]: () => file[Symbol.dispose]() };
}

describe("the archive", () => {
  it("gives a document back as it was kept", async () => {
    using it = setUp();
    const kept = documentOf(home, ["Crème brûlée 🙂", "second passage"], "Desserts");
    const { id, isChanged } = await it.database.write(() => it.store.upsert(kept));
    assert.equal(isChanged, true);
    const found = it.store.document(home);
    assert.deepEqual(found, it.store.documentById(id));
    assert.deepEqual(found?.document, unpackDocument(kept.document));
    assert.equal(found?.contentHash, kept.contentHash);
    assert.deepEqual([...it.store.documents()], [found]);
    assert.deepEqual(
      it.store.documentChunks(id).map(({ text, ordinal, title, url }) => ({ text, ordinal, title, url })),
      [
        { text: "Crème brûlée 🙂", ordinal: 0, title: "Desserts", url: home },
        { text: "second passage", ordinal: 1, title: "Desserts", url: home },
      ],
    );
    assert.equal(it.store.document("https://nowhere.example/"), undefined);
    assert.equal(it.store.documentById(99), undefined);
  });

  it("gives chunks in the order asked for, those that have gone left out", async () => {
    using it = setUp();
    await it.upsert(home, ["one", "two", "three"]);
    const [first = 0, second = 0, third = 0] = idsOf(it.store, home);
    assert.deepEqual(
      it.store.chunks([third, 4_000, first]).map(({ text }) => text),
      ["three", "one"],
    );
    await it.upsert(home, ["two"]);
    assert.deepEqual(
      it.store.chunks([first, second, third]).map(({ text }) => text),
      ["two"],
    );
  });

  it("gives the texts that a page has now, however often they are asked for", async () => {
    using it = setUp();
    const { id } = await it.upsert(home, ["one", "two"]);
    const texts = () => it.store.documentChunks(id).map(({ text }) => text);
    for (let time = 0; time < 2; time++) assert.deepEqual(texts(), ["one", "two"]);
    await it.upsert(home, ["three", "two"]);
    for (let time = 0; time < 2; time++) assert.deepEqual(texts(), ["three", "two"]);
  });

  it("knows where chunks belong and whether they have a vector", async () => {
    using it = setUp();
    const { id: documentId } = await it.upsert(home, ["one", "two"]);
    await it.embed(home, [east]);
    const [first = 0, second = 0] = idsOf(it.store, home);
    assert.deepEqual(it.store.found([second, 4_000, first].map((id) => ({ id, score: 1 }))), [
      { id: second, score: 1, documentId, hasVector: false },
      { id: first, score: 1, documentId, hasVector: true },
    ]);
  });

  it("keeps ids and vectors of chunks that a new version of the page still has", async () => {
    using it = setUp();
    await it.upsert(home, ["alpha", "beta", "gamma"]);
    const [, beta = 0] = idsOf(it.store, home);
    await it.embed(home, [east, north, up]);
    assert.deepEqual(it.store.stats(), { documents: 1, chunks: 3, embedded: 3 });
    const { id, isChanged } = await it.upsert(home, ["new start", "beta"]);
    assert.equal(isChanged, true);
    assert.deepEqual(it.store.stats(), { documents: 1, chunks: 2, embedded: 1 });
    assert.equal(it.store.documentChunks(id)[1]?.id, beta);
    assert.equal(it.store.found([{ id: beta, score: 1 }])[0]?.hasVector, true);
    assert.deepEqual(it.store.searchVectors(east, { limit: 9 }), [{ id: beta, score: 0 }]);
    assert.deepEqual(it.store.searchChunks(analyzeQuery("alpha gamma"), { limit: 9 }).hits, []);
  });

  it("says when a page has not changed", async () => {
    using it = setUp();
    const first = await it.upsert(home, ["same"]);
    assert.deepEqual(await it.upsert(home, ["same"]), { id: first.id, isChanged: false });
    await it.database.write(() => it.store.touch(home, 5));
    assert.equal(it.store.document(home)?.fetchedAt, 5);
  });

  it("knows the validators of the address that was asked for", async () => {
    using it = setUp();
    await it.upsert(home, ["text"]);
    const expected = { etag: '"e"', lastModified: "yesterday", url: home };
    assert.deepEqual(it.store.validators(`${home}?requested`), expected);
    assert.equal(it.store.validators(home), undefined);
  });

  it("forgets all of a deleted document", async () => {
    using it = setUp();
    await it.upsert(home, ["alpha", "beta"]);
    await it.upsert(other, ["gamma"]);
    await it.embed(home, [east, north]);
    assert.equal(await it.database.write(() => it.store.deleteDocument(home)), true);
    assert.equal(await it.database.write(() => it.store.deleteDocument(home)), false);
    assert.deepEqual(it.store.stats(), { documents: 1, chunks: 1, embedded: 0 });
    assert.deepEqual(it.store.searchVectors(east, { limit: 9 }), []);
    assert.deepEqual(it.store.searchChunks(analyzeQuery("alpha"), { limit: 9 }).hits, []);
    assert.deepEqual(it.store.searchDocuments(analyzeQuery("beta"), { limit: 9 }).hits, []);
    // A page that comes back has to be embedded anew.
    await it.upsert(home, ["alpha"]);
    assert.equal(it.store.stats().embedded, 0);
  });

  it("ranks chunks and documents by BM25, best first, ties by id", async () => {
    using it = setUp();
    const documents = [
      documentOf(home, ["red apple", "green apple apple", "plum"], "Fruit"),
      documentOf(other, ["red car", "red apple"], "Things"),
    ];
    for (const document of documents) await it.database.write(() => it.store.upsert(document));
    const chunks = documents.flatMap(({ url, chunks }) =>
      idsOf(it.store, url).map((id, at) => ({ id, terms: chunks[at]?.terms ?? analyzeQuery("") })),
    );
    const pages = documents.map(({ url, terms }) => ({ id: it.store.document(url)?.id ?? -1, terms }));
    for (const query of ["apple", "red apple fruit", "red red", "unheard of"]) {
      const terms = analyzeQuery(query);
      assert.deepEqual(
        it.store.searchChunks(terms, { limit: 9 }).hits.map(({ id }) => id),
        rankAll(chunks, terms).map(({ id }) => id),
      );
      assert.deepEqual(
        it.store.searchDocuments(terms, { limit: 9 }).hits.map(({ id }) => id),
        rankAll(pages, terms).map(({ id }) => id),
      );
    }
  });

  it("gives idf, the highest possible score, and the best chunk of a document by the same scores", async () => {
    using it = setUp();
    await it.upsert(home, ["apple", "apple pear", "plum"]);
    const terms = analyzeQuery("apple unheard");
    const byId = new Map(Array.from(terms.ids, (id, at) => [id, it.store.idf(terms)[at]]));
    // Two of three texts, and none of three: ln(1 + 1.5 / 2.5), ln(1 + 3.5 / .5).
    assert.ok(Math.abs((byId.get(analyzeQuery("apple").ids[0] ?? 0) ?? 0) - Math.log(1.6)) < 1e-12);
    assert.ok(Math.abs((byId.get(analyzeQuery("unheard").ids[0] ?? 0) ?? 0) - Math.log(8)) < 1e-12);
    const ranking = it.store.searchChunks(terms, { limit: 1 });
    assert.ok(Math.abs(ranking.maxScore - 2.2 * Math.log(1.6 * 8)) < 1e-12);
    const best = it.store.bestChunk(it.store.document(home)?.id ?? -1, terms);
    assert.equal(best?.id, ranking.hits[0]?.id);
    assert.ok(Math.abs((best?.score ?? 0) - (ranking.hits[0]?.score ?? 1)) < 1e-12);
    assert.equal(it.store.bestChunk(99, terms), undefined);
  });

  it("searches one host with the statistics of all", async () => {
    using it = setUp();
    await it.upsert(home, ["apple", "apple pear"]);
    await it.upsert(other, ["apple plum"]);
    await it.embed(home, [east, north]);
    await it.embed(other, [northEast]);
    const terms = analyzeQuery("apple");
    const ofOther = new Set(idsOf(it.store, other));
    const all = it.store.searchChunks(terms, { limit: 9 }).hits;
    const options = { limit: 9, filter: onHost("b.example") };
    assert.deepEqual(
      it.store.searchChunks(terms, options).hits,
      all.filter(({ id }) => ofOther.has(id)),
    );
    assert.deepEqual(it.store.searchDocuments(terms, options).hits.length, 1);
    assert.deepEqual(
      it.store.searchVectors(east, options).map(({ id }) => id),
      [...ofOther],
    );
    assert.deepEqual(it.store.searchVectors(east, { limit: 9, filter: onHost("c.example") }), []);
  });

  it("ranks vectors by cosine, ties by id, within the limit", async () => {
    using it = setUp();
    await it.upsert(home, ["one", "two", "three", "four"]);
    const [one = 0, two = 0, three = 0, four = 0] = idsOf(it.store, home);
    assert.equal(await it.embed(home, [north, northEast, east, east]), 4);
    const hits = it.store.searchVectors(east, { limit: 3 });
    assert.deepEqual(
      hits.map(({ id }) => id),
      [three, four, two],
    );
    assert.deepEqual(
      hits.map(({ score }) => Math.fround(score)),
      [1, 1, Math.fround(Math.SQRT1_2)],
    );
    assert.deepEqual(it.store.searchVectors(east, { limit: 9 }).at(-1), { id: one, score: 0 });
    assert.deepEqual(it.store.searchVectors(east, { limit: 0 }), []);
  });

  it("gives one vector to all chunks of one text, kept or new", async () => {
    using it = setUp();
    await it.upsert(home, ["shared"]);
    await it.upsert(other, ["shared"]);
    assert.equal(it.store.embeddingBacklog({ limit: 9, onlyLead: false }).length, 1);
    assert.equal(await it.embed(home, [east]), 2);
    await it.upsert("https://c.example/third", ["shared", "own"]);
    assert.deepEqual(it.store.stats(), { documents: 3, chunks: 4, embedded: 3 });
    await it.database.write(() => it.store.deleteDocument(home));
    await it.upsert(home, ["shared"]);
    assert.equal(it.store.searchVectors(east, { limit: 9 }).length, 3);
  });

  it("drops vectors whose chunk has gone, and refuses what is no vector of its embedder", async () => {
    using it = setUp();
    await it.upsert(home, ["text"]);
    const put = (hash: string, vector: Float32Array) =>
      it.database.write(() => it.store.putVectors([{ hash, vector }]));
    assert.equal(await put("unknown", east), 0);
    const hash = it.store.documentChunks(it.store.document(home)?.id ?? -1)[0]?.hash ?? "";
    await assert.rejects(put(hash, Float32Array.of(1)), StoreError);
    await assert.rejects(put(hash, Float32Array.of(Number.NaN, 0, 0)), StoreError);
    assert.throws(() => it.store.searchVectors(Float32Array.of(1), { limit: 1 }), StoreError);
    assert.equal(it.store.backlogSize(false), 1);
  });

  it("orders the backlog by use: first chunks, the next three, section starts, the rest", async () => {
    using it = setUp();
    const passages = ["p0", "p1", "p2", "p3", "p4", "p5", "p6"];
    const document = documentOf(home, passages, "Title");
    const chunks = document.chunks.map((chunk, at) =>
      at >= 5 ? { ...chunk, headingPath: "Title > Part" } : chunk,
    );
    await it.database.write(() => it.store.upsert({ ...document, chunks }));
    await it.upsert(other, ["q0", "q1"]);
    const backlog = (limit: number, onlyLead: boolean) =>
      it.store.embeddingBacklog({ limit, onlyLead }).map(({ text }) => text.replace(/^.*\n/, ""));
    assert.deepEqual(backlog(99, false), ["p0", "q0", "p1", "p2", "p3", "q1", "p5", "p4", "p6"]);
    assert.deepEqual(backlog(99, true), ["p0", "q0", "p1", "p2", "p3", "q1"]);
    assert.deepEqual(backlog(3, false), ["p0", "q0", "p1"]);
    assert.deepEqual([it.store.backlogSize(true), it.store.backlogSize(false)], [6, 9]);
    await it.embed(home, [east, north]);
    assert.deepEqual(backlog(3, true), ["q0", "p2", "p3"]);
    assert.deepEqual([it.store.backlogSize(true), it.store.backlogSize(false)], [4, 7]);
    assert.equal(it.store.embeddingBacklog({ limit: 1, onlyLead: false })[0]?.text, "q0");
  });

  it("gives the jobs of chunks asked for that have no vector", async () => {
    using it = setUp();
    await it.upsert(home, ["alpha", "beta", "alpha"], "Title");
    const ids = idsOf(it.store, home);
    assert.deepEqual(
      it.store.embeddingJobs([...ids, 4_000]).map(({ text }) => text),
      ["Title\nalpha", "Title\nbeta"],
    );
    await it.embed(home, [east]);
    assert.deepEqual(
      it.store.embeddingJobs(ids).map(({ text }) => text),
      ["Title\nbeta"],
    );
  });

  it("never mixes the vectors of two embedders, and takes up those of one that comes back", async () => {
    using it = setUp();
    await it.upsert(home, ["alpha", "beta"]);
    await it.embed(home, [east, north]);
    const second = new SqliteArchive({
      database: it.database,
      embedder: { id: "test/other", dimensions: 2 },
    });
    assert.deepEqual([second.stats().embedded, second.backlogSize(false)], [0, 2]);
    assert.deepEqual(second.searchVectors(Float32Array.of(1, 0), { limit: 9 }), []);
    // The first one, still open as a reader would be, sees that its vectors do not count now.
    assert.deepEqual(it.store.searchVectors(east, { limit: 9 }), []);
    assert.equal(it.store.found([{ id: idsOf(it.store, home)[0] ?? 0, score: 1 }])[0]?.hasVector, false);
    const again = new SqliteArchive({ database: it.database, embedder });
    assert.deepEqual([again.stats().embedded, again.backlogSize(true)], [2, 0]);
    assert.equal(again.searchVectors(east, { limit: 9 }).length, 2);
    assert.throws(
      () => new SqliteArchive({ database: it.database, embedder: { ...embedder, dimensions: 4 } }),
      StoreError,
    );
  });

  it("shows nothing of a write that failed", async () => {
    using it = setUp();
    await it.upsert(home, ["alpha"]);
    await it.embed(home, [east]);
    const before = it.store.stats();
    const failed = it.database.write(() => {
      it.store.upsert(documentOf(other, ["alpha beta"]));
      it.store.putVectors([{ hash: "hash of alpha beta", vector: north }]);
      it.store.deleteDocument(home);
      throw new Error("on purpose");
    });
    await assert.rejects(failed, /on purpose/);
    assert.deepEqual(it.store.stats(), before);
    assert.equal(it.store.searchChunks(analyzeQuery("alpha beta"), { limit: 9 }).hits.length, 1);
    assert.equal(it.store.searchVectors(north, { limit: 9 }).length, 1);
  });

  it("answers the same after closing and opening, and to a reader that looks on", async () => {
    using it = setUp();
    const reader = new SqliteArchive({ database: it.file.open({ isReadOnly: true }), embedder });
    assert.deepEqual(answers(reader), answers(it.store));
    await it.upsert(home, ["apple", "pear apple"]);
    await it.embed(home, [east, north]);
    const live = answers(it.store);
    assert.equal(live.chunks.hits.length, 2);
    assert.deepEqual(answers(reader), live);
    await it.store.optimize();
    assert.deepEqual(answers(it.store), live);
    it.database.close();
    assert.deepEqual(answers(new SqliteArchive({ database: it.file.open(), embedder })), live);
    assert.deepEqual(answers(reader), live);
  });

  it("ends optimizing with the reason of the abort", async () => {
    using it = setUp();
    await it.upsert(home, ["apple"]);
    const reason = new Error("stop");
    await assert.rejects(it.store.optimize(AbortSignal.abort(reason)), reason);
  });

  it("brings a file of layout 2 up to date: what filters ask for, and all of it as a change to be fed", async () => {
    using file = new StoreFile();
    {
      const database = file.open();
      const archive = new SqliteArchive({ database, embedder });
      await database.write(() => archive.upsert(documentOf(home, ["apple"])));
      for (const statement of [
        "DROP INDEX document_revision",
        "DROP INDEX document_filter",
        ...["published_ms", "language", "format", "revision"].map(
          (column) => `ALTER TABLE document DROP COLUMN ${column}`,
        ),
        "ALTER TABLE index_state DROP COLUMN revision",
        "DROP TABLE gone",
        "DROP TABLE feed",
        "UPDATE meta SET value = '2' WHERE key = 'schema'",
      ])
        database.prepare(statement).run();
      database.close();
    }
    const archive = new SqliteArchive({ database: file.open({ upgrades: archiveUpgrades }), embedder });
    const terms = analyzeQuery("apple");
    const hitsOf = (filter: Filter) => archive.searchChunks(terms, { limit: 9, filter }).hits.length;
    assert.equal(hitsOf({ field: "language", anyOf: ["en"] }), 1);
    assert.equal(hitsOf({ field: "format", anyOf: ["pdf"] }), 0);
    assert.equal(hitsOf({ field: "publishedAt", from: Date.parse("2026-01-02") }), 1);
    assert.deepEqual(archive.changes(0, 9), [{ revision: 1, url: home, isGone: false }]);
    assert.equal(archive.latestRevision(), 1);
  });

  it("brings a file of layout 3 up to date: pages in scripts without spaces get their terms, keep their vectors, and are changes", async () => {
    const japanese = documentOf(home, ["青ヶ浜灯台の高さは三十二メートルです。", "apple"], "灯台");
    const pages = [japanese, documentOf(other, ["apple pear plum"])];
    const asBefore = {
      ...japanese,
      chunks: japanese.chunks.map((chunk, at) => ({
        ...chunk,
        terms: inOneRun(at === 0 ? "灯台" : "灯台 apple"),
      })),
      terms: inOneRun("灯台 青ヶ浜 apple"),
    };
    const make = async (file: StoreFile, documents: readonly NewDocument[], isPacked: boolean) => {
      const database = file.open();
      const archive = new SqliteArchive({ database, embedder });
      for (const document of documents) await database.write(() => archive.upsert(document));
      const hash = japanese.chunks[0]?.hash ?? "";
      await database.write(() => archive.putVectors([{ hash, vector: east }]));
      if (isPacked) await archive.optimize();
      return { database, archive };
    };
    for (const isPacked of [false, true]) {
      using fresh = new StoreFile();
      using file = new StoreFile();
      const { archive: expected } = await make(fresh, pages, isPacked);
      const { database, archive: before } = await make(file, [asBefore, ...pages.slice(1)], isPacked);
      assert.notDeepEqual(found(before), found(expected));
      const seen = before.latestRevision();
      database.prepare("UPDATE meta SET value = '3' WHERE key = 'schema'").run();
      database.close();
      const archive = new SqliteArchive({ database: file.open({ upgrades: archiveUpgrades }), embedder });
      assert.deepEqual(found(archive), found(expected));
      assert.equal(found(archive)[0]?.chunks.length, 2);
      assert.deepEqual(
        archive.searchVectors(east, { limit: 9 }).map(({ id }) => archive.chunks([id])[0]?.text),
        ["青ヶ浜灯台の高さは三十二メートルです。"],
      );
      const changed = archive.changes(seen, 9).map(({ url }) => url);
      assert.deepEqual(changed, [home]);
    }
  });

  it("tells what has changed since, the latest of each page, oldest first", async () => {
    using it = setUp();
    await it.upsert(home, ["apple", "pear"]);
    await it.upsert(other, ["plum"]);
    const seen = it.store.latestRevision();
    const changesAfter = (revision: number) =>
      it.store.changes(revision, 9).map(({ url, isGone }) => ({ url, isGone }));
    assert.deepEqual(
      changesAfter(0).map(({ url }) => url),
      [home, other],
    );
    assert.deepEqual(changesAfter(seen), []);
    await it.embed(home, [east]);
    await it.database.write(() => it.store.deleteDocument(other));
    await it.database.write(() => it.store.touch(home, 9));
    assert.deepEqual(changesAfter(seen), [
      { url: other, isGone: true },
      { url: home, isGone: false },
    ]);
    await it.upsert(other, ["plum"]);
    assert.deepEqual(changesAfter(seen), [
      { url: home, isGone: false },
      { url: other, isGone: false },
    ]);
    assert.equal(it.store.latestRevision(), it.store.changes(seen, 9).at(-1)?.revision);
  });

  it("gives a document whole, with terms and vectors, as it was put in", async () => {
    using it = setUp();
    const kept = documentOf(home, ["apple apple", "pear"], "Fruit");
    await it.database.write(() => it.store.upsert(kept));
    await it.embed(home, [east]);
    const whole = it.store.indexed(home);
    assert.ok(whole);
    assert.deepEqual(
      { ...whole, document: unpackDocument(whole.document) },
      {
        ...kept,
        document: unpackDocument(kept.document),
        chunks: kept.chunks.map((chunk, at) => (at === 0 ? { ...chunk, vector: east } : chunk)),
      },
    );
    assert.equal(it.store.indexed("https://nowhere.example/"), undefined);
    assert.deepEqual(it.store.meanLengths(), { chunk: 2.5, page: 4 });
  });

  it("holds for every document either a filter or its opposite", async () => {
    using it = setUp();
    await it.upsert(home, ["apple"]);
    await it.upsert(other, ["apple"]);
    const undated = "https://a.example/undated";
    const dated = documentOf(undated, ["apple"]);
    const document = packDocument({ ...unpackDocument(dated.document), publishedAt: "" });
    await it.database.write(() => it.store.upsert({ ...dated, document }));
    const urlsOf = (filter: Filter) =>
      it.store
        .searchDocuments(analyzeQuery("apple"), { limit: 9, filter })
        .hits.map(({ id }) => it.store.documentById(id)?.url ?? "")
        .sort();
    const all = urlsOf({ all: [] });
    assert.equal(all.length, 3);
    assert.deepEqual(urlsOf({ any: [] }), []);
    const filters: readonly Filter[] = [
      onHost("a.example"),
      { field: "publishedAt", from: 0 },
      { field: "publishedAt", before: Date.parse("2026-01-03"), from: Date.parse("2026-01-02") },
      { field: "fetchedAt", before: 1 },
      { any: [onHost("b.example"), { field: "url", anyOf: [home] }] },
      { all: [onHost("a.example"), { not: { field: "publishedAt" } }] },
    ];
    for (const filter of filters) {
      const [holds, not] = [urlsOf(filter), urlsOf({ not: filter })];
      assert.deepEqual([...holds, ...not].sort(), all, JSON.stringify(filter));
    }
    assert.deepEqual(urlsOf({ not: { field: "publishedAt", from: 0 } }), [undated]);
  });

  it("holds a filter against what the documents are now, also after one was only seen again", async () => {
    using it = setUp();
    await it.upsert(home, ["apple"]);
    const filter = { field: "fetchedAt", before: 10 } as const;
    const hits = () => it.store.searchChunks(analyzeQuery("apple"), { limit: 9, filter }).hits.length;
    assert.equal(hits(), 0);
    await it.database.write(() => it.store.touch(home, 5));
    assert.equal(hits(), 1);
  });

  it("lets others have their turn between two searches", async () => {
    using it = setUp();
    await it.upsert(home, ["apple"]);
    const store = new SqliteChunkStore({ archive: it.store, database: it.database });
    let turns = 0;
    for (const search of [
      () => store.searchWords([analyzeQuery("apple")], { limit: 1 }),
      () => store.searchVectors([east], { limit: 1 }),
    ]) {
      setImmediate(() => (turns += 1));
      await search();
    }
    assert.equal(turns, 2);
  });

  it("answers an empty index and an empty query", () => {
    using it = setUp();
    for (const query of ["", "apple"]) {
      assert.deepEqual(it.store.searchChunks(analyzeQuery(query), { limit: 5 }).hits, []);
      assert.deepEqual(it.store.searchDocuments(analyzeQuery(query), { limit: 5 }).hits, []);
    }
    assert.deepEqual(it.store.searchVectors(east, { limit: 5 }), []);
    assert.deepEqual(it.store.embeddingBacklog({ limit: 5, onlyLead: true }), []);
    assert.deepEqual([...it.store.documents()], []);
  });
});
