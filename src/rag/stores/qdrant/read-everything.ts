import type { Schemas } from "@qdrant/js-client-rest";
import { StoreError } from "../../../errors.ts";
import type { MeanLengths } from "../../archive.ts";
import type { IndexedDocument } from "../../chunk-store.ts";
import { mostResults } from "./index-config.ts";
import { readIndexed } from "./payload.ts";
import type { QdrantPoints } from "./points.ts";

const documentsOnly = { must: [{ key: "kind", match: { value: "document" } }] };
/** Documents that are read together. */
const documentsAtOnce = 16;
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
  for await (const page of documents) {
    const chunks = await chunksOf(page, points, collection, signal);
    for (const document of page) {
      const own = chunks.get(document.id) ?? [];
      checkWhole(document, own);
      yield readIndexed(document, own, means);
    }
  }
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

async function chunksOf(
  documents: readonly Schemas["Record"][],
  points: QdrantPoints,
  collection: string,
  signal: AbortSignal | undefined,
): Promise<Map<unknown, Schemas["Record"][]>> {
  const any = documents.map(({ id }) => String(id));
  const pages = points.scrollAll(
    collection,
    {
      filter: {
        must: [
          { key: "kind", match: { value: "chunk" } },
          { key: "doc_id", match: { any } },
        ],
      },
      limit: chunksAtOnce,
      with_payload: true,
      with_vector: ["dense", "bm25"],
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
