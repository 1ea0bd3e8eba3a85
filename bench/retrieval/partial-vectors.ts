import { DatabaseSync } from "node:sqlite";
import { type ChunkId, type ChunkStore, compareIds, type FoundChunk } from "../../src/rag/chunk-store.ts";
import type { Embedder } from "../../src/rag/embedder.ts";

/** An index's vectors in the order in which the product makes them, as if only the first had been made yet. */
export class OrderedVectors {
  readonly #rows: readonly {
    readonly id: ChunkId;
    readonly documentId: ChunkId;
    readonly vector: Float32Array;
  }[];
  readonly #byId: ReadonlyMap<ChunkId, Float32Array>;
  readonly #placeOf: ReadonlyMap<ChunkId, number>;

  /** @param path The data folder's file, wholly embedded. */
  constructor(path: string) {
    using database = new DatabaseSync(path, { readOnly: true });
    this.#rows = database
      .prepare(
        `SELECT chunk.id, chunk.document_id, numbers FROM chunk JOIN embedding ON embedding.chunk_id = chunk.id
         JOIN vector ON vector.id = vector_id ORDER BY rank, chunk.document_id, ordinal`,
      )
      .all()
      .map((row) => ({
        id: Number(row["id"]),
        documentId: Number(row["document_id"]),
        vector: new Float32Array((row["numbers"] as Uint8Array).slice().buffer),
      }));
    this.#byId = new Map(this.#rows.map(({ id, vector }) => [id, vector]));
    this.#placeOf = new Map(this.#rows.map(({ id }, place) => [id, place]));
  }

  /** `store` as it was when only this share of its vectors was there. Searching them is exact. */
  hide(store: ChunkStore, share: number): ChunkStore {
    const shown = Math.round(share * this.#rows.length);
    const isShown = (id: ChunkId) => (this.#placeOf.get(id) ?? Infinity) < shown;
    const mark = (found: FoundChunk): FoundChunk => ({ ...found, hasVector: isShown(found.id) });
    const search = (vector: Float32Array, limit: number) =>
      this.#rows
        .slice(0, shown)
        .map((row) => ({
          id: row.id,
          documentId: row.documentId,
          hasVector: true,
          score: dot(row.vector, vector),
        }))
        .sort((one, other) => other.score - one.score || compareIds(one.id, other.id))
        .slice(0, limit);
    const changed: Partial<ChunkStore> = {
      searchWords: async (...given) =>
        (await store.searchWords(...given)).map((found) => ({ ...found, chunks: found.chunks.map(mark) })),
      bestChunks: async (...given) => (await store.bestChunks(...given)).map(mark),
      searchVectors: async (vectors, { limit }) => vectors.map((vector) => search(vector, limit)),
      embeddingJobs: async (ids) =>
        ids
          .filter((id) => !isShown(id))
          .map((chunkId) => ({ chunkId, hash: String(chunkId), text: String(chunkId) })),
    };
    return new Proxy(store, {
      get: (target, key) => {
        const value: unknown = Reflect.get(changed, key) ?? Reflect.get(target, key);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  /** An embedder that knows the hidden passages' vectors, and asks `inner` for a question's once. */
  embedder(inner: Embedder): Embedder {
    const questions = new Map<string, Promise<Float32Array>>();
    const { id, dimensions, maxTokens } = inner;
    return {
      id,
      dimensions,
      maxTokens,
      isProven: true,
      concurrency: 1,
      batchSize: 64,
      embed: async (ids) => ids.map((one) => this.#byId.get(Number(one)) ?? new Float32Array(dimensions)),
      embedQuery: (text) => {
        const known = questions.get(text) ?? inner.embed([text]).then(([vector]) => vector as Float32Array);
        questions.set(text, known);
        return known;
      },
      async [Symbol.asyncDispose]() {},
    };
  }
}

function dot(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at += 1) sum += (one[at] as number) * (other[at] as number);
  return sum;
}
