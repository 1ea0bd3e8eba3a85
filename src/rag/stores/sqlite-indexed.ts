import type { Database } from "../../database.ts";
import type { IndexedDocument, TermCounts } from "../chunk-store.ts";
import { readBytes, unpackTerms } from "./packed-numbers.ts";
import { readDocument, type Row } from "./sqlite-rows.ts";

/** A document with its terms and vectors, read from its rows; undefined when there is none. */
export function readIndexed(
  database: Database,
  url: string,
  vectorsOf: (chunkIds: readonly number[]) => ReadonlyMap<number, Float32Array>,
): IndexedDocument | undefined {
  const row = database.prepare("SELECT * FROM document WHERE url = ?").get(url);
  if (!row) return undefined;
  const { id, document, ...facts } = readDocument(row);
  const page = database.prepare("SELECT length, terms FROM page WHERE document_id = ?").get(id);
  const chunks = database
    .prepare(
      "SELECT id, starts, ends, heading_path, hash, length, terms FROM chunk WHERE document_id = ? ORDER BY ordinal",
    )
    .all(id);
  const vectors = vectorsOf(chunks.map((chunk) => Number(chunk["id"])));
  const { title, publishedAt, canonicalUrl, language, format } = document;
  return {
    ...facts,
    bytes: Number(row["bytes"]),
    document: {
      title,
      publishedAt,
      canonicalUrl,
      language,
      format,
      text: readBytes(row["body"]),
      rest: readBytes(row["rest"]),
    },
    terms: readTerms(page ?? {}),
    chunks: chunks.map((chunk) => {
      const vector = vectors.get(Number(chunk["id"]));
      return {
        start: Number(chunk["starts"]),
        end: Number(chunk["ends"]),
        headingPath: String(chunk["heading_path"]),
        hash: String(chunk["hash"]),
        terms: readTerms(chunk),
        ...(vector ? { vector } : {}),
      };
    }),
  };
}

function readTerms(row: Row): TermCounts {
  const { ids, counts } = unpackTerms(row["terms"] ?? new Uint8Array());
  // Copies: what a row gives is only lent.
  return { ids: ids.slice(), counts: Uint16Array.from(counts), length: Number(row["length"] ?? 0) };
}
