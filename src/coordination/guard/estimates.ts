import { z } from "zod";
import { BoundedMap } from "./bounded-map.ts";

/** What calls of one kind take, going by those that were made. */
export interface Estimate {
  readonly count: number;
  readonly meanMs: number;
  readonly deviationMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** US dollars a call. */
  readonly meanCost: number;
}

/** When what is left will be done: as it looks, and at worst in nineteen of twenty cases. */
export interface Eta {
  readonly ms: number;
  readonly highMs: number;
}

/** What a call still counts for after one more: the last ten make two thirds of the mean. */
const smoothing = 0.1;
/**
 * Each bucket is a tenth wider than the one below, so a quantile is off by 5 % at most.
 * @see Masson, Rim and Lee, DDSketch, VLDB 12(12), 2019, section 2.
 */
const bucketGrowth = 1.1;
/** Counts are halved then: what was long ago fades, and one slow hour does not stay for ever. */
const mostInBuckets = 512;
/** Of a normal distribution: 95 % are below the mean plus so many deviations. */
const z95 = 1.645;
const maxKeys = 1_000;

const SavedKey = z.strictObject({
  count: z.int(),
  mean: z.number(),
  variance: z.number(),
  cost: z.number(),
  /** Bucket and count, in turn. */
  buckets: z.array(z.number()),
});
/** Estimates as they are kept between runs. */
export const SavedEstimates = z.record(z.string(), SavedKey);
export type SavedEstimates = z.output<typeof SavedEstimates>;

/** Learns how long calls take and what they cost, for each key (task kind, host, model), in a few hundred bytes a key. */
export class Estimates {
  readonly #keys = new BoundedMap<Series>(maxKeys);

  /** Notes a call that went well; one that failed says nothing of the next. */
  record(key: string, ms: number, cost = 0): void {
    this.#keys.getOrMake(key, () => new Series()).add(Math.max(0, ms), cost);
  }

  /** Undefined where nothing is known. */
  of(key: string): Estimate | undefined {
    return this.#keys.peek(key)?.estimate();
  }

  /** Undefined where nothing is known. Cheap enough for every call. */
  p95Ms(key: string): number | undefined {
    return this.#keys.peek(key)?.quantile(0.95);
  }

  /** How long `remaining` calls of a kind will take, so many at a time. Undefined where nothing is known. */
  eta(key: string, remaining: number, atOnce: number): Eta | undefined {
    const estimate = this.of(key);
    if (!estimate) return undefined;
    if (remaining <= 0) return { ms: 0, highMs: 0 };
    const lanes = Math.max(1, Math.min(atOnce, remaining));
    const ms = (remaining * estimate.meanMs) / lanes;
    // The sum spreads by the root of its number, and the mean that it is reckoned from is itself one of few; the last
    // call may be a slow one that runs alone.
    const meanVariance = Math.max(smoothing / (2 - smoothing), 1 / estimate.count);
    const spread = Math.sqrt(remaining + remaining ** 2 * meanVariance);
    const spreadMs = (z95 * estimate.deviationMs * spread) / lanes;
    const tailMs = lanes > 1 ? Math.max(0, estimate.p95Ms - estimate.meanMs) : 0;
    return { ms, highMs: ms + spreadMs + tailMs };
  }

  toJSON(): SavedEstimates {
    return Object.fromEntries([...this.#keys.entries()].map(([key, series]) => [key, series.toJSON()]));
  }

  /** @throws {z.ZodError} For what {@link toJSON} did not write. */
  static from(saved: unknown): Estimates {
    const estimates = new Estimates();
    for (const [key, series] of Object.entries(SavedEstimates.parse(saved)))
      estimates.#keys.set(key, new Series(series));
    return estimates;
  }
}

/** One key's calls. */
class Series {
  #count = 0;
  #mean = 0;
  #variance = 0;
  #cost = 0;
  readonly #buckets = new Map<number, number>();
  #inBuckets = 0;

  constructor(saved?: SavedEstimates[string]) {
    if (!saved) return;
    this.#count = saved.count;
    this.#mean = saved.mean;
    this.#variance = saved.variance;
    this.#cost = saved.cost;
    for (let i = 0; i + 1 < saved.buckets.length; i += 2)
      this.#put(saved.buckets[i] as number, saved.buckets[i + 1] as number);
  }

  /** @see Finch, Incremental Calculation of Weighted Mean and Variance, 2009, section 9. */
  add(ms: number, cost: number): void {
    this.#count += 1;
    const weight = Math.max(smoothing, 1 / this.#count);
    const difference = ms - this.#mean;
    this.#mean += weight * difference;
    this.#variance = (1 - weight) * (this.#variance + weight * difference ** 2);
    this.#cost += weight * (cost - this.#cost);
    this.#put(bucketOf(ms), 1);
    if (this.#inBuckets >= mostInBuckets) this.#fade();
  }

  quantile(share: number): number {
    let left = share * this.#inBuckets;
    const sorted = [...this.#buckets].sort(([one], [other]) => one - other);
    for (const [bucket, count] of sorted) {
      left -= count;
      if (left <= 0) return middleOf(bucket);
    }
    return 0;
  }

  estimate(): Estimate {
    return {
      count: this.#count,
      meanMs: this.#mean,
      deviationMs: Math.sqrt(this.#variance),
      p50Ms: this.quantile(0.5),
      p95Ms: this.quantile(0.95),
      meanCost: this.#cost,
    };
  }

  toJSON(): SavedEstimates[string] {
    return {
      count: this.#count,
      mean: this.#mean,
      variance: this.#variance,
      cost: this.#cost,
      buckets: [...this.#buckets].flat(),
    };
  }

  #put(bucket: number, count: number): void {
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count);
    this.#inBuckets += count;
  }

  #fade(): void {
    this.#inBuckets = 0;
    for (const [bucket, count] of this.#buckets) {
      const half = Math.floor(count / 2);
      if (half === 0) this.#buckets.delete(bucket);
      else this.#buckets.set(bucket, half);
      this.#inBuckets += half;
    }
  }
}

/** Bucket 0 is all that takes less than a millisecond. */
function bucketOf(ms: number): number {
  return ms < 1 ? 0 : Math.floor(Math.log(ms) / Math.log(bucketGrowth)) + 1;
}

/** The value that is off by the same share at both ends of its bucket. */
function middleOf(bucket: number): number {
  return bucket === 0 ? 0.5 : (2 * bucketGrowth ** bucket) / (bucketGrowth + 1);
}
