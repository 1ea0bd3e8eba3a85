import { OptionsError } from "../../errors.ts";
import { sigmoid } from "../sigmoid.ts";

/** `probability = 1 / (1 + exp(-(intercept + weights . row)))`. */
export interface LogisticModel {
  readonly intercept: number;
  readonly weights: readonly number[];
}

/** Newton needs five to ten; more than this and the ridge is too small for what the rows tell. */
const mostSteps = 100;
/** A step that moves no coefficient by more ends the search. */
const tolerance = 1e-9;
/** Halvings of a step that would make things worse. */
const mostHalvings = 40;

/**
 * Fits a logistic regression by Newton's method (iteratively reweighted least squares), for few features.
 * @param labels 0 to 1 for each row; between them, how sure the label is.
 * @param options.ridge Weight of half the squared weights beside the sum of the rows' losses; the intercept is free. Above 0, or separable rows have no solution.
 * @throws {OptionsError} When rows and labels do not fit together, or all labels are 0, or all 1.
 * @see Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2009, 4.4.1; le Cessie and van Houwelingen, Ridge Estimators in Logistic Regression, Applied Statistics 1992.
 */
export function fitLogistic(
  rows: readonly (readonly number[])[],
  labels: readonly number[],
  { ridge }: { readonly ridge: number },
): LogisticModel {
  const features = rows[0]?.length ?? 0;
  if (rows.length === 0 || rows.length !== labels.length || rows.some((row) => row.length !== features))
    throw new OptionsError("fitLogistic", "give as many labels as rows, all of one length, and at least one");
  if (![...labels, ...rows.flat()].every(Number.isFinite))
    throw new OptionsError("fitLogistic", "a row or a label is no number");
  if (labels.every((label) => label === 0) || labels.every((label) => label === 1))
    throw new OptionsError("fitLogistic", "all labels are equal: it takes both kinds");
  const wholeRows = rows.map((row) => [1, ...row]);
  const penalties = [0, ...Array.from({ length: features }, () => ridge)];
  const loss = (at: readonly number[]) => penalisedLoss(wholeRows, labels, at, penalties);
  let coefficients = penalties.map(() => 0);
  let before = loss(coefficients);
  for (let step = 0; step < mostSteps; step += 1) {
    const direction = newtonDirection(wholeRows, labels, coefficients, penalties);
    let share = 1;
    let next = coefficients;
    let after = before;
    for (let halving = 0; halving < mostHalvings; halving += 1, share /= 2) {
      next = coefficients.map((value, index) => value + share * (direction[index] ?? 0));
      after = loss(next);
      if (after <= before) break;
    }
    if (!(after <= before)) break;
    const moved = Math.max(...next.map((value, index) => Math.abs(value - (coefficients[index] ?? 0))));
    [coefficients, before] = [next, after];
    if (moved < tolerance) break;
  }
  const [intercept = 0, ...weights] = coefficients;
  return { intercept, weights };
}

/** What the model makes of a row, 0 to 1. */
export function probabilityOf({ intercept, weights }: LogisticModel, row: readonly number[]): number {
  return sigmoid(weights.reduce((sum, weight, index) => sum + weight * (row[index] ?? 0), intercept));
}

/**
 * Platt scaling: a logistic curve over one score. The labels are drawn in a little from 0 and 1, as if one more of each kind
 * had been seen, so that few of them do not claim certainty.
 * @see Platt, Probabilistic Outputs for Support Vector Machines, 1999; Lin, Lin and Weng, A note on Platt's probabilistic outputs, 2007.
 */
export function fitPlatt(scores: readonly number[], isRight: readonly boolean[]): LogisticModel {
  const right = isRight.filter(Boolean).length;
  const [high, low] = [(right + 1) / (right + 2), 1 / (isRight.length - right + 2)];
  return fitLogistic(
    scores.map((score) => [score]),
    isRight.map((each) => (each ? high : low)),
    { ridge: plattRidge },
  );
}

/** Only there so that equal scores have a solution; the labels already keep the curve from certainty. */
const plattRidge = 1e-6;

/** Solves `(X'WX + P) direction = X'(labels - probabilities) - P coefficients`. */
function newtonDirection(
  rows: readonly (readonly number[])[],
  labels: readonly number[],
  coefficients: readonly number[],
  penalties: readonly number[],
): number[] {
  const size = coefficients.length;
  const gradient = coefficients.map((value, index) => -(penalties[index] ?? 0) * value);
  // The tiny addend keeps the matrix positive definite where all probabilities are 0 or 1.
  const curvature = penalties.map((penalty, i) =>
    Array.from({ length: size }, (_, j) => (i === j ? penalty + 1e-12 : 0)),
  );
  for (const [index, row] of rows.entries()) {
    const probability = sigmoid(dot(row, coefficients));
    const error = (labels[index] ?? 0) - probability;
    const weight = probability * (1 - probability);
    for (let i = 0; i < size; i += 1) {
      const value = row[i] ?? 0;
      gradient[i] = (gradient[i] ?? 0) + error * value;
      const line = curvature[i] ?? [];
      for (let j = 0; j < size; j += 1) line[j] = (line[j] ?? 0) + weight * value * (row[j] ?? 0);
    }
  }
  return solvePositive(curvature, gradient);
}

/** Cholesky: `matrix` is symmetric and positive definite. */
function solvePositive(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const size = right.length;
  const lower = matrix.map(() => Array.from({ length: size }, () => 0));
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = at(matrix, i, j);
      for (let k = 0; k < j; k += 1) sum -= at(lower, i, k) * at(lower, j, k);
      const row = lower[i] ?? [];
      row[j] = i === j ? Math.sqrt(Math.max(sum, Number.EPSILON)) : sum / at(lower, j, j);
    }
  }
  const middle: number[] = [];
  for (let i = 0; i < size; i += 1) {
    let sum = right[i] ?? 0;
    for (let k = 0; k < i; k += 1) sum -= at(lower, i, k) * (middle[k] ?? 0);
    middle[i] = sum / at(lower, i, i);
  }
  const solution = Array.from({ length: size }, () => 0);
  for (let i = size - 1; i >= 0; i -= 1) {
    let sum = middle[i] ?? 0;
    for (let k = i + 1; k < size; k += 1) sum -= at(lower, k, i) * (solution[k] ?? 0);
    solution[i] = sum / at(lower, i, i);
  }
  return solution;
}

function penalisedLoss(
  rows: readonly (readonly number[])[],
  labels: readonly number[],
  coefficients: readonly number[],
  penalties: readonly number[],
): number {
  const penalty = coefficients.reduce(
    (sum, value, index) => sum + ((penalties[index] ?? 0) * value ** 2) / 2,
    0,
  );
  return rows.reduce((sum, row, index) => {
    const logit = dot(row, coefficients);
    // log(1 + exp(logit)) - label * logit, without overflow.
    return sum + Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit))) - (labels[index] ?? 0) * logit;
  }, penalty);
}

function dot(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0);
}

function at(rows: readonly (readonly number[])[], i: number, j: number): number {
  return rows[i]?.[j] ?? 0;
}
