import { fitPlatt } from "./logistic.ts";
import { splitHalf } from "./split-half.ts";

/** From a stated confidence to the chance that the answer is right: a straight line between log-odds; 1 and 0 change nothing. */
export interface ConfidenceCurve {
  readonly slope: number;
  readonly intercept: number;
}

/** An answer whose rightness is known. */
export interface KnownAnswer {
  readonly id: string;
  readonly confidence: number;
  readonly isRight: boolean;
}

/** Fewer answers than this, or fewer wrong ones, and the curve follows luck. */
export const leastAnswers = 100;
export const leastWrong = 30;
/** A confidence of 0 or 1 has no log-odds. */
const smallest = 1e-4;

/** What the curve makes of a confidence. */
export function calibrated({ slope, intercept }: ConfidenceCurve, confidence: number): number {
  return 1 / (1 + Math.exp(-(slope * logOdds(confidence) + intercept)));
}

export type CurveChoice =
  | { readonly kind: "chosen"; readonly curve: ConfidenceCurve }
  /** As it is, it is better on answers that the curve was not fitted on, or as good. */
  | { readonly kind: "kept" }
  | { readonly kind: "too-few"; readonly answers: number; readonly wrong: number };

/**
 * Fits the curve by Platt's method, and takes it where it is also better, by log loss, on the half of the answers that it
 * was not fitted on, each half in turn. A curve that falls, that trusts the less sure more, is never taken.
 */
export function chooseCurve(answers: readonly KnownAnswer[], seed: number): CurveChoice {
  const wrong = answers.filter(({ isRight }) => !isRight).length;
  if (answers.length < leastAnswers || wrong < leastWrong || answers.length - wrong < leastWrong)
    return { kind: "too-few", answers: answers.length, wrong };
  const [one, other] = splitHalf(answers, ({ id }) => id, seed);
  const unseen = loss(other, fit(one)) + loss(one, fit(other));
  const curve = fit(answers);
  return unseen < loss(answers, { slope: 1, intercept: 0 }) && curve.slope > 0
    ? { kind: "chosen", curve }
    : { kind: "kept" };
}

function fit(answers: readonly KnownAnswer[]): ConfidenceCurve {
  const rights = answers.map(({ isRight }) => isRight);
  // A half with one kind only tells nothing.
  if (rights.every(Boolean) || !rights.some(Boolean)) return { slope: 1, intercept: 0 };
  const { weights, intercept } = fitPlatt(
    answers.map(({ confidence }) => logOdds(confidence)),
    rights,
  );
  return { slope: weights[0] ?? 1, intercept };
}

function loss(answers: readonly KnownAnswer[], curve: ConfidenceCurve): number {
  return answers.reduce((sum, { confidence, isRight }) => {
    const chance = Math.min(Math.max(calibrated(curve, confidence), smallest), 1 - smallest);
    return sum - Math.log(isRight ? chance : 1 - chance);
  }, 0);
}

function logOdds(confidence: number): number {
  const bounded = Math.min(Math.max(confidence, smallest), 1 - smallest);
  return Math.log(bounded / (1 - bounded));
}
