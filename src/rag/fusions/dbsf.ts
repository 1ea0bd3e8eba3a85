import type { Fuse } from "../fusion.ts";
import { weightedSum, type Scale } from "./weighted-sum.ts";

/**
 * Distribution-based score fusion: each list's mean less three standard deviations becomes 0, its mean plus three
 * becomes 1, unclipped. The best of the fusions measured with the shipped embedder, on five sets.
 * @see Mazzeschi, Distribution-Based Score Fusion (DBSF), 2023; Qdrant's `dbsf`: sample deviation, .5 where there is none.
 */
export const dbsf: Fuse = (rankings) => weightedSum(rankings, scaleOf);

function scaleOf(scores: readonly number[]): Scale {
  const mean = scores.reduce((sum, score) => sum + score, 0) / (scores.length || 1);
  const squares = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / Math.max(scores.length - 1, 1));
  if (!(deviation > 0)) return { value: () => 0.5, bottom: 0 };
  const value = (score: number) => (score - mean + 3 * deviation) / (6 * deviation);
  // A hit can lie under the mean by more than three deviations; what was not ranked must not rise above it.
  return { value, bottom: Math.min(0, value(Math.min(...scores))) };
}
