import { type AbortListener, listen, unlisten } from "../../abort-listeners.ts";
import type { Clock } from "../../clock.ts";
import { within } from "../../deadline.ts";
import { ForagerError, StoreError, TimeoutError, messageOf } from "../../errors.ts";
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

/** So long a call may go unanswered before the store is asked whether it is still there, and again each time after. */
const lookAfterMs = 1_000;
/** A store that is there says so at once. */
export const probeMs = 2_000;

/** Whether the store still answers; rejects when it does not. */
export type Probe = (signal: AbortSignal) => Promise<unknown>;

/**
 * A store elsewhere, watched while a question is answered from it: a call that is not answered is given up as soon as the
 * store no longer says that it is there, however patient the call itself would be. After its first failure nothing more is asked
 * of it, so that its place can be taken at once.
 */
export class WatchedStore implements ChunkStore {
  readonly name: string;
  /** There where the store has it. */
  readonly searchFused?: NonNullable<ChunkStore["searchFused"]>;
  readonly #store: ChunkStore;
  readonly #instead: Pick<ChunkStore, "document" | "idf">;
  readonly #probe: Probe;
  readonly #clock: Clock;
  #failure: StoreError | undefined;

  /** @param deps.instead Has the same under the same names: asked for what may come from either. */
  constructor(deps: {
    readonly store: ChunkStore;
    readonly instead: Pick<ChunkStore, "document" | "idf">;
    readonly probe: Probe;
    readonly clock: Clock;
  }) {
    this.name = deps.store.name;
    this.#store = deps.store;
    this.#instead = deps.instead;
    this.#probe = deps.probe;
    this.#clock = deps.clock;
    const searchFused = deps.store.searchFused?.bind(deps.store);
    if (searchFused)
      this.searchFused = (queries, options, signal) =>
        this.watch((own) => searchFused(queries, options, own), signal);
  }

  /** Why nothing more is asked of it: what was found since may lack something. */
  get failure(): StoreError | undefined {
    return this.#failure;
  }

  /** Asks it whether it is there, once. @throws When it is not, or is something else. */
  async check(signal?: AbortSignal): Promise<void> {
    try {
      await within(`Asking ${this.name} whether it is there`, probeMs, signal, this.#probe);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof ForagerError) this.#failure = new StoreError(error.message, { cause: error });
      throw error;
    }
  }

  put(documents: readonly IndexedDocument[], signal?: AbortSignal): Promise<void> {
    return this.watch((own) => this.#store.put(documents, own), signal);
  }

  delete(urls: readonly string[], signal?: AbortSignal): Promise<void> {
    return this.watch((own) => this.#store.delete(urls, own), signal);
  }

  searchWords(
    queries: readonly TermCounts[],
    options: SearchOptions,
    signal?: AbortSignal,
  ): Promise<readonly WordsFound[]> {
    return this.watch((own) => this.#store.searchWords(queries, options, own), signal);
  }

  bestChunks(
    documentIds: readonly ChunkId[],
    terms: TermCounts,
    signal?: AbortSignal,
  ): Promise<readonly FoundChunk[]> {
    return this.watch((own) => this.#store.bestChunks(documentIds, terms, own), signal);
  }

  searchVectors(
    vectors: readonly Float32Array[],
    options: SearchOptions,
    signal?: AbortSignal,
  ): Promise<readonly (readonly FoundChunk[])[]> {
    return this.watch((own) => this.#store.searchVectors(vectors, options, own), signal);
  }

  knownTerms(ids: readonly number[], signal?: AbortSignal): Promise<ReadonlySet<number>> {
    return this.watch((own) => this.#store.knownTerms(ids, own), signal);
  }

  chunks(ids: readonly ChunkId[], signal?: AbortSignal): Promise<readonly StoredChunk[]> {
    return this.watch((own) => this.#store.chunks(ids, own), signal);
  }

  documents(ids: readonly ChunkId[], signal?: AbortSignal): Promise<readonly StoredDocument[]> {
    return this.watch((own) => this.#store.documents(ids, own), signal);
  }

  vectors(ids: readonly ChunkId[], signal?: AbortSignal): Promise<ReadonlyMap<ChunkId, Float32Array>> {
    return this.watch((own) => this.#store.vectors(ids, own), signal);
  }

  embeddingJobs(chunkIds: readonly ChunkId[], signal?: AbortSignal): Promise<readonly EmbeddingJob[]> {
    return this.watch((own) => this.#store.embeddingJobs(chunkIds, own), signal);
  }

  urls(signal?: AbortSignal): AsyncIterable<string> {
    return this.#store.urls(signal);
  }

  everything(signal?: AbortSignal): AsyncIterable<IndexedDocument> {
    return this.#store.everything(signal);
  }

  stats(signal?: AbortSignal): Promise<StoreStats> {
    return this.watch((own) => this.#store.stats(own), signal);
  }

  /** Of what has begun to be answered; so this does not fail with the store. */
  async document(url: string, signal?: AbortSignal): Promise<StoredDocument | undefined> {
    return await this.#either((store, own) => store.document(url, own), signal);
  }

  /** As {@link document}. */
  async idf(terms: TermCounts, signal?: AbortSignal): Promise<Float64Array> {
    return await this.#either((store, own) => store.idf(terms, own), signal);
  }

  /** The store is its maker's to close. */
  async [Symbol.asyncDispose](): Promise<void> {}

  /** What `call` gives. @throws {StoreError} As soon as the store is known not to answer, or to have failed before. */
  async watch<T>(call: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    if (this.#failure) throw this.#failure;
    const own = new AbortController();
    const stop: AbortListener = {
      handleEvent: () => {
        this.#note(signal?.reason);
        own.abort(signal?.reason);
      },
    };
    if (signal) listen(signal, stop);
    try {
      return await Promise.race([call(own.signal), this.#untilGone(own.signal)]);
    } catch (error) {
      signal?.throwIfAborted();
      this.#note(error);
      throw error;
    } finally {
      if (signal) unlisten(signal, stop);
      own.abort();
    }
  }

  async #either<T>(
    call: (store: Pick<ChunkStore, "document" | "idf">, signal: AbortSignal | undefined) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    try {
      return await this.watch((own) => call(this.#store, own), signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (!this.#failure) throw error;
      return await call(this.#instead, signal);
    }
  }

  /** Asks again and again whether the store is there. @throws What the first look throws that finds it gone. */
  async #untilGone(signal: AbortSignal): Promise<never> {
    for (;;) {
      await this.#clock.sleep(lookAfterMs, signal);
      await within(`Asking whether ${this.name} is still there`, probeMs, signal, this.#probe);
    }
  }

  /** What waiting may mend, and what came too late, is the store's failure; what was asked wrongly is not. */
  #note(error: unknown): void {
    if (error instanceof StoreError && (error.retryable || error.code === "qdrant-missing"))
      this.#failure ??= error;
    else if (error instanceof TimeoutError)
      this.#failure ??= new StoreError(`${this.name} does not answer in time: ${messageOf(error)}`, {
        cause: error,
        retryable: true,
      });
  }
}
