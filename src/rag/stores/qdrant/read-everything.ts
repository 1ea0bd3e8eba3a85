import type { Schemas } from "@qdrant/js-client-rest";
import { StoreError } from "../../../errors.ts";
import type { MeanLengths } from "../../archive.ts";
import type { IndexedDocument } from "../../chunk-store.ts";
import type { DocumentState, PassageState } from "../../document-state.ts";
import { mostResults } from "./index-config.ts";
import { inPlace, passageStateKeys, readIndexed, readPassageState, readState, stateKeys } from "./payload.ts";
import { documentPointId } from "./point-id.ts";
import type { QdrantPoints } from "./points.ts";

const documentsOnly = { must: [{ key: "kind", match: { value: "document" } }] };
/** Documents that are read together. */
const documentsAtOnce = 16;
/** What documents are told by is half a kilobyte each, and the other side is compared without a pause. */
const statesAtOnce = 256;
/** Their chunks, a page: vectors of 384 numbers and texts are 2 MB. */
const chunksAtOnce = 256;

/** All documents of a collection as they were put, a few read ahead. */
export async function* readEverything(
  points: QdrantPoints,
  collection: string,
  means: MeanLengths,
  signal?: AbortSignal,
): AsyncGenerator<IndexedDocument> {
  const documents = points.scrollAll(
    collection,
    {
      filter: documentsOnly,
      limit: documentsAtOnce,
      with_payload: true,
      with_vector: ["page"],
    },
    signal,
  );
  for await (const page of documents) yield* completed(page, points, collection, means, signal);
}

/** As {@link readEverything}, of these addresses alone; those that have gone are left out. */
export async function* readSome(
  urls: readonly string[],
  points: QdrantPoints,
  collection: string,
  means: MeanLengths,
  signal?: AbortSignal,
): AsyncGenerator<IndexedDocument> {
  for (let at = 0; at < urls.length; at += documentsAtOnce) {
    const ids = urls.slice(at, at + documentsAtOnce).map(documentPointId);
    const wanted = { ids, with_payload: true, with_vector: ["page"] };
    const documents = await points.retrieve(collection, wanted, signal);
    yield* completed(documents, points, collection, means, signal);
  }
}

/** What all documents of a collection are told by, a few hundred at a time. */
export async function* readStates(
  points: QdrantPoints,
  collection: string,
  signal?: AbortSignal,
): AsyncGenerator<readonly DocumentState[]> {
  const wanted = { filter: documentsOnly, limit: statesAtOnce, with_payload: stateKeys, with_vector: false };
  for await (const page of points.scrollAll(collection, wanted, signal)) yield page.map(readState);
}

/** What the passages of these documents are told by, in order, under their addresses. */
export async function readPassageStates(
  urls: readonly string[],
  points: QdrantPoints,
  collection: string,
  signal?: AbortSignal,
): Promise<Map<string, PassageState[]>> {
  if (urls.length === 0) return new Map();
  const wanted = { limit: mostResults, with_payload: passageStateKeys, with_vector: false };
  const chunks = await chunksOf(urls.map(documentPointId), wanted, points, collection, signal);
  return new Map(
    urls.map((url) => [url, inPlace(chunks.get(documentPointId(url)) ?? []).map(readPassageState)]),
  );
}

/** The addresses of all documents of a collection. */
export async function* readUrls(
  points: QdrantPoints,
  collection: string,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  const wanted = { filter: documentsOnly, limit: mostResults, with_payload: ["url"] };
  for await (const page of points.scrollAll(collection, wanted, signal))
    for (const { payload } of page) yield String(payload?.["url"]);
}

/** Documents from their points, with their chunks. @throws {StoreError} For one that is half written. */
async function* completed(
  documents: readonly Schemas["Record"][],
  points: QdrantPoints,
  collection: string,
  means: MeanLengths,
  signal: AbortSignal | undefined,
): AsyncGenerator<IndexedDocument> {
  const ids = documents.map(({ id }) => String(id));
  const wanted = { limit: chunksAtOnce, with_payload: true, with_vector: ["dense", "bm25"] };
  const chunks = await chunksOf(ids, wanted, points, collection, signal);
  for (const document of documents) {
    const own = chunks.get(document.id) ?? [];
    checkWhole(document, own);
    yield readIndexed(document, own, means);
  }
}

/** By the ids of their documents. */
async function chunksOf(
  documentIds: string[],
  wanted: Omit<Schemas["ScrollRequest"], "filter">,
  points: QdrantPoints,
  collection: string,
  signal: AbortSignal | undefined,
): Promise<Map<unknown, Schemas["Record"][]>> {
  const pages = points.scrollAll(
    collection,
    {
      filter: {
        must: [
          { key: "kind", match: { value: "chunk" } },
          { key: "doc_id", match: { any: documentIds } },
        ],
      },
      ...wanted,
    },
    signal,
  );
  const chunks: Schemas["Record"][] = [];
  for await (const page of pages) chunks.push(...page);
  return Map.groupBy(chunks, ({ payload }) => payload?.["doc_id"]);
}

/** @throws {StoreError} For a document that was being put when its writer stopped: moving it would lose a part. */
function checkWhole({ payload }: Schemas["Record"], chunks: readonly Schemas["Record"][]): void {
  const isWhole =
    chunks.length === payload?.["chunks"] &&
    chunks.every((chunk) => chunk.payload?.["gen"] === payload["gen"]);
  if (isWhole) return;
  throw new StoreError(
    `${String(payload?.["url"])} is half written in Qdrant: it is being put right now, or its writer was stopped. ` +
      "Let the crawl or the move that wrote it finish first.",
    { retryable: true },
  );
}
