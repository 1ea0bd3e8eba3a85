import { type Collection, copyOf } from "./collection.ts";
import { badRequest, NotServed, notFound, refuseMembers } from "./failure.ts";
import { compileFilter } from "./filter.ts";
import { type Point, pointId } from "./points.ts";
import { checkFilter, checkLimit } from "./strict-mode.ts";
import { storeVector, type StoredVector, unknownVector } from "./vectors.ts";
import type { Filter, NamedVectors, Payload, Selection, UpsertPoint, Vector } from "./wire.ts";

/** One change of points, in the words of `POST points/batch`. */
export interface Operation {
  readonly upsert?: { readonly points: readonly UpsertPoint[]; readonly update_filter?: Filter | null };
  readonly delete?: Selection;
  readonly set_payload?: Selection & { readonly payload: Payload };
  readonly overwrite_payload?: Selection & { readonly payload: Payload };
  readonly delete_payload?: Selection & { readonly keys: readonly string[] };
  readonly clear_payload?: Selection;
  readonly update_vectors?: {
    readonly points: readonly Pick<UpsertPoint, "id" | "vector">[];
    readonly update_filter?: Filter | null;
  };
  readonly delete_vectors?: Selection & { readonly vector: readonly string[] };
}

/** A checked change; `version` is the number of its operation. */
export type Change = (version: number) => void;

/**
 * Checks a change against the collection's vectors and strict mode; nothing is changed before the answer is called.
 * @throws {Refusal}
 */
export function prepare(collection: Collection, operation: Operation): Change {
  for (const body of Object.values(operation)) {
    refuseMembers(body as object, ["shard_key", "update_mode", "key", "batch"]);
  }
  if (operation.upsert) return upsert(collection, operation.upsert);
  if (operation.update_vectors) return updateVectors(collection, operation.update_vectors);
  if (operation.delete) {
    return each(
      collection,
      operation.delete,
      { skipsMissing: true },
      ({ id }) => void collection.points.delete(id),
    );
  }
  if (operation.set_payload) {
    const { payload } = operation.set_payload;
    if (Object.values(payload).includes(null)) throw new NotServed("null in a payload that is set");
    return each(collection, operation.set_payload, {}, (point, version) => {
      put(collection, { ...point, version, payload: { ...point.payload, ...copyOf(payload) } });
    });
  }
  if (operation.overwrite_payload) {
    const { payload } = operation.overwrite_payload;
    return each(collection, operation.overwrite_payload, {}, (point, version) => {
      put(collection, { ...point, version, payload: copyOf(payload) });
    });
  }
  if (operation.delete_payload) {
    const { keys } = operation.delete_payload;
    if (keys.some((key) => key.includes("."))) throw new NotServed("deletion inside a payload's objects");
    return each(collection, operation.delete_payload, {}, (point, version) => {
      const kept = Object.entries(point.payload).filter(([key]) => !keys.includes(key));
      put(collection, { ...point, version, payload: Object.fromEntries(kept) });
    });
  }
  if (operation.clear_payload) {
    return each(collection, operation.clear_payload, {}, (point, version) => {
      put(collection, { ...point, version, payload: {} });
    });
  }
  if (operation.delete_vectors) {
    const { vector: names } = operation.delete_vectors;
    for (const name of names) {
      if (!collection.space.dense.has(name) && !collection.space.sparse.has(name)) throw unknownVector(name);
    }
    return each(collection, operation.delete_vectors, {}, (point, version) => {
      const vectors = new Map([...point.vectors].filter(([name]) => !names.includes(name)));
      put(collection, { ...point, version, vectors });
    });
  }
  throw new NotServed(`the operation ${Object.keys(operation).join()}`);
}

/** What a change costs of a write rate: its points. */
export function costOf({ upsert, update_vectors }: Operation): number {
  return (upsert ?? update_vectors)?.points.length ?? 1;
}

function upsert(collection: Collection, { points, update_filter }: NonNullable<Operation["upsert"]>): Change {
  const isOverwritten = compileFilter(update_filter);
  const stored = checked(collection, points, update_filter).map(({ id, vector, payload }) => ({
    id: pointId(id),
    vectors: storeVectors(collection, vector),
    payload: copyOf(payload),
  }));
  return (version) => {
    for (const point of stored) {
      const before = collection.points.get(point.id);
      if (!before || isOverwritten(before)) put(collection, { ...point, version });
    }
  };
}

function updateVectors(
  collection: Collection,
  { points, update_filter }: NonNullable<Operation["update_vectors"]>,
): Change {
  const isUpdated = compileFilter(update_filter);
  const stored = checked(collection, points, update_filter).map(({ id, vector }) => ({
    id: pointId(id),
    vectors: storeVectors(collection, vector),
  }));
  return (version) => {
    for (const { id, vectors } of stored) {
      const before = collection.points.get(id);
      if (!before) throw notFound(`point ${id}`);
      if (isUpdated(before)) {
        put(collection, { ...before, version, vectors: new Map([...before.vectors, ...vectors]) });
      }
    }
  };
}

function checked<Item>(
  collection: Collection,
  points: readonly Item[],
  filter: Filter | null | undefined,
): readonly Item[] {
  if (points.length === 0) throw badRequest("An update needs a point at least.");
  checkLimit(collection.strict, "upsert_max_batchsize", points.length);
  checkFilter(collection.strict, collection.indexes, filter, "unindexed_filtering_update");
  return points;
}

function storeVectors(
  { space }: Collection,
  vector: readonly number[] | NamedVectors,
): ReadonlyMap<string, StoredVector> {
  const named: readonly [string, Vector][] = Array.isArray(vector)
    ? [["", vector as readonly number[]]]
    : Object.entries(vector as NamedVectors);
  return new Map(named.map(([name, one]) => [name, storeVector(space, name, one)]));
}

/** A change of chosen points; one chosen by an id that is missing is an error, unless it is to be deleted anyway. */
function each(
  collection: Collection,
  { points, filter }: Selection,
  { skipsMissing = false },
  change: (point: Point, version: number) => void,
): Change {
  if (!points && !filter) throw badRequest("An update names its points by id or by a filter.");
  checkFilter(collection.strict, collection.indexes, filter, "unindexed_filtering_update");
  const ids = points?.map(pointId);
  const isChosen = compileFilter(filter);
  return (version) => {
    const chosen = ids
      ? ids.map((id) => collection.points.get(id) ?? id)
      : collection.sorted().filter(isChosen);
    for (const point of chosen) {
      if (typeof point === "object") change(point, version);
      else if (!skipsMissing) throw notFound(`point ${point}`);
    }
  };
}

function put(collection: Collection, point: Point): void {
  collection.points.set(point.id, point);
}
