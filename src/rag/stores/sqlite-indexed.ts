import type { Database } from "../../database.ts";
import type { IndexedDocument, NewChunk, NewDocument, TermCounts } from "../chunk-store.ts";
import { digestOf, type DocumentState, type PassageState } from "../document-state.ts";
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
  const id = Number(row["id"]);
  const page = database.prepare("SELECT length, terms FROM page WHERE document_id = ?").get(id);
  const chunks = database
    .prepare(
      "SELECT id, starts, ends, heading_path, hash, length, terms FROM chunk WHERE document_id = ? ORDER BY ordinal",
    )
    .all(id);
  const vectors = vectorsOf(chunks.map((chunk) => Number(chunk["id"])));
  return {
    ...readFacts(row),
    terms: readTerms(page ?? {}),
    chunks: chunks.map((chunk) => {
      const vector = vectors.get(Number(chunk["id"]));
      return { ...readPlace(chunk), terms: readTerms(chunk), ...(vector ? { vector } : {}) };
    }),
  };
}

/**
 * What a document is told by; undefined when there is none.
 * @param hasVectors False when those of the file are not the embedder's, and do not count.
 */
export function readState(
  database: Database,
  url: string,
  hasVectors: boolean,
): (DocumentState & { readonly passages: readonly PassageState[] }) | undefined {
  const row = database.prepare("SELECT * FROM document WHERE url = ?").get(url);
  if (!row) return undefined;
  const id = Number(row["id"]);
  const page = database.prepare("SELECT length FROM page WHERE document_id = ?").get(id);
  const chunks = database
    .prepare(
      "SELECT starts, ends, heading_path, hash, is_embedded FROM chunk WHERE document_id = ? ORDER BY ordinal",
    )
    .all(id)
    .map((chunk) => ({
      ...readPlace(chunk),
      ...(hasVectors && chunk["is_embedded"] === 1 ? { vector: true } : {}),
    }));
  const facts = readFacts(row);
  return {
    url: facts.url,
    fetchedAt: facts.fetchedAt,
    contentHash: facts.contentHash,
    digest: digestOf({ ...facts, terms: { length: Number(page?.["length"] ?? 0) }, chunks }),
    passages: chunks.map(({ hash, vector }) => ({ hash, isEmbedded: vector !== undefined })),
  };
}

/** A row of `document`, all but its passages and terms. */
function readFacts(row: Row): Omit<NewDocument, "chunks" | "terms"> {
  const { id: _id, document, ...facts } = readDocument(row);
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
  };
}

function readPlace(row: Row): Omit<NewChunk, "terms"> {
  return {
    start: Number(row["starts"]),
    end: Number(row["ends"]),
    headingPath: String(row["heading_path"]),
    hash: String(row["hash"]),
  };
}

function readTerms(row: Row): TermCounts {
  const { ids, counts } = unpackTerms(row["terms"] ?? new Uint8Array());
  // Copies: what a row gives is only lent.
  return { ids: ids.slice(), counts: Uint16Array.from(counts), length: Number(row["length"] ?? 0) };
}
