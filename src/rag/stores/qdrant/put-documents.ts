import type { MeanLengths } from "../../archive.ts";
import type { IndexedDocument } from "../../chunk-store.ts";
import { mostResults } from "./index-config.ts";
import type { QdrantOptions } from "./options.ts";
import { documentPointId } from "./point-id.ts";
import type { QdrantPoints } from "./points.ts";
import { heldKeys, type HeldPoint, putChanges } from "./put-changes.ts";

/** Points in one operation of a batch: a request that is too large is halved between operations. */
const pointsAnOperation = 64;

/** Makes these documents what the collection has under their URLs, a few at a time; writers of one collection take turns. */
export async function putDocuments(
  points: QdrantPoints,
  collection: string,
  documents: Iterable<IndexedDocument>,
  means: MeanLengths,
  { maxBatchPoints, maxBatchBytes }: Pick<QdrantOptions, "maxBatchPoints" | "maxBatchBytes">,
  signal?: AbortSignal,
): Promise<void> {
  const limits = { maxItems: Math.min(pointsAnOperation, maxBatchPoints), maxBytes: maxBatchBytes };
  for (const group of groups(documents, maxBatchPoints)) {
    const held = await heldPoints(points, collection, group, signal);
    await points.batchUpdate(collection, putChanges(group, held, means, limits), signal);
  }
}

/** Documents in order, as many together as make one request; one that makes more goes alone. */
function* groups(documents: Iterable<IndexedDocument>, maxPoints: number): Generator<IndexedDocument[]> {
  let group: IndexedDocument[] = [];
  let points = 0;
  for (const document of documents) {
    const own = 1 + document.chunks.length;
    if (group.length > 0 && points + own > maxPoints) {
      yield group;
      [group, points] = [[], 0];
    }
    group.push(document);
    points += own;
  }
  if (group.length > 0) yield group;
}

async function heldPoints(
  points: QdrantPoints,
  collection: string,
  documents: readonly IndexedDocument[],
  signal: AbortSignal | undefined,
): Promise<HeldPoint[]> {
  const any = documents.map(({ url }) => documentPointId(url));
  const filter = { must: [{ key: "doc_id", match: { any } }] };
  const pages = points.scrollAll(
    collection,
    { filter, limit: mostResults, with_payload: [...heldKeys], with_vector: false },
    signal,
  );
  const held: HeldPoint[] = [];
  for await (const page of pages) {
    held.push(...page.map(({ id, payload }) => ({ id: String(id), payload: payload ?? {} })));
  }
  return held;
}
