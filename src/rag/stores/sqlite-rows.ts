import type { StoredChunk, StoredDocument } from "../chunk-store.ts";
import { unpackDocument } from "../packed-document.ts";
import { readBytes } from "./packed-numbers.ts";

/** A row as `node:sqlite` gives it. */
export type Row = Readonly<Record<string, unknown>>;

/** A whole row of `document`. */
export function readDocument(row: Row): StoredDocument<number> {
  return {
    id: Number(row["id"]),
    url: String(row["url"]),
    requestedUrl: String(row["requested_url"]),
    finalUrl: String(row["final_url"]),
    host: String(row["host"]),
    httpStatus: Number(row["http_status"]),
    tier: String(row["tier"]),
    fetchedAt: Number(row["fetched_at"]),
    etag: String(row["etag"]),
    lastModified: String(row["last_modified"]),
    contentHash: String(row["content_hash"]),
    document: unpackDocument({ text: readBytes(row["body"]), rest: readBytes(row["rest"]) }),
  };
}

/** A row of `chunk` and its document's. */
export function readChunk(chunk: Row, document: Row, documentText: string): StoredChunk<number> {
  const start = Number(chunk["starts"]);
  const end = Number(chunk["ends"]);
  return {
    id: Number(chunk["id"]),
    documentId: Number(chunk["document_id"]),
    ordinal: Number(chunk["ordinal"]),
    url: String(document["url"]),
    title: String(document["title"]),
    headingPath: String(chunk["heading_path"]),
    start,
    end,
    text: documentText.slice(start, end),
    hash: String(chunk["hash"]),
    fetchedAt: Number(document["fetched_at"]),
    publishedAt: String(document["published_at"]),
  };
}
