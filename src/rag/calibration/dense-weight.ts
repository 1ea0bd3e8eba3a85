/** Shares of the vectors that are tried, from words alone on. More than .8 was never best on any measured set. */
export const denseWeights = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8] as const;
/** Fewer judged queries than this tell a good weight from a bad one by luck. */
export const leastJudgedQueries = 50;

/**
 * Standard errors that a gain must be worth before any weight goes to the vectors: one-sided 95 %. With one, noise beside a
 * weak BM25 got a weight in 7.7 % of 300 draws of 60 queries; with these, in 1.3 %.
 */
const sureErrors = 1.645;

/** A weight that was tried, and how each query fared; the queries in the same order everywhere. */
export interface WeightTrial {
  readonly weight: number;
  /** nDCG@10 a query. */
  readonly scores: readonly number[];
}

export type WeightChoice =
  | {
      readonly kind: "chosen";
      readonly weight: number;
      /** Mean gain over words alone, and its standard error. */
      readonly gain: number;
      readonly standardError: number;
    }
  | { readonly kind: "too-few"; readonly queries: number; readonly needed: number };

/**
 * The dense weight by judged queries: the one with the highest gain over words alone that can be counted on, mean less one
 * standard error, among those that are no luck; 0 when there is none. Report on other queries than were chosen by.
 * @param trials One of them with the weight 0.
 */
export function chooseDenseWeight(trials: readonly WeightTrial[]): WeightChoice {
  const words = trials.find(({ weight }) => weight === 0)?.scores ?? [];
  if (words.length < leastJudgedQueries)
    return { kind: "too-few", queries: words.length, needed: leastJudgedQueries };
  let best = { weight: 0, gain: 0, standardError: 0 };
  for (const { weight, scores } of trials) {
    const gains = words.map((score, index) => (scores[index] ?? 0) - score);
    const gain = gains.reduce((sum, each) => sum + each, 0) / gains.length;
    const squares = gains.reduce((sum, each) => sum + (each - gain) ** 2, 0);
    const standardError = Math.sqrt(squares / (gains.length - 1) / gains.length);
    if (gain <= sureErrors * standardError) continue;
    if (gain - standardError > best.gain - best.standardError) best = { weight, gain, standardError };
  }
  return { kind: "chosen", ...best };
}

/** As many pseudo-queries are needed before they have a say. */
export const leastPseudoQueries = 150;
/** Below this share of BM25's MRR the vectors are worth nothing; they are never worth more than `mostUnproven`. */
const worthlessRatio = 0.3;
const mostUnproven = 0.4;
/** Below this, even an embedder that is known to be good is doubted here. */
const doubtedRatio = 0.5;

/** The dense weight by pseudo-queries, for an embedder of unknown strength. @param ratio MRR@10 of the vectors over BM25's, the same pseudo-queries. */
export function unprovenWeight(ratio: number): number {
  const weight = (mostUnproven * (ratio - worthlessRatio)) / (1 - worthlessRatio);
  return Math.min(Math.max(weight, 0), mostUnproven);
}

/**
 * The dense weight by pseudo-queries for an embedder that is known to be good. They favour BM25, whose words they are made
 * of, so they may only lower the weight, and only where the vectors find less than half as well.
 * @param usual What it has without them.
 */
export function provenWeight(ratio: number, usual: number): number {
  return ratio < doubtedRatio ? Math.min(usual, unprovenWeight(ratio)) : usual;
}
