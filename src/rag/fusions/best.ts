import type { Fuse } from "../fusion.ts";
import { fuseBy, type Opinion } from "./weighted-sum.ts";
import { minMax } from "./weighted.ts";

/** Each item as the one list says that is most sure of it: its place in that list times how far the list is to be believed. */
export const best: Fuse = (rankings) => fuseBy(rankings, minMax, mostSure);

export function mostSure(opinions: readonly Opinion[]): number {
  return Math.max(
    0,
    ...opinions.map(({ ranking, value }) => (ranking.weight > 0 ? (ranking.confidence ?? 1) * value : 0)),
  );
}
