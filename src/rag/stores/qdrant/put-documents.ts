import type { MeanLengths } from "../../archive.ts";
import type { IndexedDocument } from "../../chunk-store.ts";
import type { BatchLimits } from "./batches.ts";
import { mostResults } from "./index-config.ts";
import type { QdrantOptions } from "./options.ts";
import { documentPointId } from "./point-id.ts";
import type { QdrantPoints } from "./points.ts";
import { heldKeys, type HeldPoint, putChanges } from "./put-changes.ts";

/** Points in one operation of a batch: a request that is too large is halved between operations. */
const pointsAnOperation = 64;

/** Writes documents to one collection, a few at a time. */
export class DocumentWriter {
  readonly #points: QdrantPoints;
  readonly #collection: string;
  readonly #groupPoints: number;
  readonly #operationLimits: BatchLimits;
  /** A put that was aborted may still be on its way: the next must be above it, though nothing is to be seen of it yet. */
  #lastGeneration = 0;

  constructor(
    points: QdrantPoints,
    {
      collection,
      maxBatchPoints,
      maxBatchBytes,
    }: Pick<QdrantOptions, "collection" | "maxBatchPoints" | "maxBatchBytes">,
  ) {
    this.#points = points;
    this.#collection = collection;
    this.#groupPoints = maxBatchPoints;
    this.#operationLimits = {
      maxItems: Math.min(pointsAnOperation, maxBatchPoints),
      maxBytes: maxBatchBytes,
    };
  }

  /** Makes these documents what the collection has under their URLs. One call at a time. */
  async put(documents: Iterable<IndexedDocument>, means: MeanLengths, signal?: AbortSignal): Promise<void> {
    for (const group of groups(documents, this.#groupPoints)) {
      const held = await this.#held(group, signal);
      this.#lastGeneration =
        1 + Math.max(this.#lastGeneration, ...held.map(({ payload }) => Number(payload["gen"])));
      const changes = putChanges(group, held, this.#lastGeneration, means, this.#operationLimits);
      await this.#points.batchUpdate(this.#collection, changes, signal);
    }
  }

  async #held(documents: readonly IndexedDocument[], signal: AbortSignal | undefined): Promise<HeldPoint[]> {
    const any = documents.map(({ url }) => documentPointId(url));
    const filter = { must: [{ key: "doc_id", match: { any } }] };
    const pages = this.#points.scrollAll(
      this.#collection,
      { filter, limit: mostResults, with_payload: [...heldKeys], with_vector: false },
      signal,
    );
    const held: HeldPoint[] = [];
    for await (const page of pages) {
      held.push(...page.map(({ id, payload }) => ({ id: String(id), payload: payload ?? {} })));
    }
    return held;
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
