import type {
  EmbeddingJob,
  IndexedDocument,
  NewDocument,
  StoredChunk,
  StoredDocument,
  StoreStats,
} from "./chunk-store.ts";
import type { DocumentState, PassageState } from "./document-state.ts";

/** A document that was stored, given vectors, seen again or deleted, since the archive was last asked. */
export interface Change {
  /** Grows with every change; the latest of a URL is the only one kept. */
  readonly revision: number;
  readonly url: string;
  readonly isGone: boolean;
}

/** Mean lengths in terms, over texts that have any: what BM25 compares a length with. */
export interface MeanLengths {
  readonly chunk: number;
  readonly page: number;
}

/**
 * What a crawl writes, in one transaction with its frontier: documents, chunks, terms and vectors, in the data folder's
 * file. It is the record; where passages are searched elsewhere, that place is fed from here by {@link changes}.
 * Methods marked "in a write" run inside `Database.write`.
 */
export interface Archive {
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

  document(url: string): StoredDocument<number> | undefined;
  /** All documents, by id, a few at a time. */
  documents(): IterableIterator<StoredDocument<number>>;
  documentChunks(documentId: number): StoredChunk<number>[];

  /** Chunks without a vector, in order of use: the first of every page, then the second to fourth (these are the lead), then section starts, then the rest; older pages first. One job a text. */
  embeddingBacklog(options: { readonly limit: number; readonly onlyLead: boolean }): EmbeddingJob[];
  /** In a write. Vectors whose chunk has gone meanwhile are dropped. Gives how many chunks got theirs. */
  putVectors(vectors: readonly { readonly hash: string; readonly vector: Float32Array }[]): number;
  backlogSize(onlyLead: boolean): number;
  stats(): StoreStats;

  /** What has changed after `revision`, oldest first. */
  changes(revision: number, limit: number): readonly Change[];
  /** How many {@link changes} there are after `revision`. */
  countChanges(revision: number): number;
  /** The revision of the latest change, 0 before the first. */
  latestRevision(): number;
  /** A document with its terms and vectors, as another store takes it. */
  indexed(url: string): IndexedDocument | undefined;
  /** What a document and its passages are told by from another state of them; much less is read for it. */
  state(url: string): (DocumentState & { readonly passages: readonly PassageState[] }) | undefined;
  /** Counted over all texts: a pass over the index. */
  meanLengths(): MeanLengths;

  /**
   * Folds what the last writes left into few large segments; call when a crawl ends. It happens as it goes too, less
   * thoroughly. Works in short writes of its own, so searches and writes go on meanwhile.
   * @throws The signal's reason when aborted; what was done is kept.
   */
  optimize(signal?: AbortSignal): Promise<void>;
}
