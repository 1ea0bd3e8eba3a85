import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Database } from "../../src/database.ts";
import { onHost } from "../../src/rag/filter.ts";
import { analyzeQuery } from "../../src/rag/text/analyzer.ts";
import { unpackText } from "../../src/rag/packed-document.ts";
import type { NewDocument, ScoredId } from "../../src/rag/chunk-store.ts";
import { SqliteArchive } from "../../src/rag/stores/sqlite-archive.ts";
import { rankAll } from "./brute-force.ts";
import { documentOf, StoreFile } from "./store-fixture.ts";

/** So small that a few documents go through packing, merging and rewriting. */
const limits = { tailItems: { chunk: 4, page: 2 }, stepPostings: 5, blockItems: 4 };
const words = ["apple", "banana", "cherry", "dates", "elder", "figs", "grape", "hazel", "iris", "juniper"];
const queries = ["apple", "banana cherry", "dates elder figs unheard", words.join(" ")].map(analyzeQuery);

const passage = fc.array(fc.constantFrom(...words), { maxLength: 8 }).map((list) => list.join(" "));
const page = fc.nat({ max: 9 }).map((number) => `https://site${number % 3}.example/${number}`);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("upsert"),
      page,
      passages: fc.array(passage, { maxLength: 5 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete"), page }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("fail"), page, passages: fc.array(passage, { maxLength: 5 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "optimize" } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: "reopen" } as const) },
  { weight: 2, arbitrary: fc.constant({ kind: "search" } as const) },
);

describe("the inverted index", () => {
  it("ranks like BM25 over the living texts, whatever was written, undone, merged and reopened before", async () => {
    const holds = fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 60, size: "max" }),
      async (steps) => {
        using file = new StoreFile();
        let database = file.open();
        let store = new SqliteArchive({ database }, limits);
        const reader = new SqliteArchive({ database: file.open({ isReadOnly: true }) }, limits);
        const living = new Map<string, NewDocument>();
        for (const step of steps) {
          if (step.kind === "upsert") {
            const document = documentOf(step.page, step.passages);
            await database.write(() => store.upsert(document));
            living.set(step.page, document);
          } else if (step.kind === "fail") {
            await assert.rejects(failingWrite(database, store, documentOf(step.page, step.passages)));
          } else if (step.kind === "delete") {
            assert.equal(
              await database.write(() => store.deleteDocument(step.page)),
              living.delete(step.page),
            );
          } else if (step.kind === "optimize") {
            await store.optimize();
          } else if (step.kind === "reopen") {
            database.close();
            database = file.open();
            store = new SqliteArchive({ database }, limits);
          } else {
            check(store, living);
          }
          check(reader, living);
        }
        check(store, living);
        await store.optimize();
        check(store, living);
        check(reader, living);
      },
    );
    await fc.assert(holds, { numRuns: 15 });
  });
});

function failingWrite(database: Database, store: SqliteArchive, document: NewDocument): Promise<void> {
  return database.write(() => {
    store.upsert(document);
    throw new Error("on purpose");
  });
}

/** Compares both fields, with and without a filter, with brute force over what should be there. */
function check(store: SqliteArchive, living: ReadonlyMap<string, NewDocument>): void {
  const chunks: { id: number; terms: NewDocument["terms"]; host: string }[] = [];
  const pages: typeof chunks = [];
  for (const [url, document] of living) {
    const id = store.document(url)?.id ?? -1;
    pages.push({ id, terms: document.terms, host: document.host });
    const rows = store.documentChunks(id);
    assert.equal(rows.length, document.chunks.length);
    for (const [at, row] of rows.entries()) {
      assert.equal(row.text, unpackText(document.document.text).slice(row.start, row.end));
      chunks.push({
        id: row.id,
        terms: (document.chunks[at] as (typeof document.chunks)[0]).terms,
        host: document.host,
      });
    }
  }
  const host = "site1.example";
  for (const query of queries) {
    for (const [texts, search] of [
      [chunks, store.searchChunks.bind(store)],
      [pages, store.searchDocuments.bind(store)],
    ] as const) {
      const expected = rankAll(texts, query);
      const hosts = new Map(texts.map((text) => [text.id, text.host]));
      agree(search(query, { limit: 1_000 }).hits, expected, 1_000);
      agree(search(query, { limit: 3 }).hits, expected, 3);
      const ofHost = expected.filter(({ id }) => hosts.get(id) === host);
      agree(search(query, { limit: 2, filter: onHost(host) }).hits, ofHost, 2);
    }
  }
  assert.deepEqual(store.stats(), { documents: living.size, chunks: chunks.length, embedded: 0 });
}

/** Equal scores in the same order; texts that differ by less than rounding may change places. */
function agree(found: readonly ScoredId[], all: readonly ScoredId[], limit: number): void {
  const scores = new Map(all.map(({ id, score }) => [id, score]));
  assert.equal(found.length, Math.min(limit, all.length));
  for (const [at, { id, score }] of found.entries()) {
    assert.ok(Math.abs(score - (scores.get(id) ?? 0)) < 1e-9, `score of ${id}`);
    assert.ok(Math.abs(score - (all[at]?.score ?? 0)) < 1e-9, `place ${at}`);
  }
  assert.equal(new Set(found.map(({ id }) => id)).size, found.length);
}
