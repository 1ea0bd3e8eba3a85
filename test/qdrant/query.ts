import type { Collection } from "./collection.ts";
import { badRequest, NotServed, notFound, refuseMembers } from "./failure.ts";
import { compileFilter } from "./filter.ts";
import { evaluate } from "./formula.ts";
import { distributionScores, reciprocalRanks, type Scored } from "./fusion.ts";
import { compareIds, type Point, pointId } from "./points.ts";
import { checkFilter, checkLimit } from "./strict-mode.ts";
import { cosine, inverseFrequencies, sparseScore, storeVector, unknownVector } from "./vectors.ts";
import type { Mmr, PointId, Prefetch, Query, QueryInput, SparseVector, Vector } from "./wire.ts";

/** Of a query and of a prefetch alike. */
export const defaultLimit = 10;

/** @throws {Refusal} 400 when a query or one of its prefetches asks for more than strict mode allows. */
export function checkQuery(collection: Collection, request: Prefetch): void {
  checkLimit(collection.strict, "max_query_limit", request.limit);
  checkFilter(collection.strict, collection.indexes, request.filter, "unindexed_filtering_retrieve");
  for (const prefetch of prefetchesOf(request)) checkQuery(collection, prefetch);
}

/**
 * Answers a query exactly, best first; equal scores in the order of ids, which a real server does not promise.
 * @param most Points to give; of a prefetch its limit, of a query its offset and limit.
 */
export function search(collection: Collection, request: Prefetch, most: number): readonly Scored[] {
  refuseMembers(request, ["lookup_from", "shard_key"]);
  const { query, filter, score_threshold: least } = request;
  const lists = prefetchesOf(request).map((one) => search(collection, one, one.limit ?? defaultLimit));
  const isWanted = compileFilter(filter);
  const isKept = ({ point, score }: Scored) => isWanted(point) && score >= (least ?? -Infinity);

  if (query === null || query === undefined) {
    if (lists.length > 0) throw new NotServed("prefetches without a query");
    return collection
      .sorted()
      .map((point) => ({ point, score: 1 }))
      .filter(isKept)
      .slice(0, most);
  }
  const { fusion, rrf, formula, defaults = {}, nearest, mmr } = readQuery(query);
  if (nearest !== undefined) {
    const candidates = lists.length > 0 ? pointsOf(lists) : collection.sorted();
    const name = request.using ?? "";
    const found = sorted(scoreNearest(collection, candidates, name, nearest)).filter(isKept);
    return mmr ? diversify(found, name, mmr, most) : found.slice(0, most);
  }
  if (lists.length === 0) throw badRequest("A fusion or formula needs prefetches to work on.");
  if (formula !== undefined) {
    const places = lists.map((list) => new Map(list.map(({ point, score }) => [point, score])));
    const found = pointsOf(lists).map((point) => {
      const scores = places.map((place) => place.get(point));
      return {
        point,
        score: Math.fround(evaluate(formula, { point, scores, defaults, indexes: collection.indexes })),
      };
    });
    return sorted(found).filter(isKept).slice(0, most);
  }
  const fused = fusion === "dbsf" ? distributionScores(lists) : reciprocalRanks(lists, rrf ?? {});
  return sorted(fused).filter(isKept).slice(0, most);
}

function prefetchesOf({ prefetch }: Prefetch): readonly Prefetch[] {
  if (!prefetch) return [];
  return Array.isArray(prefetch) ? (prefetch as readonly Prefetch[]) : [prefetch as Prefetch];
}

function readQuery(query: QueryInput): Query {
  if (typeof query !== "object" || Array.isArray(query) || "indices" in query) {
    return { nearest: query as PointId | Vector };
  }
  const served = ["nearest", "fusion", "rrf", "formula"];
  if (!served.some((kind) => kind in query)) throw new NotServed(`the query ${Object.keys(query).join()}`);
  return query as Query;
}

function pointsOf(lists: readonly (readonly Scored[])[]): readonly Point[] {
  return [...new Set(lists.flat().map(({ point }) => point))];
}

function sorted(found: readonly Scored[]): readonly Scored[] {
  return found.toSorted((one, other) => other.score - one.score || compareIds(one.point.id, other.point.id));
}

function scoreNearest(
  collection: Collection,
  candidates: readonly Point[],
  name: string,
  nearest: PointId | Vector,
): readonly Scored[] {
  const { space } = collection;
  if (!space.dense.has(name) && !space.sparse.has(name)) throw unknownVector(name);
  const self = typeof nearest === "object" ? undefined : existing(collection, nearest);
  const query = self ? self.vectors.get(name) : storeVector(space, name, nearest as Vector);
  if (!query) throw notFound(`vector "${name}" of point ${nearest as PointId}`);
  const score = scoreTo(collection, name, query);
  return candidates.flatMap((point) => {
    const found = point === self ? undefined : score(point);
    return found === undefined ? [] : [{ point, score: found }];
  });
}

/** A point's score; undefined for points that cannot be found by this vector. */
function scoreTo(
  collection: Collection,
  name: string,
  query: Float32Array | SparseVector,
): (point: Point) => number | undefined {
  if (query instanceof Float32Array) {
    return ({ vectors }) => {
      const vector = vectors.get(name);
      return vector instanceof Float32Array ? cosine(query, vector) : undefined;
    };
  }
  // A real server counts what was deleted too until it tidies the segment (seen in qdrant-edge-py 0.9.0, its own core).
  const sparse = [...collection.points.values()].flatMap(({ vectors }) => sparseOf(vectors.get(name)));
  const rarity =
    collection.space.sparse.get(name)?.modifier === "idf" ? inverseFrequencies(query, sparse) : undefined;
  const weights = new Map(
    query.indices.map((index, at) => [index, (query.values[at] ?? 0) * (rarity?.get(index) ?? 1)]),
  );
  return ({ vectors }) => {
    const [vector] = sparseOf(vectors.get(name));
    return vector && sparseScore(weights, vector);
  };
}

function sparseOf(vector: Float32Array | SparseVector | undefined): readonly SparseVector[] {
  return vector && !(vector instanceof Float32Array) ? [vector] : [];
}

function existing(collection: Collection, id: PointId): Point {
  const point = collection.points.get(pointId(id));
  if (!point) throw notFound(`point ${id}`);
  return point;
}

/**
 * Takes one point after the other: near the query, and unlike those taken before. Scores stay those of the query.
 * @see Carbonell and Goldstein, The Use of MMR, Diversity-Based Reranking, SIGIR 1998.
 */
function diversify(found: readonly Scored[], name: string, mmr: Mmr, most: number): readonly Scored[] {
  const diversity = mmr.diversity ?? 0.5;
  const left = found.slice(0, mmr.candidates_limit ?? most);
  const taken: Scored[] = [];
  const likeness = (one: Scored, other: Scored) => {
    const [a, b] = [one.point.vectors.get(name), other.point.vectors.get(name)];
    if (!(a instanceof Float32Array) || !(b instanceof Float32Array))
      throw new NotServed("MMR of sparse vectors");
    return cosine(a, b);
  };
  const worth = (one: Scored) => {
    const closest = taken.length > 0 ? Math.max(...taken.map((other) => likeness(one, other))) : 0;
    return (1 - diversity) * one.score - diversity * closest;
  };
  while (left.length > 0 && taken.length < most) {
    const worths = left.map(worth);
    taken.push(...left.splice(worths.indexOf(Math.max(...worths)), 1));
  }
  return taken;
}
