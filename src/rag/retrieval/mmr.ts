import { dot } from "../vectors/vector-math.ts";

/** Something to choose, as {@link maximalMarginalRelevance} sees it. */
export interface MmrCandidate {
  /** 0 to 1, 1 the best. */
  readonly relevance: number;
  /** L2 norm 1. Absent: it is like nothing else. */
  readonly vector?: Float32Array | undefined;
}

/**
 * The order in which to take candidates so that each says something new: at each step the one with the highest
 * `lambda * relevance - (1 - lambda) * likeness`, likeness being the highest cosine to one taken before.
 * @param options.lambda 1: by relevance alone; 0: by difference alone.
 * @param options.limit How many to take.
 * @param options.kept The first so many are taken as they stand.
 * @returns Places among `candidates`; equal ones in their order.
 * @see Carbonell and Goldstein, The Use of MMR, Diversity-Based Reranking, SIGIR 1998.
 */
export function maximalMarginalRelevance(
  candidates: readonly MmrCandidate[],
  options: { readonly lambda: number; readonly limit: number; readonly kept?: number },
): number[] {
  const { lambda, limit, kept = 0 } = options;
  const left = [...candidates.keys()];
  const taken: number[] = [];
  /** Of each candidate to what was taken so far. */
  const likeness = candidates.map(() => 0);
  while (taken.length < limit && left.length > 0) {
    const worth = (place: number) =>
      lambda * (candidates[place]?.relevance ?? 0) - (1 - lambda) * (likeness[place] ?? 0);
    const at =
      taken.length < kept
        ? 0
        : left.reduce((best, place, index) => (worth(place) > worth(left[best] ?? 0) ? index : best), 0);
    const [place = 0] = left.splice(at, 1);
    taken.push(place);
    const vector = candidates[place]?.vector;
    for (const other of left) {
      const its = candidates[other]?.vector;
      if (vector && its) likeness[other] = Math.max(likeness[other] ?? 0, dot(vector, its));
    }
  }
  return taken;
}
