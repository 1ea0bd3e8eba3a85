import type { Fuse } from "../fusion.ts";
import { fuseBy, weightedMean, type Opinion } from "./weighted-sum.ts";
import { minMax } from "./weighted.ts";

/** What several lists found gains on what one alone did: the weighted mean times the root of the share of lists that have it. */
export const consensus: Fuse = (rankings) => fuseBy(rankings, minMax, agreed);

export function agreed(opinions: readonly Opinion[]): number {
  const asked = opinions.filter(({ ranking }) => ranking.weight > 0 && ranking.hits.length > 0);
  if (asked.length === 0) return 0;
  const share = asked.filter(({ isRanked }) => isRanked).length / asked.length;
  return weightedMean(opinions) * Math.sqrt(share);
}
