import type { PageDocument } from "../document.ts";
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

/** A kept document without its chunks. */
export interface StoredDocument {
  readonly id: number;
  readonly url: string;
  readonly requestedUrl: string;
  readonly finalUrl: string;
  readonly httpStatus: number;
  readonly tier: string;
  readonly fetchedAt: number;
  readonly etag: string;
  readonly lastModified: string;
  readonly contentHash: string;
  readonly document: PageDocument;
}

/** A kept chunk with what a caller shows of its document. */
export interface StoredChunk {
  readonly id: number;
  readonly documentId: number;
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

/** Where a chunk belongs: all that ranking needs to know of it. */
export interface ChunkPlace {
  readonly id: number;
  readonly documentId: number;
  readonly hasVector: boolean;
}

export interface ScoredId {
  readonly id: number;
  readonly score: number;
}

/** A lexical ranking and what its scores mean. */
export interface LexicalRanking {
  /** Best first. */
  readonly hits: readonly ScoredId[];
  /** The score a text would have that holds every query term as often as it likes: sum of idf (k + 1). */
  readonly maxScore: number;
}

export interface SearchOptions {
  readonly limit: number;
  /** Only documents of this host. */
  readonly host?: string;
}

/** How much of the index has vectors. */
export interface StoreStats {
  readonly documents: number;
  readonly chunks: number;
  readonly embedded: number;
}

/** What an embedder needs to know of a chunk: `text` is heading path and passage. */
export interface EmbeddingJob {
  readonly chunkId: number;
  readonly hash: string;
  readonly text: string;
}

/**
 * Documents, chunks, their terms and vectors. Embedded it is the data folder's SQLite file: methods marked "in a write"
 * run inside `Database.write`, and searches (`search...`, `bestChunk`, `idf`) outside of any write or snapshot.
 */
export interface ChunkStore {
  /** In a write. Replaces what the same `url` had; chunks whose hash stays keep their id and vector. Gives the document's id and whether its content changed. */
  upsert(document: NewDocument): { readonly id: number; readonly isChanged: boolean };
  /** In a write. An unchanged page was seen again. */
  touch(url: string, fetchedAt: number): void;
  /** In a write. Its chunks, terms and vectors go with it. */
  deleteDocument(url: string): boolean;
  /** The host's documents with this main text. */
  twins(
    host: string,
    contentHash: string,
  ): readonly { readonly url: string; readonly canonicalUrl: string }[];
  /** Validators of the last fetch, for a conditional request. */
  validators(
    requestedUrl: string,
  ): { readonly etag: string; readonly lastModified: string; readonly url: string } | undefined;

  /** Chunks by BM25 over heading path and passage: all that match are scored; N and df count texts that have terms. */
  searchChunks(terms: TermCounts, options: SearchOptions): LexicalRanking;
  /** Documents by BM25 over whole pages. */
  searchDocuments(terms: TermCounts, options: SearchOptions): LexicalRanking;
  /** A document's chunks by BM25, with the statistics of the whole index. */
  bestChunk(documentId: number, terms: TermCounts): ScoredId | undefined;
  /** idf of each id of `terms` over chunks, in the same order. */
  idf(terms: TermCounts): Float64Array;
  /** Chunks by cosine, among those that have a vector. */
  searchVectors(vector: Float32Array, options: SearchOptions): readonly ScoredId[];

  /** In the order asked for, those that have gone left out. Reads no text. */
  places(ids: readonly number[]): ChunkPlace[];
  /** As {@link places}, with their texts: a document costs half a millisecond the first time. */
  chunks(ids: readonly number[]): StoredChunk[];
  document(url: string): StoredDocument | undefined;
  documentById(id: number): StoredDocument | undefined;
  /** All documents, by id, a few at a time. */
  documents(): IterableIterator<StoredDocument>;
  documentChunks(documentId: number): StoredChunk[];

  /** Chunks without a vector, in order of use: the first of every page, then the second to fourth (these are the lead), then section starts, then the rest; older pages first. One job a text. */
  embeddingBacklog(options: { readonly limit: number; readonly onlyLead: boolean }): EmbeddingJob[];
  /** The jobs of those of these chunks that have no vector yet, one a text. */
  embeddingJobs(chunkIds: readonly number[]): EmbeddingJob[];
  /** In a write. Vectors whose chunk has gone meanwhile are dropped. Gives how many chunks got theirs. */
  putVectors(vectors: readonly { readonly hash: string; readonly vector: Float32Array }[]): number;
  backlogSize(onlyLead: boolean): number;

  stats(): StoreStats;
  /**
   * Folds what the last writes left into few large segments; call when a crawl ends. It happens as it goes too, less
   * thoroughly. Works in short writes of its own, so searches and writes go on meanwhile.
   * @throws The signal's reason when aborted; what was done is kept.
   */
  optimize(signal?: AbortSignal): Promise<void>;
}
