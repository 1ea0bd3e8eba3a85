import { join } from "node:path";
import { systemClock } from "../../src/clock.ts";
import { Database } from "../../src/database.ts";
import type { Embedder } from "../../src/rag/embedder.ts";
import { RetrieveOptions } from "../../src/rag/retrieval/retrieve-options.ts";
import { Retriever } from "../../src/rag/retrieval/retrieve.ts";
import { readVector } from "../../src/rag/stores/sqlite-vectors.ts";
import { SqliteArchive } from "../../src/rag/stores/sqlite-archive.ts";
import { SqliteChunkStore } from "../../src/rag/stores/sqlite.ts";
import { TopHits } from "../../src/rag/top-hits.ts";
import { dot } from "../../src/rag/vectors/vector-math.ts";
import { ourFile } from "./build.ts";
import { embedder, type Query } from "./corpus.ts";

/** As much of the file as Forager maps for searching. */
const mapBytes = 1 << 28;

/** An index as a process that searches has it, with questions whose vectors are known. */
export class OpenIndex implements Disposable {
  readonly #database: Database;
  readonly archive: SqliteArchive;
  readonly retriever: Retriever;
  readonly #vectors = new Map<string, Float32Array>();

  constructor(folder: string) {
    this.#database = new Database(join(folder, ourFile), { schema: [], isReadOnly: true, mapBytes });
    this.archive = new SqliteArchive({ database: this.#database, embedder });
    const store = new SqliteChunkStore({ archive: this.archive, database: this.#database });
    this.retriever = new Retriever(
      { store, embedder: this.#givenVectors(), clock: systemClock },
      RetrieveOptions.parse({}),
    );
  }

  /** The whole way of a question but for making its vector: three lists, fusion, ten passages with their texts. */
  async hybrid(
    { text, vector }: Query,
    filter?: Parameters<Retriever["retrieve"]>[1]["filter"],
  ): Promise<number> {
    this.#vectors.set(text, vector);
    const { hits } = await this.retriever.retrieve(text, { limit: 10, filter });
    return hits.length;
  }

  /** Cosines to every vector: what searching by signs first is measured against. */
  exactNearest(vectors: readonly Float32Array[], limit: number): number[][] {
    const best = vectors.map(() => new TopHits(limit));
    const rows = this.#database
      .prepare(
        "SELECT chunk_id, numbers FROM embedding JOIN vector ON vector.id = vector_id ORDER BY vector_id",
      )
      .iterate();
    for (const row of rows) {
      const numbers = readVector(row["numbers"]);
      for (const [at, vector] of vectors.entries())
        best[at]?.offer(Number(row["chunk_id"]), dot(vector, numbers));
    }
    return best.map((top) => top.sorted().map(({ id }) => id));
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #givenVectors(): Embedder {
    return {
      ...embedder,
      maxTokens: 256,
      isProven: true,
      concurrency: 1,
      batchSize: 4,
      embed: (texts) => Promise.resolve(texts.map((text) => this.#vectors.get(text) ?? new Float32Array())),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
}
