// Everything that is measured of one index, in a process of its own: what it has in memory is this index alone.
//   node bench/search/measure.ts FOLDER CHUNKS SEED QUERIES
import { statSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { DatabaseSync } from "node:sqlite";
import { Piscina } from "piscina";
import { analyzeQuery } from "../../src/rag/text/analyzer.ts";
import { onHost } from "../../src/rag/filter.ts";
import { ourFile, peerFile, readBuilt } from "./build.ts";
import { chunksPerPage, hostOf, type Query, queriesOf } from "./corpus.ts";
import { type Figure, latency, memory, throughput } from "./figures.ts";
import { OpenIndex } from "./open.ts";

const listDepth = 100;
const clients = 8;
/** FTS5 needs seconds for a query in a million; so few give its median. */
const peerQueries = 8;
const recallQueries = 20;

const [folder = "", chunks, seed, count] = process.argv.slice(2);
const figures = await measure(folder, Number(chunks), queriesOf(Number(count), Number(seed)));
console.log(JSON.stringify(figures));

async function measure(folder: string, chunks: number, queries: readonly Query[]): Promise<Figure[]> {
  const figures: Figure[] = [{ what: "load average, at the start", unit: "", values: [loadavg()[0] ?? 0] }];
  const add = (...more: Figure[]) => figures.push(...more);
  const query = (at: number) => queries[at % queries.length] as Query;
  const terms = queries.map(({ text }) => analyzeQuery(text));
  const options = { limit: listDepth };

  add(...built(folder), ...onDisk(folder));
  const bare = memory("").values[0] ?? 0;
  const started = performance.now();
  using index = new OpenIndex(folder);
  const { archive } = index;
  const word = (at: number) => archive.searchChunks(terms[at] ?? analyzeQuery(""), options);
  word(0);
  add({ what: "open, first search by words", unit: "ms", values: [performance.now() - started] });
  await index.hybrid(query(0));
  add({ what: "open, first hybrid", unit: "ms", values: [performance.now() - started] });
  add(memory("memory then: own / mapped"));

  const meaning = (at: number) => archive.searchVectors(query(at).vector, options);
  add(await latency("words, passages", queries.length, word));
  add(
    await latency("words, pages", queries.length, (at) =>
      archive.searchDocuments(terms[at] ?? analyzeQuery(""), options),
    ),
    await latency("vectors", queries.length, meaning),
    await latency("hybrid", queries.length, (at) => index.hybrid(query(at))),
    // Another host each time: what the last filter held for is of no use.
    await latency("hybrid, one host in ten", queries.length, (at) =>
      index.hybrid(query(at), onHost(hostOf(at))),
    ),
    await latency("hybrid, later half of the pages", queries.length, (at) =>
      index.hybrid(query(at), { field: "fetchedAt", from: chunks / chunksPerPage / 2 + at }),
    ),
  );
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  add(
    ...(await throughput(`hybrid, ${clients} clients, main thread`, clients, 2 * queries.length, (at) =>
      index.hybrid(query(at)),
    )),
  );
  delay.disable();
  add({ what: "event loop held, longest", unit: "ms", values: [delay.max / 1e6] });
  const own = memory("memory after these: own / mapped");
  add(own, {
    what: "memory a passage",
    unit: "bytes",
    values: [(((own.values[0] ?? 0) - bare) * 1e6) / chunks],
  });
  for (const threads of [1, 2]) add(...(await inThreads(folder, threads, queries)));
  add(recall(index, queries.slice(0, recallQueries), listDepth));
  add(await peer(folder, queries));
  return [...figures, { what: "load average, at the end", unit: "", values: [loadavg()[0] ?? 0] }];
}

function built(folder: string): Figure[] {
  const built = readBuilt(folder);
  if (!built) return [];
  return [
    { what: "build: a page of 20", unit: "ms", values: [built.pageMs] },
    { what: "FTS5: a page of 20, no vectors", unit: "ms", values: [built.peerPageMs] },
    { what: "build: longest commit of 8 pages", unit: "ms", values: [built.longestCommitMs] },
    { what: "build: optimize at the end", unit: "s", values: [built.optimizeSeconds] },
    { what: "build: peak memory, FTS5 in it", unit: "MB", values: [built.peakMb] },
    { what: "build: load average", unit: "", values: [built.load] },
  ];
}

/** Megabytes by what they are for. */
function onDisk(folder: string): Figure[] {
  using file = new DatabaseSync(join(folder, ourFile), { readOnly: true });
  const rows = file
    .prepare(
      "SELECT tbl_name AS part, sum(pgsize) AS bytes FROM dbstat JOIN sqlite_schema USING (name) GROUP BY 1",
    )
    .all();
  const bytes = (...parts: string[]) =>
    rows
      .filter(({ part }) => parts.length === 0 || parts.includes(String(part)))
      .reduce((sum, row) => sum + Number(row["bytes"]), 0);
  return [
    megabytes("disk, all", statSync(join(folder, ourFile)).size),
    megabytes("- pages' texts", bytes("document")),
    megabytes("- passages with their terms", bytes("chunk", "page")),
    megabytes("- inverted index", bytes("segment", "posting")),
    megabytes("- vectors", bytes("vector", "embedding")),
    megabytes("- signs of the vectors", bytes("sign_block")),
    megabytes("FTS5, passages alone, no texts", statSync(join(folder, peerFile)).size),
  ];
}

function megabytes(what: string, bytes: number): Figure {
  return { what, unit: "MB", values: [bytes / 1e6] };
}

async function inThreads(folder: string, threads: number, queries: readonly Query[]): Promise<Figure[]> {
  const pool = new Piscina<Query, number>({
    filename: new URL("./reader-thread.ts", import.meta.url).href,
    workerData: folder,
    minThreads: threads,
    maxThreads: threads,
  });
  try {
    const answer = (at: number) => pool.run(queries[at % queries.length] as Query);
    const before = memory("").values[0] ?? 0;
    await Promise.all(Array.from({ length: 4 * threads }, (_, at) => answer(at)));
    const grown = (memory("").values[0] ?? 0) - before;
    const what = `hybrid, ${clients} clients, ${threads} reader thread${threads > 1 ? "s" : ""}`;
    return [
      ...(await throughput(what, clients, 2 * queries.length, answer)),
      { what: `${what}: memory more`, unit: "MB", values: [grown] },
    ];
  } finally {
    await pool.close();
  }
}

/** Which share of the truly nearest passages the search by vectors finds: of the first ten, of the first hundred. */
function recall(index: OpenIndex, queries: readonly Query[], limit: number): Figure {
  const exact = index.exactNearest(
    queries.map(({ vector }) => vector),
    limit,
  );
  const found = queries.map(
    ({ vector }) => new Set(index.archive.searchVectors(vector, { limit }).map(({ id }) => id)),
  );
  const share = (depth: number) =>
    exact.reduce(
      (sum, ids, at) => sum + ids.slice(0, depth).filter((id) => found[at]?.has(id)).length / depth,
      0,
    ) / exact.length;
  return {
    what: "vectors: share found of the nearest 10 / 100",
    unit: "",
    values: [share(10), share(limit)],
  };
}

function peer(folder: string, queries: readonly Query[]): Promise<Figure> {
  const file = new DatabaseSync(join(folder, peerFile), { readOnly: true });
  const match = file.prepare("SELECT rowid, rank FROM text WHERE text MATCH ? ORDER BY rank LIMIT ?");
  return latency("FTS5, passages", Math.min(peerQueries, queries.length), (at) =>
    match.all((queries[at]?.text ?? "").replaceAll(" ", " OR "), listDepth),
  ).finally(() => file.close());
}
