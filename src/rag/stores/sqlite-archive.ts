import type { Database } from "../../database.ts";
import { StoreError } from "../../errors.ts";
import type { Archive, Change, MeanLengths } from "../archive.ts";
import type {
  EmbeddingJob,
  FoundChunk,
  IndexedDocument,
  NewDocument,
  ScoredId,
  SearchOptions,
  StoredChunk,
  StoredDocument,
  StoreStats,
  TermCounts,
} from "../chunk-store.ts";
import { searchableText } from "../text/searchable-text.ts";
import { FilteredDocuments } from "./filtered-documents.ts";
import { DocumentWriter } from "./sqlite-document-writer.ts";
import { readIndexed, readState } from "./sqlite-indexed.ts";
import { readChunk, readDocument, type Row } from "./sqlite-rows.ts";
import { defaultLimits, SegmentWriter, type IndexLimits } from "./sqlite-segments.ts";
import { TermIndex, type TermRanking } from "./sqlite-term-index.ts";
import { DocumentTexts } from "./sqlite-texts.ts";
import { VectorIndex } from "./sqlite-vector-index.ts";
import { readVector, VectorWriter, type EmbedderIdentity } from "./sqlite-vectors.ts";

/** What a store is made from. */
export interface ArchiveDeps {
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
export class SqliteArchive implements Archive {
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
  readonly #filtered: FilteredDocuments;

  /** Writes once, where the embedder is another than before: its vectors count from now on, and those of the other are kept unused. */
  constructor(deps: ArchiveDeps, limits: IndexLimits = defaultLimits) {
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
    this.#filtered = new FilteredDocuments(database);
    if (embedder && !database.isReadOnly) database.writeNow(() => this.#vectorWriter.adopt(embedder));
  }

  upsert(document: NewDocument): { readonly id: number; readonly isChanged: boolean } {
    const result = this.#writer.upsert(document);
    this.#chunkWriter.advance();
    this.#pageWriter.advance();
    return result;
  }

  touch(url: string, fetchedAt: number): void {
    this.#writer.touch(url, fetchedAt);
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

  searchChunks(terms: TermCounts, options: SearchOptions): TermRanking {
    return this.#searching(this.#chunkIndex, (index) => index.search(terms, this.#withFilter(options)));
  }

  searchDocuments(terms: TermCounts, options: SearchOptions): TermRanking {
    return this.#searching(this.#pageIndex, (index) => index.search(terms, this.#withFilter(options)));
  }

  bestChunk(documentId: number, terms: TermCounts): ScoredId<number> | undefined {
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

  knownTerms(ids: readonly number[]): ReadonlySet<number> {
    return this.#searching(this.#chunkIndex, (index) => new Set(ids.filter((id) => index.holds(id))));
  }

  searchVectors(vector: Float32Array, options: SearchOptions): readonly ScoredId<number>[] {
    const embedder = this.#embedder;
    if (!embedder || !this.#isCurrent()) return [];
    checkVector(vector, embedder);
    this.#vectorIndex ??= new VectorIndex(this.#database, embedder.dimensions);
    return this.#searching(this.#vectorIndex, (index) => index.search(vector, this.#withFilter(options)));
  }

  /** Puts to scored chunks what ranking needs to know of them; those that have gone are left out. */
  found(hits: readonly ScoredId<number>[]): FoundChunk<number>[] {
    const isCurrent = this.#isCurrent();
    const all = this.#database
      .prepare(
        "SELECT chunk.id, document_id, is_embedded FROM json_each(?) CROSS JOIN chunk ON chunk.id = value",
      )
      .all(JSON.stringify(hits.map(({ id }) => id)));
    const rows = new Map(all.map((row) => [Number(row["id"]), row]));
    return hits.flatMap(({ id, score }) => {
      const row = rows.get(id);
      if (!row) return [];
      const hasVector = isCurrent && row["is_embedded"] === 1;
      return { id, score, documentId: Number(row["document_id"]), hasVector };
    });
  }

  /** The vectors of those of these chunks that have one. */
  vectors(ids: readonly number[]): Map<number, Float32Array> {
    if (!this.#isCurrent()) return new Map();
    const select = this.#database.prepare(
      "SELECT numbers FROM embedding JOIN vector ON vector.id = vector_id WHERE chunk_id = ?",
    );
    return new Map(
      ids.flatMap((id) => {
        const row = select.get(id);
        // A copy: what a row gives is only lent.
        return row ? [[id, readVector(row["numbers"]).slice()] as const] : [];
      }),
    );
  }

  chunks(ids: readonly number[]): StoredChunk<number>[] {
    const select = this.#database.prepare(`SELECT ${chunkColumns} FROM chunk WHERE id = ?`);
    return this.#withDocuments(ids.map((id) => select.get(id)).filter((row) => row !== undefined));
  }

  document(url: string): StoredDocument<number> | undefined {
    const row = this.#database.prepare("SELECT * FROM document WHERE url = ?").get(url);
    return row && readDocument(row);
  }

  documentById(id: number): StoredDocument<number> | undefined {
    const row = this.#database.prepare("SELECT * FROM document WHERE id = ?").get(id);
    return row && readDocument(row);
  }

  *documents(): IterableIterator<StoredDocument<number>> {
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

  documentChunks(documentId: number): StoredChunk<number>[] {
    return this.#withDocuments(
      this.#database
        .prepare(`SELECT ${chunkColumns} FROM chunk WHERE document_id = ? ORDER BY ordinal`)
        .all(documentId),
    );
  }

  changes(revision: number, limit: number): Change[] {
    const rows = this.#database
      .prepare(
        `SELECT revision, url, 0 AS is_gone FROM document WHERE revision > ?1
         UNION ALL SELECT revision, url, 1 FROM gone WHERE revision > ?1 ORDER BY revision LIMIT ?2`,
      )
      .all(revision, limit);
    return rows.map((row) => ({
      revision: Number(row["revision"]),
      url: String(row["url"]),
      isGone: row["is_gone"] === 1,
    }));
  }

  countChanges(revision: number): number {
    const count = (table: "document" | "gone") =>
      this.#database.prepare(`SELECT count(*) AS count FROM ${table} WHERE revision > ?`).get(revision);
    return Number(count("document")?.["count"]) + Number(count("gone")?.["count"]);
  }

  latestRevision(): number {
    return Number(this.#database.prepare("SELECT revision FROM index_state").get()?.["revision"]);
  }

  indexed(url: string): IndexedDocument | undefined {
    return this.#database.snapshot(() => readIndexed(this.#database, url, (ids) => this.vectors(ids)));
  }

  state(url: string): ReturnType<typeof readState> {
    return this.#database.snapshot(() => readState(this.#database, url, this.#isCurrent()));
  }

  meanLengths(): MeanLengths {
    const mean = (table: "chunk" | "page") =>
      Number(
        this.#database.prepare(`SELECT avg(length) AS mean FROM ${table} WHERE length > 0`).get()?.["mean"] ??
          0,
      );
    return { chunk: mean("chunk"), page: mean("page") };
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
    this.#writer.gaveVectors(given);
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
    search: (index: Index) => Result,
  ): Result {
    return this.#database.snapshot(() => {
      const stamp = Number(this.#database.prepare("SELECT stamp FROM index_state").get()?.["stamp"]);
      if (this.#stamps.get(index) !== stamp) {
        index.refresh();
        this.#stamps.set(index, stamp);
      }
      return search(index);
    });
  }

  #withFilter(options: SearchOptions): {
    readonly limit: number;
    readonly accepts?: (document: number) => boolean;
  } {
    const { limit, filter } = options;
    if (filter === undefined) return { limit };
    return { limit, accepts: this.#filtered.acceptedBy(filter, this.latestRevision()) };
  }

  /** Puts documents to rows of `chunk`; each document is read once. */
  #withDocuments(rows: readonly Row[]): StoredChunk<number>[] {
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
