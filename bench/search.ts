// How fast is search, and what does it cost on disk and in memory? FTS5 answers the same queries beside ours.
//   node bench/search.ts [--sizes 10000,100000] [--seed 7] [--queries 100]
// "hybrid" is the whole way of a query but for its own vector, which is given: three lists, fusion, ten passages with texts.
// The texts are synthetic: words drawn by Zipf's law, 20 chunks of 110 terms a page; vectors are noise around centres.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { systemClock } from "../src/clock.ts";
import { Database } from "../src/database.ts";
import { analyze, analyzeQuery } from "../src/rag/analyzer.ts";
import type { NewChunk, NewDocument } from "../src/rag/chunk-store.ts";
import type { Embedder } from "../src/rag/embedder.ts";
import { packDocument, unpackText } from "../src/rag/packed-document.ts";
import { RetrieveOptions } from "../src/rag/retrieve-options.ts";
import { Retriever } from "../src/rag/retrieve.ts";
import { archiveSchema } from "../src/rag/stores/sqlite-schema.ts";
import { onHost } from "../src/rag/filter.ts";
import { SqliteChunkStore } from "../src/rag/stores/sqlite.ts";
import { SqliteArchive } from "../src/rag/stores/sqlite-archive.ts";

const dimensions = 384;
const embedder = { id: "bench/noise", dimensions };
const chunksPerPage = 20;
const wordsPerChunk = 110;
const vocabulary = 200_000;
const listDepth = 100;
/** FTS5 needs up to a second a query; so many give its median. */
const peerQueries = 12;

const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "10000,100000" },
    seed: { type: "string", default: "7" },
    queries: { type: "string", default: "100" },
    "measure-open": { type: "string" },
  },
});

if (values["measure-open"] === undefined) {
  for (const size of values.sizes.split(","))
    await measure(Number(size), Number(values.seed), Number(values.queries));
} else {
  measureOpen(values["measure-open"]);
}

async function measure(size: number, seed: number, queryCount: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "forager-bench-"));
  try {
    const path = join(folder, "forager.sqlite");
    const random = mulberry32(seed);
    console.log(`\n${size} chunks, seed ${seed}, node ${process.version}`);
    using database = new Database(path, { schema: [archiveSchema] });
    const archive = new SqliteArchive({ database, embedder });
    using peer = new DatabaseSync(join(folder, "fts5.sqlite"));
    await build(archive, database, peer, size, random);
    const withoutVectors = bytesOf(path);
    await embed(archive, database, random);
    report(path, size, withoutVectors);

    const queries = Array.from({ length: queryCount }, () => queryOf(random));
    const vectors = queries.map(() => vectorOf(random));
    const options = { limit: listDepth };
    const chunks = (at: number) => archive.searchChunks(analyzeQuery(queries[at] ?? ""), options);
    const pages = (at: number) => archive.searchDocuments(analyzeQuery(queries[at] ?? ""), options);
    const dense = (at: number) => archive.searchVectors(vectors[at] ?? new Float32Array(), options);
    await time("BM25 chunks, 8 terms", queryCount, chunks);
    await time("BM25 pages, 8 terms", queryCount, pages);
    await time("dense, 384 dimensions", queryCount, dense);
    await time("all three", queryCount, (at) => [chunks(at), pages(at), dense(at)]);
    const retriever = new Retriever(
      {
        store: new SqliteChunkStore({ archive, database }),
        embedder: givenVectors(queries, vectors),
        clock: systemClock,
      },
      RetrieveOptions.parse({}),
    );
    await time("hybrid, all but embedding", queryCount, (at) =>
      retriever.retrieve(queries[at] ?? "", { limit: 10 }),
    );
    await time("BM25 chunks, one host in ten", queryCount, (at) =>
      archive.searchChunks(analyzeQuery(queries[at] ?? ""), { ...options, filter: onHost("site3.example") }),
    );
    const match = peer.prepare("SELECT rowid, rank FROM text WHERE text MATCH ? ORDER BY rank LIMIT ?");
    await time("FTS5 chunks, same queries", Math.min(peerQueries, queryCount), (at) =>
      match.all((queries[at] ?? "").replaceAll(" ", " OR "), listDepth),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function build(
  archive: SqliteArchive,
  database: Database,
  peer: DatabaseSync,
  size: number,
  random: () => number,
): Promise<void> {
  peer.exec(
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE VIRTUAL TABLE text USING fts5(body, content='', tokenize='unicode61 remove_diacritics 0')",
  );
  const insert = peer.prepare("INSERT INTO text(rowid, body) VALUES(?, ?)");
  const writes: number[] = [];
  let [ours, theirs, row] = [0, 0, 0];
  for (let page = 0; page < size / chunksPerPage; page++) {
    const document = pageOf(page, random);
    const started = performance.now();
    // Eight pages share a commit, as in a crawl.
    const done = database.write(() => archive.upsert(document));
    if (page % 8 === 7) await done;
    writes.push(performance.now() - started);
    ours += performance.now() - started;
    const peerStarted = performance.now();
    peer.exec("BEGIN");
    const text = unpackText(document.document.text);
    for (const { start, end } of document.chunks) insert.run(++row, text.slice(start, end));
    peer.exec("COMMIT");
    theirs += performance.now() - peerStarted;
  }
  await database.write(() => {});
  const pages = size / chunksPerPage;
  const sorted = writes.toSorted((left, right) => left - right);
  console.log(
    `build: ${(ours / pages).toFixed(2)} ms a page (longest wait for eight ${(sorted.at(-1) ?? 0).toFixed(0)} ms), FTS5 alone ${(theirs / pages).toFixed(2)} ms`,
  );
  const started = performance.now();
  await archive.optimize();
  console.log(`optimize: ${(performance.now() - started).toFixed(0)} ms`);
}

async function embed(archive: SqliteArchive, database: Database, random: () => number): Promise<void> {
  const started = performance.now();
  let [reading, count] = [0, 0];
  for (;;) {
    const asked = performance.now();
    const jobs = archive.embeddingBacklog({ limit: 64, onlyLead: false });
    reading += performance.now() - asked;
    if (jobs.length === 0) break;
    count += jobs.length;
    const vectors = jobs.map(({ hash }) => ({ hash, vector: vectorOf(random) }));
    await database.write(() => archive.putVectors(vectors));
  }
  const total = performance.now() - started;
  console.log(
    `vectors: ${(total / count).toFixed(3)} ms each with making them, backlog read ${(reading / count).toFixed(3)} ms`,
  );
}

function report(path: string, size: number, withoutVectors: number): void {
  const perChunk = (bytes: number) => `${Math.round(bytes / size)} B a chunk`;
  using file = new DatabaseSync(path, { readOnly: true });
  const sum = (sql: string) => Number(file.prepare(sql).get()?.["bytes"] ?? 0);
  const postings = sum("SELECT sum(length(block)) AS bytes FROM posting");
  const texts = sum("SELECT sum(length(body) + length(rest)) AS bytes FROM document");
  console.log(
    `disk: ${perChunk(bytesOf(path))}, ${perChunk(withoutVectors)} without vectors; of it documents ${perChunk(texts)}, postings ${perChunk(postings)}`,
  );
  const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), "--measure-open", path], {
    encoding: "utf8",
  });
  console.log(child.stdout.trim());
}

/** Opens a file in a process of its own and says what the first searches cost. */
function measureOpen(path: string): void {
  const before = process.memoryUsage.rss();
  const started = performance.now();
  using database = new Database(path, { schema: [], isReadOnly: true });
  const archive = new SqliteArchive({ database, embedder });
  const query = analyzeQuery("w1 w20 w300");
  archive.searchChunks(query, { limit: listDepth });
  archive.searchDocuments(query, { limit: listDepth });
  const lexical = performance.now() - started;
  archive.searchVectors(vectorOf(mulberry32(1)), { limit: listDepth });
  const all = performance.now() - started;
  const megabytes = (process.memoryUsage.rss() - before) / 1e6;
  console.log(
    `open to first lexical results ${lexical.toFixed(0)} ms, to first dense ones ${all.toFixed(0)} ms; RSS grew by ${megabytes.toFixed(0)} MB (mapped file pages included)`,
  );
}

async function time(what: string, count: number, run: (at: number) => unknown): Promise<void> {
  await run(0);
  const times: number[] = [];
  for (let at = 0; at < count; at++) {
    const started = performance.now();
    await run(at);
    times.push(performance.now() - started);
  }
  times.sort((left, right) => left - right);
  const quantile = (share: number) => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(2);
  console.log(
    `${what.padEnd(30)} p50 ${quantile(0.5).padStart(8)} ms   p95 ${quantile(0.95).padStart(8)} ms`,
  );
}

function pageOf(page: number, random: () => number): NewDocument {
  const chunks: NewChunk[] = [];
  let text = "";
  for (let at = 0; at < chunksPerPage; at++) {
    const passage = Array.from({ length: wordsPerChunk }, () => zipfWord(random, vocabulary)).join(" ");
    const start = text.length;
    text += `${passage}\n`;
    chunks.push({
      start,
      end: start + passage.length,
      headingPath: "",
      hash: `${page}/${at}`,
      terms: analyze(passage),
    });
  }
  const url = `https://site${page % 10}.example/${page}`;
  return {
    url,
    requestedUrl: url,
    finalUrl: url,
    host: new URL(url).host,
    httpStatus: 200,
    tier: "http",
    fetchedAt: page,
    etag: "",
    lastModified: "",
    contentHash: String(page),
    bytes: text.length,
    document: packDocument({
      title: "",
      description: "",
      author: "",
      publishedAt: "",
      modifiedAt: "",
      language: "en",
      siteName: "",
      canonicalUrl: "",
      markdown: text,
      text,
      fullText: "",
      blocks: [],
      structured: {},
      format: "html",
    }),
    chunks,
    terms: analyze(text),
  };
}

/** An embedder that knows these queries, and has been proven. */
function givenVectors(queries: readonly string[], vectors: readonly Float32Array[]): Embedder {
  const known = new Map(queries.map((query, at) => [query, vectors[at] ?? new Float32Array()]));
  return {
    ...embedder,
    maxTokens: 256,
    isProven: true,
    concurrency: 1,
    batchSize: 4,
    embed: (texts) => Promise.resolve(texts.map((text) => known.get(text) ?? new Float32Array())),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Three of the fifty commonest words and five of the first twenty thousand. */
function queryOf(random: () => number): string {
  const common = Array.from({ length: 3 }, () => `w${Math.floor(random() * 50)}`);
  return [...common, ...Array.from({ length: 5 }, () => zipfWord(random, 20_000))].join(" ");
}

/** Rank drawn with probability proportional to 1 / rank, by inversion. */
function zipfWord(random: () => number, ranks: number): string {
  return `w${Math.floor(ranks ** random()) - 1}`;
}

/** A unit vector near one of 500 centres. */
function vectorOf(random: () => number): Float32Array {
  const centre = mulberry32(Math.floor(random() * 500) + 1_000);
  const vector = Float32Array.from({ length: dimensions }, () => centre() - 0.5 + (random() - 0.5));
  const norm = Math.hypot(...vector);
  return vector.map((number) => number / norm);
}

function bytesOf(path: string): number {
  using database = new DatabaseSync(path);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  return statSync(path).size;
}

/** A small generator with a seed. Tommy Ettinger, mulberry32, public domain. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
