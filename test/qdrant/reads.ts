import type { Collection } from "./collection.ts";
import { badRequest, NotServed, notFound, refuseMembers } from "./failure.ts";
import { compileFilter, readDatetime, valuesAt } from "./filter.ts";
import type { Scored } from "./fusion.ts";
import { compareIds, pointId, type PointRecord, recordOf } from "./points.ts";
import { checkQuery, defaultLimit, search } from "./query.ts";
import { checkFilter, checkGroupKey, checkIndex, checkLimit, usesOf } from "./strict-mode.ts";
import { shortest } from "./vectors.ts";
import type { Filter, GroupsRequest, PointId, QueryRequest, Wanted } from "./wire.ts";

/** A page of points by id, or by a payload's value. */
export interface ScrollRequest extends Wanted {
  readonly filter?: Filter | null;
  readonly limit?: number | null;
  readonly offset?: PointId | null;
  readonly order_by?: string | OrderBy | null;
}
interface OrderBy {
  readonly key: string;
  readonly direction?: "asc" | "desc" | null;
  readonly start_from?: number | string | null;
}

/** The answer to `points/query`. */
export function query(collection: Collection, request: QueryRequest): { readonly points: readonly object[] } {
  const offset = request.offset ?? 0;
  const found = search(collection, request, offset + (request.limit ?? defaultLimit)).slice(offset);
  const isScored = request.query !== null && request.query !== undefined;
  return { points: found.map((one) => hitOf(one, request, isScored)) };
}

/** The answer to `points/query/groups`. */
export function queryGroups(
  collection: Collection,
  request: GroupsRequest,
): { readonly groups: readonly object[] } {
  refuseMembers(request, ["with_lookup", "prefetch"]);
  checkGroupKey(collection.strict, collection.indexes, request.group_by);
  const groups = new Map<unknown, Scored[]>();
  for (const hit of search(collection, request, Infinity)) {
    const [id] = valuesAt(hit.point.payload, request.group_by);
    if (id === undefined || id === null) continue;
    const group = groups.get(id) ?? [];
    group.push(hit);
    groups.set(id, group);
  }
  const best = [...groups].slice(0, request.limit ?? defaultLimit);
  return {
    groups: best.map(([id, hits]) => ({
      hits: hits.slice(0, request.group_size ?? 3).map((hit) => hitOf(hit, request, true)),
      id,
    })),
  };
}

/** Points without a query carry neither version nor score of their own. */
function hitOf({ point, score }: Scored, wanted: Wanted, isScored: boolean): object {
  const { id, ...rest } = recordOf(point, wanted);
  return { id, version: isScored ? point.version : 0, score: shortest(score), ...rest };
}

/** The answer to `POST points`: those that exist, in the order asked for. */
export function retrieve(
  collection: Collection,
  request: Wanted & { readonly ids: readonly PointId[] },
): readonly PointRecord[] {
  refuseMembers(request, ["shard_key"]);
  const wanted = { ...request, with_payload: request.with_payload ?? true };
  const found = [...new Set(request.ids.map(pointId))].map((id) => collection.points.get(id));
  return found.flatMap((point) => (point ? [recordOf(point, wanted)] : []));
}

/** The answer to `GET points/ID`. */
export function retrieveOne(collection: Collection, id: PointId): PointRecord {
  const [found] = retrieve(collection, { ids: [id], with_payload: true, with_vector: true });
  if (!found) throw notFound(`point ${id}`);
  return found;
}

/** The answer to `points/scroll`. */
export function scroll(collection: Collection, request: ScrollRequest): object {
  refuseMembers(request, ["shard_key"]);
  const { filter, offset, order_by } = request;
  const limit = request.limit ?? defaultLimit;
  checkLimit(collection.strict, "max_query_limit", limit);
  checkFilter(collection.strict, collection.indexes, filter, "unindexed_filtering_retrieve");
  if (limit < 1) throw badRequest("A page has a point at least.");
  const wanted = { ...request, with_payload: request.with_payload ?? true };
  const found = collection.sorted().filter(compileFilter(filter));
  if (order_by) {
    if (offset !== null && offset !== undefined)
      throw badRequest("Pages with order_by go by its start_from, not by offset.");
    const order = typeof order_by === "string" ? { key: order_by } : order_by;
    const rows = orderedRows(
      collection,
      found.map(({ id }) => id),
      order,
    ).slice(0, limit);
    const records = retrieve(collection, { ...wanted, ids: rows.map(({ id }) => id) });
    const points = records.map((record, at) => ({ ...record, order_value: rows[at]?.value }));
    return { points, next_page_offset: null };
  }
  const start = offset === null || offset === undefined ? undefined : pointId(offset);
  const from = start === undefined ? found : found.filter(({ id }) => compareIds(id, start) >= 0);
  return {
    points: from.slice(0, limit).map((point) => recordOf(point, wanted)),
    next_page_offset: from[limit]?.id ?? null,
  };
}

/** Ids by a payload's value, dates in microseconds; points without one are left out. */
function orderedRows(
  collection: Collection,
  ids: readonly PointId[],
  { key, direction, start_from }: OrderBy,
): readonly { readonly id: PointId; readonly value: number }[] {
  checkIndex(collection.indexes, key, ["datetime", "float", "integer range"]);
  const isDatetime = collection.indexes.get(key)?.type === "datetime";
  const valueOf = (found: unknown) => {
    const milliseconds = isDatetime ? readDatetime(found) : undefined;
    return milliseconds === undefined ? found : milliseconds * 1_000;
  };
  const start = valueOf(start_from ?? undefined);
  const sign = direction === "desc" ? -1 : 1;
  const rows = ids.flatMap((id) => {
    const values = valuesAt(collection.points.get(id)?.payload ?? {}, key).map(valueOf);
    if (values.length > 1) throw new NotServed("order by a list of values");
    const [value] = values;
    if (typeof value !== "number") return [];
    return typeof start === "number" && sign * (value - start) < 0 ? [] : [{ id, value }];
  });
  return rows.sort((one, other) => sign * (one.value - other.value) || compareIds(one.id, other.id));
}

/** The answer to `points/count`; the stand-in always counts exactly. */
export function count(
  collection: Collection,
  request: { readonly filter?: Filter | null },
): { readonly count: number } {
  refuseMembers(request, ["shard_key"]);
  checkFilter(collection.strict, collection.indexes, request.filter, "unindexed_filtering_retrieve");
  return { count: [...collection.points.values()].filter(compileFilter(request.filter)).length };
}

/** The answer to `facet`: values by how many points have them. */
export function facet(
  collection: Collection,
  request: { readonly key: string; readonly limit?: number | null; readonly filter?: Filter | null },
): { readonly hits: readonly object[] } {
  refuseMembers(request, ["shard_key"]);
  const { key, filter } = request;
  checkLimit(collection.strict, "max_query_limit", request.limit);
  checkFilter(collection.strict, collection.indexes, filter, "unindexed_filtering_retrieve");
  const index = collection.indexes.get(key);
  const isMatched = index && usesOf(index).some((use) => ["keyword", "bool", "integer lookup"].includes(use));
  if (!isMatched) throw badRequest(`"${key}" has no index for whole values, which counting by value needs.`);
  const counts = new Map<unknown, number>();
  for (const { payload } of [...collection.points.values()].filter(compileFilter(filter))) {
    for (const value of new Set(valuesAt(payload, key))) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const hits = [...counts]
    .map(([value, found]) => ({ value, count: found }))
    .sort((one, other) => other.count - one.count || (String(one.value) < String(other.value) ? -1 : 1));
  return { hits: hits.slice(0, request.limit ?? defaultLimit) };
}

/** The answer to `points/query/batch`: all searches, or the refusal of one. */
export function queryBatch(
  collection: Collection,
  { searches }: { readonly searches: readonly QueryRequest[] },
): readonly object[] {
  checkLimit(collection.strict, "search_max_batchsize", searches.length);
  for (const one of searches) checkQuery(collection, one);
  return searches.map((one) => query(collection, one));
}
