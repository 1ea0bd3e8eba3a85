import PQueue from "p-queue";
import { unlessAborted } from "../../deadline.ts";
import { OptionsError, StoreError } from "../../errors.ts";
import type {
  ChunkId,
  ChunkStore,
  EmbeddingJob,
  FoundChunk,
  FusedFound,
  FusedQuery,
  FusedSearchOptions,
  IndexedDocument,
  SearchOptions,
  StoredChunk,
  StoredDocument,
  StoreStats,
  TermCounts,
  WordsFound,
} from "../chunk-store.ts";
import { searchableText } from "../text/searchable-text.ts";
import { compileFilter } from "./qdrant/filter.ts";
import type { IndexFacts } from "./qdrant/index-config.ts";
import { IndexReader } from "./qdrant/index-reader.ts";
import { denseOf, readChunk, readDocument } from "./qdrant/payload.ts";
import { documentPointId } from "./qdrant/point-id.ts";
import type { QdrantPoints } from "./qdrant/points.ts";
import { DocumentWriter } from "./qdrant/put-documents.ts";
import { readEverything, readUrls } from "./qdrant/read-everything.ts";
import {
  foundChunks,
  foundDocuments,
  fusedSearches,
  holderSearch,
  maxScoreOf,
  mostFused,
  vectorSearch,
  wordsSearch,
} from "./qdrant/searches.ts";
import {
  type IndexDeps,
  type IndexOptions,
  makeIndex,
  markWhole,
  nameOf,
  openIndex,
} from "./qdrant/versions.ts";

/**
 * Searches a Qdrant collection, which stands alone: with the address of the server and nothing else on this machine,
 * questions can be answered and the index moved back. Made at the first `put`; what was made for another embedder or
 * analyzer is refused.
 */
export class QdrantChunkStore implements ChunkStore {
  readonly name: string;
  readonly #deps: IndexDeps;
  readonly #options: IndexOptions;
  readonly #reader: IndexReader;
  readonly #writer: DocumentWriter;
  /** One write at a time: the next must see what this one leaves. */
  readonly #writes = new PQueue({ concurrency: 1 });
  #facts: IndexFacts | undefined;

  /** @param options `collection` is the index's alias, or a collection that is there. */
  constructor(deps: IndexDeps, options: IndexOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#reader = new IndexReader(this.#points, this.#collection, (signal, isAnew) =>
      isAnew ? this.#reopen(signal) : this.#open(signal),
    );
    this.#writer = new DocumentWriter(deps.connection.points, options);
    this.name = deps.connection.name;
  }

  /** For people, and to tell it from others: `forager in Qdrant at http://127.0.0.1:6333`. */
  get place(): string {
    return nameOf(this.#deps, this.#collection);
  }

  /** What the index says of itself now; undefined where there is none. @throws {StoreError} When it was made for something else. */
  async look(signal?: AbortSignal): Promise<IndexFacts | undefined> {
    return await this.#reopen(signal);
  }

  /** Names this very index, which is made if it is not there: another one, made in its place, has another. */
  async identity(signal?: AbortSignal): Promise<string> {
    const { id } = await this.#writing(() => this.#prepare(signal), signal);
    return id;
  }

  /** All that its archive had is in it: from now on it is searched. */
  async publish(signal?: AbortSignal): Promise<void> {
    await this.#writing(async () => {
      const facts = await this.#open(signal);
      if (!facts || facts.isWhole) return;
      await markWhole(this.#deps, this.#collection, signal);
      this.#facts = { ...facts, isWhole: true };
    }, signal);
  }

  async put(documents: readonly IndexedDocument[], signal?: AbortSignal): Promise<void> {
    for (const document of documents) {
      for (const { vector } of document.chunks) if (vector) this.#checkVector(vector);
    }
    const latest = new Map(documents.map((document) => [document.url, document]));
    await this.#writing(async () => {
      const { means } = await this.#prepare(signal);
      await this.#writer.put(latest.values(), means, signal);
    }, signal);
  }

  async delete(urls: readonly string[], signal?: AbortSignal): Promise<void> {
    await this.#writing(async () => {
      if (urls.length === 0 || !(await this.#open(signal))) return;
      const any = urls.map(documentPointId);
      const filter = { must: [{ key: "doc_id", match: { any } }] };
      await this.#points.delete(this.#collection, { filter }, signal);
    }, signal);
  }

  async searchWords(
    queries: readonly TermCounts[],
    { limit, filter }: SearchOptions,
    signal?: AbortSignal,
  ): Promise<WordsFound<string>[]> {
    const only = compileFilter(filter);
    const asked = queries.filter(({ ids }) => ids.length > 0);
    const searches = asked.flatMap((terms) => [
      wordsSearch(terms, "bm25", limit, only),
      wordsSearch(terms, "page", limit, only),
    ]);
    const { hits, idf } = await this.#reader.searchWithRarity(searches, asked, signal);
    const found = new Map(
      asked.map((terms, at) => [
        terms,
        {
          chunks: foundChunks(hits[2 * at] ?? []),
          documents: foundDocuments(hits[2 * at + 1] ?? []),
          maxScore: maxScoreOf(terms, idf),
        },
      ]),
    );
    return queries.map((terms) => found.get(terms) ?? { chunks: [], documents: [], maxScore: 0 });
  }

  async bestChunks(
    documentIds: readonly ChunkId[],
    terms: TermCounts,
    signal?: AbortSignal,
  ): Promise<FoundChunk<string>[]> {
    if (terms.ids.length === 0) return [];
    const searches = documentIds.map((id) =>
      wordsSearch(terms, "bm25", 1, { must: [{ key: "doc_id", match: { value: String(id) } }] }),
    );
    return (await this.#reader.search(searches, signal)).flatMap(foundChunks);
  }

  async searchVectors(
    vectors: readonly Float32Array[],
    { limit, filter }: SearchOptions,
    signal?: AbortSignal,
  ): Promise<FoundChunk<string>[][]> {
    if (!this.#deps.embedder) return vectors.map(() => []);
    for (const vector of vectors) this.#checkVector(vector);
    const only = compileFilter(filter);
    const hits = await this.#reader.search(
      vectors.map((vector) => vectorSearch(vector, limit, only)),
      signal,
    );
    return vectors.map((_vector, at) => foundChunks(hits[at] ?? []));
  }

  async searchFused(
    queries: readonly FusedQuery[],
    options: FusedSearchOptions,
    signal?: AbortSignal,
  ): Promise<FusedFound<string>[]> {
    for (const { vector } of queries) this.#checkVector(vector);
    if (options.weights && !(await this.#deps.connection.version(signal)).hasWeightedRrf) {
      const problem = `${this.name} cannot weigh ranks: that takes Qdrant 1.17. Update it, or weigh words and vectors alike (retrieve.denseWeight 0.5).`;
      throw new OptionsError("server-rrf", problem);
    }
    const only = compileFilter(options.filter);
    const searches = queries.flatMap((query) => fusedSearches(query, options, only));
    const terms = queries.map((query) => query.terms);
    const { hits, idf } = await this.#reader.searchWithRarity(searches, terms, signal);
    return queries.map((query, at) => ({
      chunks: foundChunks(hits[3 * at] ?? []),
      mostScore: mostFused(options),
      words: {
        chunks: foundChunks(hits[3 * at + 1] ?? []),
        documents: [],
        maxScore: maxScoreOf(query.terms, idf),
      },
      vectors: foundChunks(hits[3 * at + 2] ?? []),
    }));
  }

  async idf(terms: TermCounts, signal?: AbortSignal): Promise<Float64Array> {
    const { idf } = await this.#reader.searchWithRarity([], [terms], signal);
    return Float64Array.from(terms.ids, (term) => idf.get(term) ?? 0);
  }

  async knownTerms(ids: readonly number[], signal?: AbortSignal): Promise<ReadonlySet<number>> {
    const hits = await this.#reader.search(ids.map(holderSearch), signal);
    return new Set(ids.filter((_id, at) => (hits[at] ?? []).length > 0));
  }

  async chunks(ids: readonly ChunkId[], signal?: AbortSignal): Promise<StoredChunk<string>[]> {
    return (await this.#reader.retrieve(ids, { with_payload: true }, signal)).map(readChunk);
  }

  async documents(ids: readonly ChunkId[], signal?: AbortSignal): Promise<StoredDocument<string>[]> {
    return (await this.#reader.retrieve(ids, { with_payload: true }, signal)).map(readDocument);
  }

  async document(url: string, signal?: AbortSignal): Promise<StoredDocument<string> | undefined> {
    const [document] = await this.documents([documentPointId(url)], signal);
    return document;
  }

  async vectors(ids: readonly ChunkId[], signal?: AbortSignal): Promise<ReadonlyMap<ChunkId, Float32Array>> {
    if (!this.#deps.embedder) return new Map();
    const wanted = { with_payload: false, with_vector: ["dense"] };
    const points = await this.#reader.retrieve(ids, wanted, signal);
    return new Map(
      points.flatMap((point) => {
        const vector = denseOf(point);
        return vector ? [[String(point.id), vector] as const] : [];
      }),
    );
  }

  async embeddingJobs(chunkIds: readonly ChunkId[], signal?: AbortSignal): Promise<EmbeddingJob[]> {
    const wanted = { with_payload: ["embedded", "hash", "heading_path", "text"] };
    const jobs = new Map<string, EmbeddingJob>();
    for (const point of await this.#reader.retrieve(chunkIds, wanted, signal)) {
      const { id: chunkId, hash, headingPath, text } = readChunk(point);
      if (point.payload?.["embedded"] === true || jobs.has(hash)) continue;
      jobs.set(hash, { chunkId, hash, text: searchableText(headingPath, text) });
    }
    return [...jobs.values()];
  }

  async *urls(signal?: AbortSignal): AsyncGenerator<string> {
    if (await this.#open(signal)) yield* readUrls(this.#points, this.#collection, signal);
  }

  async *everything(signal?: AbortSignal): AsyncGenerator<IndexedDocument> {
    const facts = await this.#reopen(signal);
    if (facts) yield* readEverything(this.#points, this.#collection, facts.means, signal);
  }

  async stats(signal?: AbortSignal): Promise<StoreStats> {
    if (!(await this.#open(signal))) return { documents: 0, chunks: 0, embedded: 0 };
    const count = (key: string, value: string | boolean) =>
      this.#points.count(this.#collection, { must: [{ key, match: { value } }] }, signal);
    const [documents, chunks, embedded] = await Promise.all([
      count("kind", "document"),
      count("kind", "chunk"),
      count("embedded", true),
    ]);
    return { documents, chunks, embedded };
  }

  /** The connection is its maker's to close. */
  async [Symbol.asyncDispose](): Promise<void> {}

  get #points(): QdrantPoints {
    return this.#deps.connection.points;
  }

  get #collection(): string {
    return this.#options.collection;
  }

  /** What the index says of itself, asked once; undefined where there is none yet. */
  async #open(signal: AbortSignal | undefined): Promise<IndexFacts | undefined> {
    signal?.throwIfAborted();
    return this.#facts ?? (await this.#reopen(signal));
  }

  /** As {@link #open}, asked now: another may have been made in its place. */
  async #reopen(signal: AbortSignal | undefined): Promise<IndexFacts | undefined> {
    this.#facts = await openIndex(this.#deps, this.#collection, signal);
    return this.#facts;
  }

  /** As {@link #reopen}; makes the index if it is not there. */
  async #prepare(signal: AbortSignal | undefined): Promise<IndexFacts> {
    this.#facts = (await this.#reopen(signal)) ?? (await makeIndex(this.#deps, this.#options, signal));
    return this.#facts;
  }

  async #writing<T>(write: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    signal?.throwIfAborted();
    return await unlessAborted(this.#writes.add(write), signal);
  }

  #checkVector(vector: Float32Array): void {
    const { embedder } = this.#deps;
    if (!embedder) {
      throw new StoreError("Vectors cannot be kept: the index was opened without an embedder.");
    }
    if (vector.length === embedder.dimensions && vector.every(Number.isFinite)) return;
    throw new StoreError(
      `${embedder.id} gave a vector that is not ${embedder.dimensions} numbers. Check the embedder with: forager doctor.`,
    );
  }
}
