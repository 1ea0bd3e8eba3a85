import type { PageDocument } from "../document.ts";
import type { Filter } from "./filter.ts";
import type { PackedDocument } from "./packed-document.ts";

/** Term counts of a text after the analyzer: parallel arrays, ids strictly growing. */
export interface TermCounts {
  /** murmur3 of each stemmed term. */
  readonly ids: Uint32Array;
  /** How often it occurs, capped at 65,535. */
  readonly counts: Uint16Array;
  /** Tokens in all, repetitions counted: the length BM25 normalises by. */
  readonly length: number;
}

/** A passage of a document, ready to be kept. */
export interface NewChunk {
  /** Half-open range of the document's `text`. */
  readonly start: number;
  readonly end: number;
  /** `Title > H1 > H2`, capped; embedded and searched with the passage, never quoted. */
  readonly headingPath: string;
  /** Hash of heading path and passage: the key of its vector. */
  readonly hash: string;
  /** Terms of heading path and passage. */
  readonly terms: TermCounts;
}

/** A document with its chunks, as one page's way through reading leaves it. */
export interface NewDocument {
  /** The address it is known by: final URL, normalised. Storing it again replaces it. */
  readonly url: string;
  readonly requestedUrl: string;
  readonly finalUrl: string;
  readonly host: string;
  readonly httpStatus: number;
  readonly tier: string;
  readonly fetchedAt: number;
  readonly etag: string;
  readonly lastModified: string;
  /** SHA-256 of the main text, hex. */
  readonly contentHash: string;
  readonly bytes: number;
  readonly document: PackedDocument;
  readonly chunks: readonly NewChunk[];
  /** Terms of the whole page, title included. */
  readonly terms: TermCounts;
}

/** A store's own name for a chunk or a document: a row's number, a point's UUID. Opaque; equal means the same. */
export type ChunkId = number | string;

/** A kept document without its chunks. */
export interface StoredDocument<Id extends ChunkId = ChunkId> {
  readonly id: Id;
  readonly url: string;
  readonly requestedUrl: string;
  readonly finalUrl: string;
  readonly host: string;
  readonly httpStatus: number;
  readonly tier: string;
  readonly fetchedAt: number;
  readonly etag: string;
  readonly lastModified: string;
  readonly contentHash: string;
  readonly document: PageDocument;
}

/** A kept chunk with what a caller shows of its document. */
export interface StoredChunk<Id extends ChunkId = ChunkId> {
  readonly id: Id;
  readonly documentId: Id;
  /** Place among its document's chunks, from 0. */
  readonly ordinal: number;
  readonly url: string;
  readonly title: string;
  readonly headingPath: string;
  readonly start: number;
  readonly end: number;
  /** `document.text.slice(start, end)`. */
  readonly text: string;
  readonly hash: string;
  readonly fetchedAt: number;
  readonly publishedAt: string;
}

export interface ScoredId<Id extends ChunkId = ChunkId> {
  readonly id: Id;
  readonly score: number;
}

/** A chunk that a search found: all that ranking needs to know of it. */
export interface FoundChunk<Id extends ChunkId = ChunkId> extends ScoredId<Id> {
  readonly documentId: Id;
  readonly hasVector: boolean;
}

/** What the words of a query found. */
export interface WordsFound<Id extends ChunkId = ChunkId> {
  /** Chunks by BM25 over heading path and passage, best first: all that match are scored; N and df count texts that have terms. */
  readonly chunks: readonly FoundChunk<Id>[];
  /** Documents by BM25 over whole pages, best first. */
  readonly documents: readonly ScoredId<Id>[];
  /** The score a chunk would have that holds every query term as often as it likes: sum of idf (k + 1). */
  readonly maxScore: number;
}

export interface SearchOptions {
  readonly limit: number;
  /** Only documents of which it holds. */
  readonly filter?: Filter;
}

/** How much of the index has vectors. */
export interface StoreStats {
  readonly documents: number;
  readonly chunks: number;
  readonly embedded: number;
}

/** What an embedder needs to know of a chunk: `text` is heading path and passage. */
export interface EmbeddingJob {
  readonly chunkId: ChunkId;
  readonly hash: string;
  readonly text: string;
}

/** A document with everything that finding its passages takes: what moves from one store to another. */
export interface IndexedDocument extends NewDocument {
  readonly chunks: readonly (NewChunk & { readonly vector?: Float32Array })[];
}

/** A question in words and in meaning, for one list of both. */
export interface FusedQuery {
  /** Some. */
  readonly terms: TermCounts;
  readonly vector: Float32Array;
}

/** How a store fuses by itself; see {@link ChunkStore.searchFused}. */
export interface FusedSearchOptions extends SearchOptions {
  /** By ranks, or by how far scores stand out of their lists. */
  readonly fusion: "rrf" | "dbsf";
  /** Of `rrf`: with 60, a rank says little by itself; with 2, the first few decide. 60 when left out. */
  readonly rankConstant?: number;
  /** Of `rrf`: what the words' and the vectors' ranks are worth; alike when left out. */
  readonly weights?: { readonly words: number; readonly vectors: number };
}

/** What a store found for a question in words and in meaning, and fused by itself. */
export interface FusedFound<Id extends ChunkId = ChunkId> {
  /** Best first. Scores are comparable within the list alone. */
  readonly chunks: readonly FoundChunk<Id>[];
  /** The score of what is first in both. */
  readonly mostScore: number;
  /** What each found alone: why the fused ones are where they are. Of documents as wholes nothing is asked. */
  readonly words: WordsFound<Id>;
  readonly vectors: readonly FoundChunk<Id>[];
}

/**
 * Where passages are found: by words, by meaning, under a filter. One file in `stores/` each.
 * Every call that waits takes a signal and hands its reason back; a store that cannot be reached throws {@link StoreError}.
 */
export interface ChunkStore extends AsyncDisposable {
  /** For people: `the data folder`, `Qdrant at http://...`. */
  readonly name: string;

  /** Makes these documents what the store holds under their URLs. Doing it again, or again after a kill, changes nothing. */
  put(documents: readonly IndexedDocument[], signal?: AbortSignal): Promise<void>;
  /** Their chunks, terms and vectors go with them. */
  delete(urls: readonly string[], signal?: AbortSignal): Promise<void>;

  /** One result a query, in one round trip. */
  searchWords(
    queries: readonly TermCounts[],
    options: SearchOptions,
    signal?: AbortSignal,
  ): Promise<readonly WordsFound[]>;
  /** The best chunk by BM25 of each document, with the statistics of the whole index; documents without a match are left out. */
  bestChunks(
    documentIds: readonly ChunkId[],
    terms: TermCounts,
    signal?: AbortSignal,
  ): Promise<readonly FoundChunk[]>;
  /** Chunks by cosine, among those that have a vector; one list a vector, in one round trip. */
  searchVectors(
    vectors: readonly Float32Array[],
    options: SearchOptions,
    signal?: AbortSignal,
  ): Promise<readonly (readonly FoundChunk[])[]>;
  /**
   * Chunks by words and vectors, fused where they are kept: one result a query, in one round trip. A chunk without a
   * vector counts as one that the vectors did not find, not as unknown, and pages as a whole have no say; so
   * `searchWords` and `searchVectors` find better.
   */
  searchFused?(
    queries: readonly FusedQuery[],
    options: FusedSearchOptions,
    signal?: AbortSignal,
  ): Promise<readonly FusedFound[]>;
  /** idf of each id of `terms` over chunks, in the same order. */
  idf(terms: TermCounts, signal?: AbortSignal): Promise<Float64Array>;
  /** Those of these term ids that a chunk holds. */
  knownTerms(ids: readonly number[], signal?: AbortSignal): Promise<ReadonlySet<number>>;

  /** In the order asked for, those that have gone left out. */
  chunks(ids: readonly ChunkId[], signal?: AbortSignal): Promise<readonly StoredChunk[]>;
  /** In the order asked for, those that have gone left out. */
  documents(ids: readonly ChunkId[], signal?: AbortSignal): Promise<readonly StoredDocument[]>;
  document(url: string, signal?: AbortSignal): Promise<StoredDocument | undefined>;
  /** The vectors of those of these chunks that have one. */
  vectors(ids: readonly ChunkId[], signal?: AbortSignal): Promise<ReadonlyMap<ChunkId, Float32Array>>;
  /** The jobs of those of these chunks that have no vector yet, one a text. */
  embeddingJobs(chunkIds: readonly ChunkId[], signal?: AbortSignal): Promise<readonly EmbeddingJob[]>;
  /** The addresses of all documents, in any order. */
  urls(signal?: AbortSignal): AsyncIterable<string>;
  /** Everything, a document at a time, for moving it elsewhere. */
  everything(signal?: AbortSignal): AsyncIterable<IndexedDocument>;
  stats(signal?: AbortSignal): Promise<StoreStats>;
}

/** Smaller ids first: what decides between equal scores. */
export function compareIds(one: ChunkId, other: ChunkId): number {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one) < String(other) ? -1 : 1;
}
