import type { Schemas } from "@qdrant/js-client-rest";
import type { QdrantCaller } from "./caller.ts";
import { assertBounded } from "./delete-guard.ts";

/** A point as it is written; vectors always by name: some servers drop a point with a nameless one without a word (qdrant#9521). */
export type NewPoint = Schemas["PointStruct"] & {
  readonly vector: Readonly<Record<string, Schemas["Vector"]>>;
};
/** Points by id, or all of which a filter holds. */
export type Selection = { readonly points: readonly string[] } | { readonly filter: Schemas["Filter"] };
/** A page of {@link QdrantPoints.scroll}, and where the next begins; undefined after the last. */
export interface ScrollPage {
  readonly points: readonly Schemas["Record"][];
  readonly next: string | number | undefined;
}

/** The points of collections, each named by its own name or an alias. */
export class QdrantPoints {
  readonly #caller: QdrantCaller;

  constructor(caller: QdrantCaller) {
    this.#caller = caller;
  }

  /** Writes points whole, in batches side by side; of two with one id the later is kept. */
  async upsert(collection: string, points: readonly NewPoint[], signal?: AbortSignal): Promise<void> {
    const what = `upsert into ${collection}`;
    await this.#caller.inBatches(lastOfEachId(points), signal, (batch, own) =>
      this.#caller.update(
        what,
        collection,
        (api, init, timeout) =>
          api.upsertPoints({ collection_name: collection, wait: true, timeout, points: batch }, init),
        own,
      ),
    );
  }

  /** Sets the named vectors of points that are there; their other vectors and payload stay. */
  async updateVectors(
    collection: string,
    points: readonly Schemas["PointVectors"][],
    signal?: AbortSignal,
  ): Promise<void> {
    const what = `set vectors in ${collection}`;
    await this.#caller.inBatches(lastOfEachId(points), signal, (batch, own) =>
      this.#caller.update(
        what,
        collection,
        (api, init, timeout) =>
          api.updateVectors({ collection_name: collection, wait: true, timeout, points: batch }, init),
        own,
      ),
    );
  }

  /**
   * Sets these fields; others stay.
   * @throws {QdrantError} `qdrant-missing` when a point named by id is not there; `qdrant-refused` for a filter without bound.
   */
  async setPayload(
    collection: string,
    selection: Selection,
    payload: Readonly<Record<string, unknown>>,
    signal?: AbortSignal,
  ): Promise<void> {
    const what = `set payload in ${collection}`;
    if (!namesPoints(selection, what)) return;
    const selected = { payload: { ...payload }, ...copied(selection) };
    await this.#caller.update(
      what,
      collection,
      (api, init, timeout) =>
        api.setPayload({ collection_name: collection, wait: true, timeout, ...selected }, init),
      signal,
    );
  }

  /** @throws {QdrantError} `qdrant-refused` for a filter without bound, see {@link assertBounded}. */
  async delete(collection: string, selection: Selection, signal?: AbortSignal): Promise<void> {
    const what = `delete from ${collection}`;
    if (!namesPoints(selection, what)) return;
    const selected = copied(selection);
    await this.#caller.update(
      what,
      collection,
      (api, init, timeout) =>
        api.deletePoints({ collection_name: collection, wait: true, timeout, ...selected }, init),
      signal,
    );
  }

  /** Makes one change after the other, in as few requests as the limits allow. Not all or nothing: a rerun finishes it. */
  async batchUpdate(
    collection: string,
    operations: readonly Schemas["UpdateOperation"][],
    signal?: AbortSignal,
  ): Promise<void> {
    const what = `update ${collection}`;
    const effective = operations.filter((operation) =>
      Object.values(operation).every((selection: object) => namesPoints(selection, what)),
    );
    await this.#caller.inOrder(effective, (batch) =>
      this.#caller.update(
        what,
        collection,
        (api, init, timeout) =>
          api.batchUpdate({ collection_name: collection, wait: true, timeout, operations: batch }, init),
        signal,
      ),
    );
  }

  /** Points by id, those that are there, in no order. */
  async retrieve(
    collection: string,
    request: Schemas["PointRequest"],
    signal?: AbortSignal,
  ): Promise<readonly Schemas["Record"][]> {
    if (request.ids.length === 0) return [];
    return await this.#caller.read(
      `get points of ${collection}`,
      (api, init, timeout) => api.getPoints({ collection_name: collection, timeout, ...request }, init),
      signal,
    );
  }

  /** A page of points by id. @param request With the `next` of the page before as `offset`. */
  async scroll(
    collection: string,
    request: Schemas["ScrollRequest"],
    signal?: AbortSignal,
  ): Promise<ScrollPage> {
    const { points, next_page_offset: next } = await this.#caller.read(
      `scroll ${collection}`,
      (api, init, timeout) => api.scrollPoints({ collection_name: collection, timeout, ...request }, init),
      signal,
    );
    return { points, next: typeof next === "string" || typeof next === "number" ? next : undefined };
  }

  /** All pages, one after the other. */
  async *scrollAll(
    collection: string,
    request: Schemas["ScrollRequest"],
    signal?: AbortSignal,
  ): AsyncGenerator<readonly Schemas["Record"][]> {
    let offset: ScrollPage["next"];
    do {
      const page = await this.scroll(
        collection,
        offset === undefined ? request : { ...request, offset },
        signal,
      );
      yield page.points;
      offset = page.next;
    } while (offset !== undefined);
  }

  /** One ranking, also of several fused by the server (`prefetch`, each with the filter of its own). */
  async query(
    collection: string,
    request: Schemas["QueryRequest"],
    signal?: AbortSignal,
  ): Promise<readonly Schemas["ScoredPoint"][]> {
    const { points } = await this.#caller.read(
      `search ${collection}`,
      (api, init, timeout) => api.queryPoints({ collection_name: collection, timeout, ...request }, init),
      signal,
    );
    return points;
  }

  /** A ranking a search, in order, in one round trip. */
  async queryBatch(
    collection: string,
    searches: readonly Schemas["QueryRequest"][],
    signal?: AbortSignal,
  ): Promise<readonly (readonly Schemas["ScoredPoint"][])[]> {
    const answers = await this.#caller.inOrder(searches, (batch) =>
      this.#caller.read(
        `search ${collection}`,
        (api, init, timeout) =>
          api.queryBatchPoints({ collection_name: collection, timeout, searches: batch }, init),
        signal,
      ),
    );
    return answers.flat().map(({ points }) => points);
  }

  /** How many points there are, exactly; of which `filter` holds, if given. */
  async count(collection: string, filter?: Schemas["Filter"], signal?: AbortSignal): Promise<number> {
    const { count } = await this.#caller.read(
      `count ${collection}`,
      (api, init, timeout) =>
        api.countPoints(
          { collection_name: collection, timeout, exact: true, ...(filter ? { filter } : {}) },
          init,
        ),
      signal,
    );
    return count;
  }

  /** How many points have each value of a payload field that has an index. */
  async facet(
    collection: string,
    request: Schemas["FacetRequest"],
    signal?: AbortSignal,
  ): Promise<readonly Schemas["FacetValueHit"][]> {
    const { hits } = await this.#caller.read(
      `facet ${collection}`,
      (api, init, timeout) => api.facet({ collection_name: collection, timeout, ...request }, init),
      signal,
    );
    return hits;
  }
}

/** As Qdrant does it with two of one id in one request; batches go side by side, so it is done here. */
function lastOfEachId<P extends { readonly id: Schemas["ExtendedPointId"] }>(
  points: readonly P[],
): Iterable<P> {
  return new Map(points.map((point) => [point.id, point])).values();
}

function copied(selection: Selection): { points: string[] } | { filter: Schemas["Filter"] } {
  return "points" in selection ? { points: [...selection.points] } : { filter: selection.filter };
}

/**
 * False for a change to no points at all, which Qdrant refuses as an empty request.
 * @throws {QdrantError} For a filter without bound.
 */
function namesPoints(selection: object, what: string): boolean {
  if ("filter" in selection && typeof selection.filter === "object" && selection.filter !== null)
    assertBounded(selection.filter, what);
  return !("points" in selection && Array.isArray(selection.points) && selection.points.length === 0);
}
