import type { SentenceSigns, Weights } from "./sentence-signs.ts";

/**
 * Weights of a sentence's signs, as logits. A conditional logit (ridge 5 on standardised signs) over the sentences of each
 * of 248 questions on four manuals (bench/fit-sentences.ts: apache, gnucash, postgresql, python). Fitted on three and tried on
 * the fourth, the first sentence holds the answer for .51, its run of 40 words for .56; with {@link wordWeights} for .44
 * and .48; before there were weights, by hand, for .47.
 * @see McFadden, Conditional logit analysis of qualitative choice behavior, 1974
 */
export const supportWeights: Weights = {
  support: 13.32,
  supportInPlace: 7.35,
  kindsHeld: 1.17,
  kindsLacking: -0.72,
  passageScore: 2.46,
  coverageInPlace: 2.34,
  coverageBefore: 3.49,
  news: -0.59,
  hasDigit: 0.74,
  isQuestion: -3.88,
  pointsElsewhere: -0.97,
  isCode: -0.87,
  afterQuestion: 2.56,
};

/** The same where passages cannot be compared by meaning. */
export const wordWeights: Weights = {
  coverage: 4.37,
  coverageInPlace: 2.78,
  kindsHeld: 1.22,
  kindsLacking: -0.76,
  passageScore: 7.56,
  coverageBefore: 3.4,
  hasDigit: 0.62,
  isQuestion: -2.88,
  pointsElsewhere: -1.17,
  isCode: -1.14,
};

/** How well a sentence answers, on a scale of its question: differences are logits. */
export function sentenceScore(signs: SentenceSigns, weights: Weights): number {
  return (Object.keys(weights) as (keyof SentenceSigns)[]).reduce(
    (sum, sign) => sum + (weights[sign] ?? 0) * signs[sign],
    0,
  );
}
