import { setImmediate } from "node:timers/promises";
import type { Database } from "../../database.ts";
import type {
  ChunkId,
  ChunkStore,
  EmbeddingJob,
  FoundChunk,
  IndexedDocument,
  SearchOptions,
  StoredChunk,
  StoredDocument,
  StoreStats,
  TermCounts,
  WordsFound,
} from "../chunk-store.ts";
import type { SqliteArchive } from "./sqlite-archive.ts";

/** A search holds the thread, 25 ms at a million passages: what waits for it comes in between, one search at a time. */
const turn = () => setImmediate();

/** Searches the data folder's own file: the archive is the index. */
export class SqliteChunkStore implements ChunkStore {
  readonly name = "the data folder";
  readonly #archive: SqliteArchive;
  readonly #database: Database;

  constructor(deps: { readonly archive: SqliteArchive; readonly database: Database }) {
    this.#archive = deps.archive;
    this.#database = deps.database;
  }

  async put(documents: readonly IndexedDocument[], signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await Promise.all(
      documents.map((document) =>
        this.#database.write(() => {
          this.#archive.upsert(document);
          const vectors = document.chunks.flatMap(({ hash, vector }) => (vector ? [{ hash, vector }] : []));
          if (vectors.length > 0) this.#archive.putVectors(vectors);
        }),
      ),
    );
  }

  async delete(urls: readonly string[], signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await Promise.all(urls.map((url) => this.#database.write(() => this.#archive.deleteDocument(url))));
  }

  async searchWords(
    queries: readonly TermCounts[],
    options: SearchOptions,
    signal?: AbortSignal,
  ): Promise<WordsFound<number>[]> {
    await turn();
    signal?.throwIfAborted();
    return queries.map((terms) => {
      const { hits, maxScore } = this.#archive.searchChunks(terms, options);
      const { hits: documents } = this.#archive.searchDocuments(terms, options);
      return { chunks: this.#archive.found(hits), documents, maxScore };
    });
  }

  async bestChunks(
    documentIds: readonly ChunkId[],
    terms: TermCounts,
    signal?: AbortSignal,
  ): Promise<FoundChunk<number>[]> {
    signal?.throwIfAborted();
    return this.#archive.found(documentIds.flatMap((id) => this.#archive.bestChunk(Number(id), terms) ?? []));
  }

  async searchVectors(
    vectors: readonly Float32Array[],
    options: SearchOptions,
    signal?: AbortSignal,
  ): Promise<FoundChunk<number>[][]> {
    await turn();
    signal?.throwIfAborted();
    return vectors.map((vector) => this.#archive.found(this.#archive.searchVectors(vector, options)));
  }

  async idf(terms: TermCounts, signal?: AbortSignal): Promise<Float64Array> {
    signal?.throwIfAborted();
    return this.#archive.idf(terms);
  }

  async knownTerms(ids: readonly number[], signal?: AbortSignal): Promise<ReadonlySet<number>> {
    signal?.throwIfAborted();
    return this.#archive.knownTerms(ids);
  }

  async chunks(ids: readonly ChunkId[], signal?: AbortSignal): Promise<StoredChunk<number>[]> {
    signal?.throwIfAborted();
    return this.#archive.chunks(ids.map(Number));
  }

  async documents(ids: readonly ChunkId[], signal?: AbortSignal): Promise<StoredDocument<number>[]> {
    signal?.throwIfAborted();
    return ids.flatMap((id) => this.#archive.documentById(Number(id)) ?? []);
  }

  async document(url: string, signal?: AbortSignal): Promise<StoredDocument<number> | undefined> {
    signal?.throwIfAborted();
    return this.#archive.document(url);
  }

  async vectors(ids: readonly ChunkId[], signal?: AbortSignal): Promise<ReadonlyMap<ChunkId, Float32Array>> {
    signal?.throwIfAborted();
    return this.#archive.vectors(ids.map(Number));
  }

  async embeddingJobs(chunkIds: readonly ChunkId[], signal?: AbortSignal): Promise<EmbeddingJob[]> {
    signal?.throwIfAborted();
    return this.#archive.embeddingJobs(chunkIds.map(Number));
  }

  async *urls(signal?: AbortSignal): AsyncGenerator<string> {
    for (const { url } of this.#archive.documents()) {
      signal?.throwIfAborted();
      yield url;
    }
  }

  async *everything(signal?: AbortSignal): AsyncGenerator<IndexedDocument> {
    for (const { url } of this.#archive.documents()) {
      signal?.throwIfAborted();
      const document = this.#archive.indexed(url);
      if (document) yield document;
    }
  }

  async stats(signal?: AbortSignal): Promise<StoreStats> {
    signal?.throwIfAborted();
    return this.#archive.stats();
  }

  /** The file is its folder's to close. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
