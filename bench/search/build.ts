// Makes an index of so many chunks, and FTS5's of the same texts beside it. Ended at any moment, it goes on from there.
//   node bench/search/build.ts FOLDER CHUNKS SEED
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Database } from "../../src/database.ts";
import { archiveSchema } from "../../src/rag/stores/sqlite-schema.ts";
import { SqliteArchive } from "../../src/rag/stores/sqlite-archive.ts";
import { SqliteChunkStore } from "../../src/rag/stores/sqlite.ts";
import { chunksPerPage, embedder, pageOf } from "./corpus.ts";

/** What building cost. */
export interface Built {
  /** Milliseconds, their vectors included. */
  readonly pageMs: number;
  readonly peerPageMs: number;
  readonly longestCommitMs: number;
  readonly optimizeSeconds: number;
  readonly peakMb: number;
  readonly load: number;
}

export const [ourFile, peerFile] = ["forager.db", "fts5.db"];
/** As in a crawl, so many pages share a commit. */
const pagesPerCommit = 8;

if (import.meta.main) {
  const [folder = "", chunks, seed] = process.argv.slice(2);
  await build(folder, Number(chunks) / chunksPerPage, Number(seed));
}

/** What {@link build} noted when it was through; undefined before. */
export function readBuilt(folder: string): Built | undefined {
  const file = join(folder, "built.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Built) : undefined;
}

async function build(folder: string, pages: number, seed: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  using database = new Database(join(folder, ourFile), { schema: [archiveSchema] });
  const archive = new SqliteArchive({ database, embedder });
  const store = new SqliteChunkStore({ archive, database });
  using peer = openPeer(join(folder, peerFile));
  const insert = peer.prepare("INSERT INTO text(rowid, body) VALUES(?, ?)");
  const [ourPages, peerPages] = [archive.stats().documents, rowsOf(peer) / chunksPerPage];
  const [commits, peerCommits]: [number[], number[]] = [[], []];
  for (let page = Math.min(ourPages, peerPages); page < pages; page += pagesPerCommit) {
    const batch = Array.from({ length: Math.min(pagesPerCommit, pages - page) }, (_, at) =>
      pageOf(page + at, seed),
    );
    if (page >= ourPages) {
      const started = performance.now();
      await store.put(batch.map(({ document }) => document));
      commits.push(performance.now() - started);
    }
    if (page >= peerPages) {
      const started = performance.now();
      let row = page * chunksPerPage;
      peer.exec("BEGIN");
      for (const passage of batch.flatMap(({ passages }) => passages)) insert.run(++row, passage);
      peer.exec("COMMIT");
      peerCommits.push(performance.now() - started);
    }
    if (page % 5_000 === 0) console.error(`${page} of ${pages} pages`);
  }
  const started = performance.now();
  await archive.optimize();
  const optimizeSeconds = (performance.now() - started) / 1_000;
  peer.exec("INSERT INTO text(text) VALUES('optimize')");
  for (const pragma of ["PRAGMA wal_checkpoint(TRUNCATE)"]) {
    peer.exec(pragma);
    database.prepare(pragma).get();
  }
  const built: Built = {
    pageMs: mean(commits) / pagesPerCommit,
    peerPageMs: mean(peerCommits) / pagesPerCommit,
    longestCommitMs: Math.max(0, ...commits),
    optimizeSeconds,
    peakMb: process.resourceUsage().maxRSS / 1_024,
    load: loadavg()[0] ?? 0,
  };
  writeFileSync(join(folder, "built.json"), JSON.stringify(built));
}

function openPeer(path: string): DatabaseSync {
  const peer = new DatabaseSync(path);
  peer.exec(
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE VIRTUAL TABLE IF NOT EXISTS text USING fts5(body, content='', tokenize='unicode61 remove_diacritics 0')",
  );
  return peer;
}

function rowsOf(peer: DatabaseSync): number {
  return Number(peer.prepare("SELECT max(id) AS rows FROM text_docsize").get()?.["rows"] ?? 0);
}

function mean(times: readonly number[]): number {
  return times.reduce((sum, time) => sum + time, 0) / Math.max(1, times.length);
}
