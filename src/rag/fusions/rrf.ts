import type { Fuse } from "../fusion.ts";
import { weightedSum } from "./weighted-sum.ts";

/** The paper's constant: the higher, the less the first places count. */
const k = 60;

/**
 * Reciprocal rank fusion: places count, scores do not. Scaled so that the first place in every list gives 1.
 * @see Cormack, Clarke and Büttcher, Reciprocal Rank Fusion outperforms Condorcet, SIGIR 2009.
 */
export const rrf: Fuse = (rankings) =>
  weightedSum(rankings, () => ({ value: (_score, rank) => (k + 1) / (k + rank), bottom: 0 }));
