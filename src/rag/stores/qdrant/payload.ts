import type { Schemas } from "@qdrant/js-client-rest";
import type { IndexedDocument, NewDocument, StoredChunk, StoredDocument } from "../../chunk-store.ts";
import type { MeanLengths } from "../../archive.ts";
import { digestOf, type DocumentState, type PassageState } from "../../document-state.ts";
import { instantOf, primaryLanguage } from "../../filter.ts";
import { unpackDocument } from "../../packed-document.ts";
import { shortNumbers, sparseVector, termCounts } from "./numbers.ts";
import { chunkPointId, documentPointId } from "./point-id.ts";
import type { NewPoint } from "./points.ts";

// A chunk is a point with the vectors `dense`, once it is embedded, and `bm25`. A document is one too: with the vector
// `page` and all there is to know of it, so that the collection stands alone.

type Payload = Readonly<Record<string, unknown>>;
type IndexedChunk = IndexedDocument["chunks"][number];

/** A chunk with the id of its point. */
export interface PlacedChunk {
  readonly id: string;
  readonly ordinal: number;
  readonly chunk: IndexedChunk;
}

/** A document's chunks, each with the id that its text has in this document. */
export function placeChunks({ url, chunks }: IndexedDocument): PlacedChunk[] {
  const seen = new Map<string, number>();
  return chunks.map((chunk, ordinal) => {
    const occurrence = seen.get(chunk.hash) ?? 0;
    seen.set(chunk.hash, occurrence + 1);
    return { id: chunkPointId(url, chunk.hash, occurrence), ordinal, chunk };
  });
}

/** What the points of a document say of it alike; `published_at` is left out where it is unknown. */
export function sharedPayload(document: NewDocument, gen: number): Record<string, unknown> {
  const { title, publishedAt, language, format } = document.document;
  const instant = instantOf(publishedAt);
  return {
    doc_id: documentPointId(document.url),
    url: document.url.toWellFormed(),
    host: document.host.toWellFormed(),
    language: primaryLanguage(language).toWellFormed(),
    format: format.toWellFormed(),
    title: title.toWellFormed(),
    published: publishedAt.toWellFormed(),
    fetched_at: document.fetchedAt,
    ...(instant === undefined ? {} : { published_at: instant }),
    gen,
  };
}

/** A chunk's point. @param shared {@link sharedPayload}. @param text The document's. */
export function chunkPoint(
  { id, ordinal, chunk }: PlacedChunk,
  shared: Payload,
  text: string,
  means: MeanLengths,
): NewPoint {
  const { start, end, headingPath, hash, terms, vector } = chunk;
  const bm25 = sparseVector(terms, means.chunk);
  return {
    id,
    vector: { ...(vector ? { dense: shortNumbers(vector) } : {}), ...(bm25 ? { bm25 } : {}) },
    payload: {
      ...shared,
      kind: "chunk",
      ord: ordinal,
      start,
      end,
      heading_path: headingPath.toWellFormed(),
      hash: hash.toWellFormed(),
      length: terms.length,
      text: text.slice(start, end).toWellFormed(),
      embedded: vector !== undefined,
    },
  };
}

/** A document's own point: written last of all its points, it says that they are whole. */
export function documentPoint(document: IndexedDocument, shared: Payload, means: MeanLengths): NewPoint {
  const page = sparseVector(document.terms, means.page);
  return {
    id: documentPointId(document.url),
    vector: page ? { page } : {},
    payload: {
      ...shared,
      kind: "document",
      requested_url: document.requestedUrl.toWellFormed(),
      final_url: document.finalUrl.toWellFormed(),
      http_status: document.httpStatus,
      tier: document.tier.toWellFormed(),
      etag: document.etag.toWellFormed(),
      last_modified: document.lastModified.toWellFormed(),
      content_hash: document.contentHash.toWellFormed(),
      bytes: document.bytes,
      length: document.terms.length,
      chunks: document.chunks.length,
      digest: digestOf(document),
      body: Buffer.from(document.document.text).toString("base64"),
      rest: Buffer.from(document.document.rest).toString("base64"),
    },
  };
}

/** The chunk that {@link chunkPoint} wrote. */
export function readChunk({ id, payload }: Schemas["Record"]): StoredChunk<string> {
  const facts = payload ?? {};
  return {
    id: String(id),
    documentId: String(facts["doc_id"]),
    ordinal: Number(facts["ord"]),
    url: String(facts["url"]),
    title: String(facts["title"]),
    headingPath: String(facts["heading_path"]),
    start: Number(facts["start"]),
    end: Number(facts["end"]),
    text: String(facts["text"]),
    hash: String(facts["hash"]),
    fetchedAt: Number(facts["fetched_at"]),
    publishedAt: String(facts["published"]),
  };
}

/** The document that {@link documentPoint} wrote. */
export function readDocument({ id, payload }: Schemas["Record"]): StoredDocument<string> {
  const facts = payload ?? {};
  return {
    id: String(id),
    url: String(facts["url"]),
    requestedUrl: String(facts["requested_url"]),
    finalUrl: String(facts["final_url"]),
    host: String(facts["host"]),
    httpStatus: Number(facts["http_status"]),
    tier: String(facts["tier"]),
    fetchedAt: Number(facts["fetched_at"]),
    etag: String(facts["etag"]),
    lastModified: String(facts["last_modified"]),
    contentHash: String(facts["content_hash"]),
    document: unpackDocument(readBodies(facts)),
  };
}

/** What {@link readState} reads of a document's point. */
export const stateKeys = ["url", "fetched_at", "content_hash", "digest"];

/** What the document that {@link documentPoint} wrote is told by. */
export function readState({ payload }: Schemas["Record"]): DocumentState {
  return {
    url: String(payload?.["url"]),
    fetchedAt: Number(payload?.["fetched_at"]),
    contentHash: String(payload?.["content_hash"]),
    digest: String(payload?.["digest"]),
  };
}

/** What {@link readPassageState} and {@link inPlace} read of a chunk's point, and whose it is. */
export const passageStateKeys = ["doc_id", "ord", "hash", "embedded"];

/** What the chunk that {@link chunkPoint} wrote is told by. */
export function readPassageState({ payload }: Schemas["Record"]): PassageState {
  return { hash: String(payload?.["hash"]), isEmbedded: payload?.["embedded"] === true };
}

/** A document's chunks in their order. */
export function inPlace(chunks: readonly Schemas["Record"][]): Schemas["Record"][] {
  return chunks.toSorted((one, other) => Number(one.payload?.["ord"]) - Number(other.payload?.["ord"]));
}

/** The document that was put, from its own record and those of its chunks, in any order. */
export function readIndexed(
  record: Schemas["Record"],
  chunks: readonly Schemas["Record"][],
  means: MeanLengths,
): IndexedDocument {
  const { id: _id, document, ...facts } = readDocument(record);
  const { title, publishedAt, canonicalUrl, language, format } = document;
  return {
    ...facts,
    bytes: Number(record.payload?.["bytes"]),
    document: {
      title,
      publishedAt,
      canonicalUrl,
      language,
      format,
      ...readBodies(record.payload ?? {}),
    },
    terms: termCounts(sparseOf(record, "page"), Number(record.payload?.["length"]), means.page),
    chunks: inPlace(chunks).map((chunk) => readIndexedChunk(chunk, means)),
  };
}

function readIndexedChunk(record: Schemas["Record"], means: MeanLengths): IndexedChunk {
  const { start, end, headingPath, hash } = readChunk(record);
  const length = Number(record.payload?.["length"]);
  const vector = denseOf(record);
  return {
    start,
    end,
    headingPath,
    hash,
    terms: termCounts(sparseOf(record, "bm25"), length, means.chunk),
    ...(vector ? { vector } : {}),
  };
}

/** The vector of a point that was read with it; undefined where it has none. */
export function denseOf({ vector }: Pick<Schemas["Record"], "vector">): Float32Array | undefined {
  const dense = namedVector(vector, "dense");
  return Array.isArray(dense) ? Float32Array.from(dense as number[]) : undefined;
}

/** A sparse vector of a point that was read with it. */
export function sparseOf(
  { vector }: Pick<Schemas["Record"], "vector">,
  name: "bm25" | "page",
): Schemas["SparseVector"] | undefined {
  const sparse = namedVector(vector, name);
  return typeof sparse === "object" && sparse !== null && "indices" in sparse
    ? (sparse as Schemas["SparseVector"])
    : undefined;
}

function namedVector(vectors: unknown, name: string): unknown {
  return typeof vectors === "object" && vectors !== null ? (vectors as Payload)[name] : undefined;
}

function readBodies(facts: Payload): { readonly text: Uint8Array; readonly rest: Uint8Array } {
  return { text: readBody(facts["body"]), rest: readBody(facts["rest"]) };
}

function readBody(base64: unknown): Uint8Array {
  return Uint8Array.from(Buffer.from(String(base64), "base64"));
}
