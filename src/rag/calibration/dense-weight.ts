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
      /** Mean gain over the usual weight, and its standard error; 0 where that one stays. */
      readonly gain: number;
      readonly standardError: number;
    }
  | { readonly kind: "too-few"; readonly queries: number; readonly needed: number };

/**
 * The dense weight by judged queries: the one with the highest gain over the usual weight that can be counted on, mean less
 * one standard error, among those that are no luck; the usual one when there is none. Report on other queries than were chosen by.
 * @param trials One of them with the usual weight.
 * @param usual What it is without labels: words alone for an embedder of unknown strength.
 */
export function chooseDenseWeight(trials: readonly WeightTrial[], usual = 0): WeightChoice {
  const base = trials.find(({ weight }) => weight === usual)?.scores ?? [];
  if (base.length < leastJudgedQueries)
    return { kind: "too-few", queries: base.length, needed: leastJudgedQueries };
  let best = { weight: usual, gain: 0, standardError: 0 };
  for (const { weight, scores } of trials) {
    const { gain, standardError, isSure } = measureGain(scores, base);
    if (isSure && gain - standardError > best.gain - best.standardError)
      best = { weight, gain, standardError };
  }
  return { kind: "chosen", ...best };
}

/** What scores gain over others of the same queries, in the same order: the mean, its standard error, and whether it is no luck. */
export function measureGain(
  scores: readonly number[],
  base: readonly number[],
): { readonly gain: number; readonly standardError: number; readonly isSure: boolean } {
  const gains = base.map((score, index) => (scores[index] ?? 0) - score);
  const gain = gains.reduce((sum, each) => sum + each, 0) / gains.length;
  const squares = gains.reduce((sum, each) => sum + (each - gain) ** 2, 0);
  const standardError = Math.sqrt(squares / Math.max(gains.length - 1, 1) / gains.length);
  return { gain, standardError, isSure: gain > sureErrors * standardError };
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
