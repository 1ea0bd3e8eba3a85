import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { BitIndex } from "../../src/rag/vectors/bit-index.ts";
import type { ScoredId } from "../../src/rag/chunk-store.ts";
import { SqliteArchive } from "../../src/rag/stores/sqlite-archive.ts";
import { SignMemory } from "../../src/rag/vectors/sign-memory.ts";
import { dot } from "../../src/rag/vectors/vector-math.ts";
import { documentOf, StoreFile } from "./store-fixture.ts";

const dimensions = 8;
const embedder = { id: "test/eight", dimensions };
/** So small that a few vectors fill blocks, and blocks are written anew. */
const limits = { tailItems: { chunk: 4, page: 2 }, stepPostings: 5, blockItems: 4 };

/** A unit vector that depends on `seed` alone. */
function vectorOf(seed: number, length = dimensions): Float32Array {
  const vector = Float32Array.from({ length }, (_, at) => Math.sin(seed * 12.9898 + at * 78.233));
  const norm = Math.hypot(...vector);
  return vector.map((number) => number / norm);
}

describe("the vector index", () => {
  const page = fc.nat({ max: 6 }).map((number) => `https://a.example/${number}`);
  const passages = fc.array(
    fc.nat({ max: 12 }).map((number) => `passage ${number}`),
    { maxLength: 4 },
  );
  const step = fc.oneof(
    fc.record({ kind: fc.constant("upsert"), page, passages }),
    fc.record({ kind: fc.constant("delete"), page }),
    fc.record({ kind: fc.constant("embed"), count: fc.integer({ min: 1, max: 6 }) }),
    fc.record({ kind: fc.constant("fail"), count: fc.integer({ min: 1, max: 6 }) }),
    fc.constant({ kind: "reopen" } as const),
    fc.constant({ kind: "search" } as const),
  );

  it("ranks all that is embedded by cosine, whatever was written, undone, packed and reopened before", async () => {
    const holds = fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 60, size: "max" }),
      async (steps) => {
        using file = new StoreFile();
        let database = file.open();
        let store = new SqliteArchive({ database, embedder }, limits);
        const reader = new SqliteArchive({ database: file.open({ isReadOnly: true }), embedder }, limits);
        const put = (count: number) => {
          const jobs = store.embeddingBacklog({ limit: count, onlyLead: false });
          return store.putVectors(jobs.map(({ hash, text }) => ({ hash, vector: vectorOfText(text) })));
        };
        for (const step of steps) {
          if (step.kind === "upsert")
            await database.write(() => store.upsert(documentOf(step.page, step.passages)));
          else if (step.kind === "delete") await database.write(() => store.deleteDocument(step.page));
          else if (step.kind === "embed") await database.write(() => put(step.count));
          else if (step.kind === "fail") {
            await assert.rejects(
              database.write(() => {
                put(step.count);
                throw new Error("on purpose");
              }),
            );
          } else if (step.kind === "reopen") {
            database.close();
            database = file.open();
            store = new SqliteArchive({ database, embedder }, limits);
          } else check(store);
          check(reader);
        }
        check(store);
      },
    );
    await fc.assert(holds, { numRuns: 15 });
  });
});

describe("blocks of signs", () => {
  it("are written anew when more than half of them is dead", async () => {
    using file = new StoreFile();
    const database = file.open();
    const store = new SqliteArchive({ database, embedder }, limits);
    const addPage = (url: string, first: number) =>
      database.write(() => {
        store.upsert(
          documentOf(
            url,
            Array.from({ length: 4 }, (_, at) => `passage ${first + at}`),
          ),
        );
        const jobs = store.embeddingBacklog({ limit: 9, onlyLead: false });
        store.putVectors(jobs.map(({ hash, text }) => ({ hash, vector: vectorOfText(text) })));
      });
    const packed = () => database.prepare("SELECT sum(items) AS items FROM sign_block").get()?.["items"];
    await addPage("https://a.example/1", 0);
    await addPage("https://a.example/2", 4);
    assert.equal(packed(), 8);
    await database.write(() => store.upsert(documentOf("https://a.example/1", ["passage 0"])));
    await addPage("https://a.example/3", 8);
    assert.equal(packed(), 9);
    assert.equal(
      database.prepare("SELECT count(*) AS count FROM dead WHERE field = 'embedding'").get()?.["count"],
      0,
    );
    check(store);
  });
});

function vectorOfText(text: string): Float32Array {
  return vectorOf(Number(/\d+/.exec(text)?.[0]));
}

function check(store: SqliteArchive): void {
  const query = vectorOf(100);
  const chunks = [...store.documents()].flatMap(({ id }) => store.documentChunks(id));
  const expected: ScoredId<number>[] = chunks
    .filter(({ id }) => store.found([{ id, score: 1 }])[0]?.hasVector)
    .map(({ id, text }) => ({ id, score: dot(query, vectorOfText(text)) }))
    .sort((left, right) => right.score - left.score || left.id - right.id);
  assert.deepEqual(store.searchVectors(query, { limit: 100 }), expected);
  const lead = chunks.filter(({ ordinal }) => ordinal <= 3);
  const waiting = lead.filter(({ id }) => !store.found([{ id, score: 1 }])[0]?.hasVector).length;
  assert.deepEqual(store.stats().embedded, expected.length);
  assert.deepEqual(
    [store.backlogSize(false), store.backlogSize(true)],
    [chunks.length - expected.length, waiting],
  );
}

describe("the bit index", () => {
  it("counts the bits in which rows differ, whatever their length, before and after it grows", () => {
    const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    const table = fc
      .integer({ min: 1, max: 20 })
      .chain((words) => fc.array(fc.array(word, { minLength: words, maxLength: words }), { minLength: 1 }));
    fc.assert(
      fc.property(table, (rows) => {
        const [query = []] = rows;
        const memory = new SignMemory(query.length);
        for (const [slot, row] of rows.entries()) {
          memory.reserve(slot + 1);
          memory.row(slot).set(row);
          const expected = rows.slice(0, slot + 1).map((other) => bitsThatDiffer(query, other));
          assert.deepEqual([...memory.distances(Uint32Array.from(query), slot + 1)], expected);
        }
      }),
    );
  });

  it("finds more of the exact first hundred among four times as many candidates than signs alone would", () => {
    const index = new BitIndex(384);
    // Twenty texts on each of a hundred subjects.
    const vectors = Array.from({ length: 2_000 }, (_, at) => unitSum(noiseOf(at % 100), noiseOf(1_000 + at)));
    for (const vector of vectors) index.push(vector);
    const queries = Array.from({ length: 6 }, (_, at) => unitSum(noiseOf(7 * at), noiseOf(5_000 + at)));
    let found = 0;
    for (const vector of queries) {
      const candidates = new Set(index.nearest(vector, 400, () => true));
      assert.equal(candidates.size, 400);
      const cosines = vectors.map((other) => dot(vector, other));
      const exact = Array.from(vectors.keys()).sort(
        (left, right) => (cosines[right] ?? 0) - (cosines[left] ?? 0),
      );
      found += exact.slice(0, 100).filter((slot) => candidates.has(slot)).length;
    }
    // .937; by signs alone .838
    assert.ok(found / (100 * queries.length) > 0.92, `${found} found`);
  });

  it("looks only at what is accepted, and gives all of it when it is few", () => {
    const index = new BitIndex(dimensions);
    for (let at = 0; at < 100; at++) index.push(vectorOf(at));
    assert.deepEqual(
      index.nearest(vectorOf(3), 50, (slot) => slot % 40 === 0),
      [0, 40, 80],
    );
    assert.equal(index.nearest(vectorOf(3), 5, (slot) => slot < 50).length, 5);
    assert.deepEqual(
      index.nearest(vectorOf(3), 5, () => false),
      [],
    );
  });
});

function bitsThatDiffer(one: readonly number[], other: readonly number[]): number {
  const bits = one.map(
    (word, at) => ((word ^ (other[at] ?? 0)) >>> 0).toString(2).replaceAll("0", "").length,
  );
  return bits.reduce((sum, count) => sum + count, 0);
}

/** Numbers from -.5 to .5 that depend on `seed` alone. */
function noiseOf(seed: number): Float32Array {
  return Float32Array.from({ length: 384 }, (_, at) => {
    const number = 43_758.5453 * Math.sin(127.1 * seed + 311.7 * at);
    return number - Math.floor(number) - 0.5;
  });
}

function unitSum(one: Float32Array, other: Float32Array): Float32Array {
  const sum = one.map((number, at) => number + (other[at] ?? 0));
  const norm = Math.hypot(...sum);
  return sum.map((number) => number / norm);
}
