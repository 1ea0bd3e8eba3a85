import { seededRandom } from "./seeded-random.ts";

/** A value with how far it could be off, had other queries of the same kind been drawn. */
export interface Estimate {
  readonly value: number;
  /** From, to. */
  readonly interval95: readonly [number, number];
  readonly interval90: readonly [number, number];
}

/** Enough for the second digit of an interval's ends. */
export const resamples = 1_000;

/**
 * Estimates a figure of `items` by drawing as many of them again and again: the percentile bootstrap. The same seed and
 * number of items draw the same, so two figures of the same queries can be compared.
 * @param statistic Of a sample, which changes after the call; undefined where a sample does not allow it; such samples are left out.
 * @returns Undefined where not even the items themselves allow it.
 * @see Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
 */
export function bootstrap<T>(
  items: readonly T[],
  statistic: (sample: readonly T[]) => number | undefined,
  seed: number,
): Estimate | undefined {
  const value = statistic(items);
  if (value === undefined) return undefined;
  const random = seededRandom(seed);
  const drawn: number[] = [];
  // One array for all samples: making a new one each time takes as long as drawing it.
  const sample = [...items];
  for (let i = 0; i < resamples; i += 1) {
    for (let at = 0; at < sample.length; at += 1)
      sample[at] = items[Math.floor(random() * items.length)] as T;
    const one = statistic(sample);
    if (one !== undefined) drawn.push(one);
  }
  drawn.sort((one, other) => one - other);
  return {
    value,
    interval95: [quantile(drawn, 0.025), quantile(drawn, 0.975)],
    interval90: [quantile(drawn, 0.05), quantile(drawn, 0.95)],
  };
}

/** The mean with its interval. @returns Undefined for no values. */
export function bootstrapMean(values: readonly number[], seed: number): Estimate | undefined {
  return bootstrap(values, mean, seed);
}

/**
 * The mean difference of two lists of values for the same queries, in the same order: what the queries have in common,
 * easy or hard, falls out.
 * @returns Undefined for no values.
 */
export function bootstrapDifference(
  values: readonly number[],
  baseline: readonly number[],
  seed: number,
): Estimate | undefined {
  const differences = values.map((value, index) => value - (baseline[index] ?? Number.NaN));
  return bootstrapMean(differences, seed);
}

/** The arithmetic mean. @returns Undefined for no values. */
export function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Linear between neighbours: type 7 of Hyndman and Fan, 1996. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN];
  return low + (high - low) * (at - Math.floor(at));
}
