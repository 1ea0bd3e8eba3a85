import type { Fuse, Ranking } from "../fusion.ts";
import { type Scale, weightedSum } from "./weighted-sum.ts";

/**
 * Convex combination: each list's best score becomes 1, its floor 0. With less than half of the weight on one list,
 * an item that only this list has can never come first: the form for an embedder of unknown strength.
 * @see Bruch, Gai and Ingber, An Analysis of Fusion Functions for Hybrid Retrieval, TOIS 2023.
 */
export const weighted: Fuse = (rankings) => weightedSum(rankings, minMax);

/** Best 1, floor 0. */
export function minMax(scores: readonly number[], ranking: Ranking): Scale {
  const highest = Math.max(...scores);
  const lowest = ranking.floor ?? Math.min(...scores);
  // Equal scores tell nothing apart, but a single hit is a hit.
  if (!(highest > lowest)) return { value: () => (scores.length === 1 ? 1 : 0), bottom: 0 };
  return { value: (score) => Math.min(Math.max((score - lowest) / (highest - lowest), 0), 1), bottom: 0 };
}
