import type { Database } from "../../database.ts";
import type { NewChunk, NewDocument } from "../chunk-store.ts";
import { instantOf, primaryLanguage } from "../filter.ts";
import { packTerms } from "./packed-numbers.ts";
import type { Row } from "./sqlite-rows.ts";
import type { SegmentWriter } from "./sqlite-segments.ts";
import type { VectorWriter } from "./sqlite-vectors.ts";

/** What a write changes in the counts that `index_state` keeps. */
interface Change {
  documents: number;
  chunks: number;
  embedded: number;
  leads: number;
  embeddedLeads: number;
}

/** Places in the order of embedding: the first chunk, the next three, section starts, the rest. The first two are the lead. */
const lastLeadRank = 1;

/** Writes documents with their chunks and keeps the counts. All methods run in a write. */
export class DocumentWriter {
  readonly #database: Database;
  readonly #chunks: SegmentWriter;
  readonly #pages: SegmentWriter;
  readonly #vectors: VectorWriter;

  constructor(database: Database, chunks: SegmentWriter, pages: SegmentWriter, vectors: VectorWriter) {
    this.#database = database;
    this.#chunks = chunks;
    this.#pages = pages;
    this.#vectors = vectors;
  }

  upsert(document: NewDocument): { readonly id: number; readonly isChanged: boolean } {
    const known = this.#database
      .prepare("SELECT id, content_hash FROM document WHERE url = ?")
      .get(document.url);
    const id = this.#putDocument(document);
    this.#database.prepare("DELETE FROM gone WHERE url = ?").run(document.url);
    const change = noChange();
    if (!known) change.documents++;
    this.#putPage(id, document);
    this.#putChunks(id, document.chunks, change);
    this.count(change);
    return { id, isChanged: known?.["content_hash"] !== document.contentHash };
  }

  delete(url: string): boolean {
    const row = this.#database.prepare("SELECT id FROM document WHERE url = ?").get(url);
    if (!row) return false;
    const id = Number(row["id"]);
    const change = noChange();
    change.documents--;
    this.#putChunks(id, [], change);
    const page = this.#database.prepare("DELETE FROM page WHERE document_id = ? RETURNING id").get(id);
    if (page) this.#pages.markDead(Number(page["id"]));
    this.#database.prepare("DELETE FROM document WHERE id = ?").run(id);
    this.#database.prepare("INSERT INTO gone(url, revision) VALUES(?, ?)").run(url, this.#nextRevision());
    this.count(change);
    return true;
  }

  /** An unchanged page was seen again. */
  touch(url: string, fetchedAt: number): void {
    this.#database
      .prepare("UPDATE document SET fetched_at = ?, revision = ? WHERE url = ?")
      .run(fetchedAt, this.#nextRevision(), url);
  }

  /** Counts chunks that have got their vectors, one element each. */
  gaveVectors(chunks: readonly { readonly documentId: number; readonly isLead: boolean }[]): void {
    const update = this.#database.prepare("UPDATE document SET revision = ? WHERE id = ?");
    for (const id of new Set(chunks.map(({ documentId }) => documentId)))
      update.run(this.#nextRevision(), id);
    this.count({ embedded: chunks.length, embeddedLeads: chunks.filter(({ isLead }) => isLead).length });
  }

  /** Adds to the kept counts and tells readers that something is new. */
  count(change: Readonly<Partial<Change>>): void {
    const { documents = 0, chunks = 0, embedded = 0, leads = 0, embeddedLeads = 0 } = change;
    this.#database
      .prepare(
        `UPDATE index_state SET stamp = stamp + 1, documents = documents + ?, chunks = chunks + ?,
           embedded = embedded + ?, leads = leads + ?, embedded_leads = embedded_leads + ? WHERE id = 1`,
      )
      .run(documents, chunks, embedded, leads, embeddedLeads);
  }

  #putDocument(document: NewDocument): number {
    const { title, publishedAt, language, format, text, rest } = document.document;
    const row = this.#database
      .prepare(
        `INSERT INTO document(url, requested_url, final_url, host, http_status, tier, fetched_at, etag, last_modified,
           content_hash, bytes, title, published_at, published_ms, language, format, revision, body, rest)
         VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT(url) DO UPDATE SET requested_url = excluded.requested_url, final_url = excluded.final_url,
           host = excluded.host, http_status = excluded.http_status, tier = excluded.tier,
           fetched_at = excluded.fetched_at, etag = excluded.etag, last_modified = excluded.last_modified,
           content_hash = excluded.content_hash, bytes = excluded.bytes, title = excluded.title,
           published_at = excluded.published_at, published_ms = excluded.published_ms, language = excluded.language,
           format = excluded.format, revision = excluded.revision, body = excluded.body, rest = excluded.rest
         RETURNING id`,
      )
      .get(
        document.url,
        document.requestedUrl,
        document.finalUrl,
        document.host,
        document.httpStatus,
        document.tier,
        document.fetchedAt,
        document.etag,
        document.lastModified,
        document.contentHash,
        document.bytes,
        title,
        publishedAt,
        instantOf(publishedAt) ?? null,
        primaryLanguage(language),
        format,
        this.#nextRevision(),
        text,
        rest,
      );
    return Number(row?.["id"]);
  }

  #nextRevision(): number {
    const row = this.#database
      .prepare("UPDATE index_state SET revision = revision + 1 WHERE id = 1 RETURNING revision")
      .get();
    return Number(row?.["revision"]);
  }

  #putPage(id: number, document: NewDocument): void {
    const terms = packTerms(document.terms);
    const known = this.#database.prepare("SELECT id, terms, length FROM page WHERE document_id = ?").get(id);
    if (known) {
      const held = known["terms"];
      const isSame =
        held instanceof Uint8Array &&
        Buffer.compare(held, terms) === 0 &&
        known["length"] === document.terms.length;
      if (isSame) return;
      this.#database.prepare("DELETE FROM page WHERE id = ?").run(Number(known["id"]));
      this.#pages.markDead(Number(known["id"]));
    }
    this.#database
      .prepare("INSERT INTO page(document_id, length, terms) VALUES(?, ?, ?)")
      .run(id, document.terms.length, terms);
  }

  /** Makes a document's chunks these. Rows whose hash is among them stay, with their ids and vectors. */
  #putChunks(documentId: number, chunks: readonly NewChunk[], change: Change): void {
    const held = this.#database
      .prepare("SELECT id, hash, rank, is_embedded, ordinal, starts, ends FROM chunk WHERE document_id = ?")
      .all(documentId);
    const byHash = Map.groupBy(held, (row) => String(row["hash"]));
    for (const row of held) countChunk(change, Number(row["rank"]), row["is_embedded"] === 1, -1);
    for (const [ordinal, chunk] of chunks.entries()) {
      const rank = embeddingRank(ordinal, chunk, chunks[ordinal - 1]);
      const kept = byHash.get(chunk.hash)?.shift();
      const isEmbedded = kept
        ? this.#keepChunk(kept, ordinal, chunk, rank)
        : this.#addChunk(documentId, ordinal, chunk, rank);
      countChunk(change, rank, isEmbedded, 1);
    }
    for (const row of Array.from(byHash.values()).flat()) {
      const id = Number(row["id"]);
      this.#database.prepare("DELETE FROM chunk WHERE id = ?").run(id);
      this.#chunks.markDead(id);
      this.#vectors.unlink(id, String(row["hash"]));
    }
  }

  #keepChunk(row: Row, ordinal: number, chunk: NewChunk, rank: number): boolean {
    const isSame =
      row["ordinal"] === ordinal &&
      row["starts"] === chunk.start &&
      row["ends"] === chunk.end &&
      row["rank"] === rank;
    if (!isSame) {
      this.#database
        .prepare("UPDATE chunk SET ordinal = ?, starts = ?, ends = ?, rank = ? WHERE id = ?")
        .run(ordinal, chunk.start, chunk.end, rank, Number(row["id"]));
    }
    return row["is_embedded"] === 1;
  }

  #addChunk(documentId: number, ordinal: number, chunk: NewChunk, rank: number): boolean {
    const { lastInsertRowid } = this.#database
      .prepare(
        `INSERT INTO chunk(document_id, ordinal, starts, ends, rank, is_embedded, hash, heading_path, length, terms)
         VALUES(?, ?, ?, ?, ?, 0, ?, ?, ?, ?)`,
      )
      .run(
        documentId,
        ordinal,
        chunk.start,
        chunk.end,
        rank,
        chunk.hash,
        chunk.headingPath,
        chunk.terms.length,
        packTerms(chunk.terms),
      );
    const isEmbedded = this.#vectors.link(Number(lastInsertRowid), documentId, chunk.hash);
    if (isEmbedded) {
      this.#database.prepare("UPDATE chunk SET is_embedded = 1 WHERE id = ?").run(Number(lastInsertRowid));
    }
    return isEmbedded;
  }
}

/** @see retrieval by order of use: the first chunk of a page answers most, the next three nearly all the rest. */
function embeddingRank(ordinal: number, chunk: NewChunk, before: NewChunk | undefined): number {
  if (ordinal === 0) return 0;
  if (ordinal <= 3) return lastLeadRank;
  return before?.headingPath === chunk.headingPath ? 3 : 2;
}

function noChange(): Change {
  return { documents: 0, chunks: 0, embedded: 0, leads: 0, embeddedLeads: 0 };
}

function countChunk(change: Change, rank: number, isEmbedded: boolean, sign: 1 | -1): void {
  const isLead = rank <= lastLeadRank;
  change.chunks += sign;
  if (isEmbedded) change.embedded += sign;
  if (isLead) change.leads += sign;
  if (isLead && isEmbedded) change.embeddedLeads += sign;
}
