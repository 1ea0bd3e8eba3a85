import { badRequest } from "./failure.ts";
import type { Point } from "./points.ts";

/** A found point with its score, best first in lists. */
export interface Scored {
  readonly point: Point;
  readonly score: number;
}

/**
 * Reciprocal rank fusion in the server's form: places count from 0, `k` is 2 unless said otherwise, and a weight divides the place.
 * @see Cormack, Clarke and Büttcher, Reciprocal Rank Fusion, SIGIR 2009.
 */
export function reciprocalRanks(
  lists: readonly (readonly Scored[])[],
  { k, weights }: { readonly k?: number | null; readonly weights?: readonly number[] | null },
): readonly Scored[] {
  if (weights && weights.length !== lists.length) {
    throw badRequest(`${weights.length} weights were given for ${lists.length} prefetches.`);
  }
  return sumOf(
    lists.map((list, at) =>
      list.map(({ point }, place) => ({
        point,
        score: 1 / ((place + 1) / (weights?.[at] ?? 1) + (k ?? 2) - 1),
      })),
    ),
  );
}

/**
 * Distribution-based score fusion: each list's scores from three standard deviations below their mean (0) to three above (1).
 * A list of one, or of equal scores, gives 0.5.
 * @see Mazzeschi, Distribution-Based Score Fusion, 2023.
 */
export function distributionScores(lists: readonly (readonly Scored[])[]): readonly Scored[] {
  return sumOf(
    lists.map((list) => {
      const mean = list.reduce((sum, { score }) => sum + score, 0) / list.length;
      const squares = list.reduce((sum, { score }) => sum + (score - mean) ** 2, 0);
      const deviation = list.length > 1 ? Math.sqrt(squares / (list.length - 1)) : 0;
      return list.map(({ point, score }) => ({
        point,
        score: deviation === 0 ? 0.5 : (score - (mean - 3 * deviation)) / (6 * deviation),
      }));
    }),
  );
}

function sumOf(lists: readonly (readonly Scored[])[]): readonly Scored[] {
  const sums = new Map<Point, number>();
  for (const { point, score } of lists.flat()) sums.set(point, (sums.get(point) ?? 0) + score);
  return [...sums].map(([point, score]) => ({ point, score: Math.fround(score) }));
}
