import type { SentenceSigns, Weights } from "./sentence-signs.ts";

/**
 * Weights of a sentence's signs, as logits. A conditional logit (ridge 5 on standardised signs) over the sentences of each
 * of 356 questions on six manuals (bench/fit-sentences.ts; 108 of them the plain ones: what is, can I, how do I). Fitted on five
 * and tried on the sixth, the run of 40 words holds the answer for .58 of the 248 and .66 of the 108; without the last four
 * signs for .57 and .49 (of the 41 that ask what something is or does, for 33 instead of 16).
 * @see McFadden, Conditional logit analysis of qualitative choice behavior, 1974
 */
export const supportWeights: Weights = {
  support: 14.98,
  supportInPlace: 5.92,
  kindsHeld: 0.82,
  kindsLacking: -0.54,
  passageScore: 3.15,
  coverageInPlace: 2.21,
  coverageBefore: 3.16,
  news: -0.64,
  hasDigit: 0.93,
  isQuestion: -5.19,
  pointsElsewhere: -1.02,
  isCode: 0.21,
  afterQuestion: 3.54,
  defines: 5.2,
  acts: 4.55,
  names: 3.88,
  opensSubject: 2.26,
};

/**
 * The same where passages cannot be compared by meaning, fitted on passages that were found with vectors: .52 and .56;
 * without the last four .50 and .33.
 */
export const wordWeights: Weights = {
  coverage: 3.91,
  coverageInPlace: 2.7,
  kindsHeld: 0.9,
  kindsLacking: -0.59,
  passageScore: 8.29,
  coverageBefore: 3.19,
  hasDigit: 0.77,
  isQuestion: -3.56,
  pointsElsewhere: -1.09,
  isCode: -0.13,
  defines: 5.8,
  acts: 3.76,
  names: 3.95,
  opensSubject: 2.51,
};

/** How well a sentence answers, on a scale of its question: differences are logits. */
export function sentenceScore(signs: SentenceSigns, weights: Weights): number {
  return (Object.keys(weights) as (keyof SentenceSigns)[]).reduce(
    (sum, sign) => sum + (weights[sign] ?? 0) * signs[sign],
    0,
  );
}
