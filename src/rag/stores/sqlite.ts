import type { Database } from "../../database.ts";
import { StoreError } from "../../errors.ts";
import type {
  ChunkPlace,
  ChunkStore,
  EmbeddingJob,
  LexicalRanking,
  NewDocument,
  ScoredId,
  SearchOptions,
  StoredChunk,
  StoredDocument,
  StoreStats,
  TermCounts,
} from "../chunk-store.ts";
import { searchableText } from "../searchable-text.ts";
import { DocumentWriter } from "./sqlite-document-writer.ts";
import { readChunk, readDocument, type Row } from "./sqlite-rows.ts";
import { defaultLimits, SegmentWriter, type IndexLimits } from "./sqlite-segments.ts";
import { TermIndex } from "./sqlite-term-index.ts";
import { DocumentTexts } from "./sqlite-texts.ts";
import { VectorIndex } from "./sqlite-vector-index.ts";
import { VectorWriter, type EmbedderIdentity } from "./sqlite-vectors.ts";

/** What a store is made from. */
export interface ChunkStoreDeps {
  /** Opened with `chunkStoreSchema`. */
  readonly database: Database;
  /** Whose vectors are read and written; without one there is no dense retrieval. */
  readonly embedder?: EmbedderIdentity;
}

/** Documents a look at `documents()` holds in memory. */
const documentsAtOnce = 20;

/**
 * Documents, inverted index and vectors in the data folder's one file.
 * What it keeps in memory for searching is read from committed rows alone, at the first search after a commit; so a
 * transaction that is undone leaves no trace in it, and readers in other processes see what the writer sees.
 */
export class SqliteChunkStore implements ChunkStore {
  readonly #database: Database;
  readonly #embedder: EmbedderIdentity | undefined;
  readonly #chunkWriter: SegmentWriter;
  readonly #pageWriter: SegmentWriter;
  readonly #vectorWriter: VectorWriter;
  readonly #writer: DocumentWriter;
  readonly #chunkIndex: TermIndex;
  readonly #pageIndex: TermIndex;
  #vectorIndex: VectorIndex | undefined;
  readonly #texts: DocumentTexts;
  /** The states of the file that each index was last read at. */
  readonly #stamps = new Map<TermIndex | VectorIndex, number>();
  #hostFilter: { readonly host: string; readonly stamp: number; readonly documents: Set<number> } | undefined;

  /** Writes once, where the embedder is another than before: its vectors count from now on, and those of the other are kept unused. */
  constructor(deps: ChunkStoreDeps, limits: IndexLimits = defaultLimits) {
    const { database, embedder } = deps;
    this.#database = database;
    this.#embedder = embedder;
    this.#chunkWriter = new SegmentWriter(database, "chunk", limits);
    this.#pageWriter = new SegmentWriter(database, "page", limits);
    this.#vectorWriter = new VectorWriter(database, limits);
    this.#writer = new DocumentWriter(database, this.#chunkWriter, this.#pageWriter, this.#vectorWriter);
    this.#chunkIndex = new TermIndex(database, "chunk");
    this.#pageIndex = new TermIndex(database, "page");
    this.#texts = new DocumentTexts(database);
    if (embedder && !database.isReadOnly) database.writeNow(() => this.#vectorWriter.adopt(embedder));
  }

  upsert(document: NewDocument): { readonly id: number; readonly isChanged: boolean } {
    const result = this.#writer.upsert(document);
    this.#chunkWriter.advance();
    this.#pageWriter.advance();
    return result;
  }

  touch(url: string, fetchedAt: number): void {
    this.#database.prepare("UPDATE document SET fetched_at = ? WHERE url = ?").run(fetchedAt, url);
  }

  deleteDocument(url: string): boolean {
    return this.#writer.delete(url);
  }

  validators(
    requestedUrl: string,
  ): { readonly etag: string; readonly lastModified: string; readonly url: string } | undefined {
    const row = this.#database
      .prepare(
        "SELECT etag, last_modified, url FROM document WHERE requested_url = ? ORDER BY fetched_at DESC LIMIT 1",
      )
      .get(requestedUrl);
    if (!row) return undefined;
    return { etag: String(row["etag"]), lastModified: String(row["last_modified"]), url: String(row["url"]) };
  }

  twins(
    host: string,
    contentHash: string,
  ): readonly { readonly url: string; readonly canonicalUrl: string }[] {
    // The plus keeps SQLite from reading every document of the host instead of the few of this content.
    const rows = this.#database
      .prepare("SELECT id FROM document WHERE content_hash = ? AND +host = ?")
      .all(contentHash, host);
    return rows.flatMap(({ id }) => {
      const stored = this.documentById(Number(id));
      return stored ? [{ url: stored.url, canonicalUrl: stored.document.canonicalUrl }] : [];
    });
  }

  searchChunks(terms: TermCounts, options: SearchOptions): LexicalRanking {
    return this.#searching(this.#chunkIndex, (index, stamp) =>
      index.search(terms, this.#withFilter(options, stamp)),
    );
  }

  searchDocuments(terms: TermCounts, options: SearchOptions): LexicalRanking {
    return this.#searching(this.#pageIndex, (index, stamp) =>
      index.search(terms, this.#withFilter(options, stamp)),
    );
  }

  bestChunk(documentId: number, terms: TermCounts): ScoredId | undefined {
    return this.#searching(this.#chunkIndex, (index) => {
      const rows = this.#database
        .prepare("SELECT id, length, terms FROM chunk WHERE document_id = ?")
        .all(documentId);
      return index.best(rows, terms);
    });
  }

  idf(terms: TermCounts): Float64Array {
    return this.#searching(this.#chunkIndex, (index) => index.idf(terms));
  }

  searchVectors(vector: Float32Array, options: SearchOptions): readonly ScoredId[] {
    const embedder = this.#embedder;
    if (!embedder || !this.#isCurrent()) return [];
    checkVector(vector, embedder);
    this.#vectorIndex ??= new VectorIndex(this.#database, embedder.dimensions);
    return this.#searching(this.#vectorIndex, (index, stamp) =>
      index.search(vector, this.#withFilter(options, stamp)),
    );
  }

  places(ids: readonly number[]): ChunkPlace[] {
    const isCurrent = this.#isCurrent();
    const select = this.#database.prepare("SELECT document_id, is_embedded FROM chunk WHERE id = ?");
    return ids.flatMap((id) => {
      const row = select.get(id);
      if (!row) return [];
      return { id, documentId: Number(row["document_id"]), hasVector: isCurrent && row["is_embedded"] === 1 };
    });
  }

  chunks(ids: readonly number[]): StoredChunk[] {
    const select = this.#database.prepare(`SELECT ${chunkColumns} FROM chunk WHERE id = ?`);
    return this.#withDocuments(ids.map((id) => select.get(id)).filter((row) => row !== undefined));
  }

  document(url: string): StoredDocument | undefined {
    const row = this.#database.prepare("SELECT * FROM document WHERE url = ?").get(url);
    return row && readDocument(row);
  }

  documentById(id: number): StoredDocument | undefined {
    const row = this.#database.prepare("SELECT * FROM document WHERE id = ?").get(id);
    return row && readDocument(row);
  }

  *documents(): IterableIterator<StoredDocument> {
    const select = this.#database.prepare(
      `SELECT * FROM document WHERE id > ? ORDER BY id LIMIT ${documentsAtOnce}`,
    );
    let last = 0;
    for (;;) {
      const rows = select.all(last);
      if (rows.length === 0) return;
      for (const row of rows) yield readDocument(row);
      last = Number(rows.at(-1)?.["id"]);
    }
  }

  documentChunks(documentId: number): StoredChunk[] {
    return this.#withDocuments(
      this.#database
        .prepare(`SELECT ${chunkColumns} FROM chunk WHERE document_id = ? ORDER BY ordinal`)
        .all(documentId),
    );
  }

  embeddingBacklog(options: { readonly limit: number; readonly onlyLead: boolean }): EmbeddingJob[] {
    const rows = this.#database
      .prepare(
        `SELECT ${chunkColumns} FROM chunk WHERE is_embedded = 0 AND rank <= ?
         ORDER BY rank, document_id, ordinal LIMIT ?`,
      )
      .all(options.onlyLead ? 1 : 3, options.limit);
    return this.#jobs(rows);
  }

  embeddingJobs(chunkIds: readonly number[]): EmbeddingJob[] {
    const select = this.#database.prepare(
      `SELECT ${chunkColumns} FROM chunk WHERE id = ? AND is_embedded = 0`,
    );
    return this.#jobs(chunkIds.map((id) => select.get(id)).filter((row) => row !== undefined));
  }

  putVectors(vectors: readonly { readonly hash: string; readonly vector: Float32Array }[]): number {
    const embedder = this.#embedder;
    if (!embedder) throw new StoreError("Vectors cannot be kept: the index was opened without an embedder.");
    const given = vectors.flatMap(({ hash, vector }) => {
      checkVector(vector, embedder);
      return this.#vectorWriter.put(hash, vector);
    });
    if (given.length === 0) return 0;
    this.#writer.count({
      embedded: given.length,
      embeddedLeads: given.filter((chunk) => chunk.isLead).length,
    });
    this.#vectorWriter.pack();
    return given.length;
  }

  backlogSize(onlyLead: boolean): number {
    const state = this.#state();
    return onlyLead ? state.leads - state.embeddedLeads : state.chunks - state.embedded;
  }

  stats(): StoreStats {
    const { documents, chunks, embedded } = this.#state();
    return { documents, chunks, embedded };
  }

  async optimize(signal?: AbortSignal): Promise<void> {
    for (const writer of [this.#chunkWriter, this.#pageWriter]) {
      let isUnfinished = true;
      while (isUnfinished) {
        signal?.throwIfAborted();
        isUnfinished = await this.#database.write(() => {
          const hasWorked = writer.optimize();
          if (hasWorked) this.#writer.count({});
          return hasWorked;
        });
      }
    }
  }

  /** One consistent view of the file for `search`, the index brought up to it first. */
  #searching<Index extends TermIndex | VectorIndex, Result>(
    index: Index,
    search: (index: Index, stamp: number) => Result,
  ): Result {
    return this.#database.snapshot(() => {
      const stamp = Number(this.#database.prepare("SELECT stamp FROM index_state").get()?.["stamp"]);
      if (this.#stamps.get(index) !== stamp) {
        index.refresh();
        this.#stamps.set(index, stamp);
      }
      return search(index, stamp);
    });
  }

  #withFilter(
    options: SearchOptions,
    stamp: number,
  ): { readonly limit: number; readonly accepts?: (document: number) => boolean } {
    const { limit, host } = options;
    if (host === undefined) return { limit };
    if (this.#hostFilter?.host !== host || this.#hostFilter.stamp !== stamp) {
      const rows = this.#database.prepare("SELECT id FROM document WHERE host = ?").all(host);
      this.#hostFilter = { host, stamp, documents: new Set(rows.map((row) => Number(row["id"]))) };
    }
    const { documents } = this.#hostFilter;
    return { limit, accepts: (document) => documents.has(document) };
  }

  /** Puts documents to rows of `chunk`; each document is read once. */
  #withDocuments(rows: readonly Row[]): StoredChunk[] {
    const select = this.#database.prepare(
      "SELECT id, url, title, fetched_at, published_at, content_hash FROM document WHERE id = ?",
    );
    const documents = new Map<number, { readonly row: Row; readonly text: string }>();
    return rows.map((chunk) => {
      const id = Number(chunk["document_id"]);
      let document = documents.get(id);
      if (!document) {
        const row = select.get(id) ?? {};
        document = { row, text: this.#texts.of(row) };
        documents.set(id, document);
      }
      return readChunk(chunk, document.row, document.text);
    });
  }

  #jobs(rows: readonly Row[]): EmbeddingJob[] {
    const jobs = new Map<string, EmbeddingJob>();
    for (const { id, hash, headingPath, text } of this.#withDocuments(rows)) {
      if (!jobs.has(hash)) jobs.set(hash, { chunkId: id, hash, text: searchableText(headingPath, text) });
    }
    return [...jobs.values()];
  }

  /** False when the file's vectors are another model's: a reader was opened with an embedder that the writer does not use. */
  #isCurrent(): boolean {
    if (!this.#embedder) return true;
    const row = this.#database
      .prepare("SELECT name FROM index_state JOIN embedder ON embedder.id = embedder_id")
      .get();
    return row?.["name"] === this.#embedder.id;
  }

  #state(): StoreStats & { readonly leads: number; readonly embeddedLeads: number } {
    const row = this.#database
      .prepare("SELECT documents, chunks, embedded, leads, embedded_leads FROM index_state")
      .get();
    const isCurrent = this.#isCurrent();
    return {
      documents: Number(row?.["documents"]),
      chunks: Number(row?.["chunks"]),
      embedded: isCurrent ? Number(row?.["embedded"]) : 0,
      leads: Number(row?.["leads"]),
      embeddedLeads: isCurrent ? Number(row?.["embedded_leads"]) : 0,
    };
  }
}

const chunkColumns = "id, document_id, ordinal, starts, ends, hash, heading_path";

function checkVector(vector: Float32Array, embedder: EmbedderIdentity): void {
  if (vector.length === embedder.dimensions && vector.every(Number.isFinite)) return;
  throw new StoreError(
    `${embedder.id} gave a vector that is not ${embedder.dimensions} numbers. Check the embedder with: forager doctor.`,
  );
}
