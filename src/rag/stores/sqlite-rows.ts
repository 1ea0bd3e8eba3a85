import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { PageDocument } from "../../document.ts";
import type { StoredChunk, StoredDocument } from "../chunk-store.ts";
import { readBytes } from "./packed-numbers.ts";

/** Level 1 halves prose in 70 µs a page; level 3 saves 5 % more for half as much time again. */
const compression = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** A row as `node:sqlite` gives it. */
export type Row = Readonly<Record<string, unknown>>;

/** A document's text and the rest of it, apart, since passages need the text alone. */
export function packDocument(document: PageDocument): {
  readonly body: Uint8Array;
  readonly rest: Uint8Array;
} {
  const { text, ...rest } = document;
  return { body: compress(text), rest: compress(JSON.stringify(rest)) };
}

/** The text of a document's row. */
export function readBody(row: Row | undefined): string {
  return row ? decompress(row["body"]) : "";
}

/** A whole row of `document`. */
export function readDocument(row: Row): StoredDocument {
  const rest = JSON.parse(decompress(row["rest"])) as Omit<PageDocument, "text">;
  return {
    id: Number(row["id"]),
    url: String(row["url"]),
    requestedUrl: String(row["requested_url"]),
    finalUrl: String(row["final_url"]),
    httpStatus: Number(row["http_status"]),
    tier: String(row["tier"]),
    fetchedAt: Number(row["fetched_at"]),
    etag: String(row["etag"]),
    lastModified: String(row["last_modified"]),
    contentHash: String(row["content_hash"]),
    document: { ...rest, text: readBody(row) },
  };
}

/** A row of `chunk` and its document's. */
export function readChunk(chunk: Row, document: Row, body: string): StoredChunk {
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
    text: body.slice(start, end),
    hash: String(chunk["hash"]),
    fetchedAt: Number(document["fetched_at"]),
    publishedAt: String(document["published_at"]),
  };
}

function compress(text: string): Uint8Array {
  // UTF-8 cannot keep half of a surrogate pair; offsets stay right all the same, one unit for one.
  return zstdCompressSync(Buffer.from(text), compression);
}

function decompress(blob: unknown): string {
  return zstdDecompressSync(readBytes(blob)).toString();
}
