import type { Clock } from "../../clock.ts";
import { BoundedMap } from "./bounded-map.ts";

/** How often something may happen: so many times a second on average, and so many at once after a pause. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/** Keys remembered; one that is forgotten starts with a full burst. */
const maxKeys = 10_000;

/**
 * Spaces calls out for each key. Keeps one number a key: the time at which its calls so far would have been due had
 * they come evenly.
 * @see GCRA, the generic cell rate algorithm: ITU-T I.371 (03/2004), annex A.
 */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #gapMs: number;
  readonly #toleranceMs: number;
  readonly #dueAt = new BoundedMap<number>(maxKeys);

  constructor(limit: RateLimit, clock: Clock) {
    this.#clock = clock;
    this.#gapMs = 1_000 / limit.perSecond;
    this.#toleranceMs = this.#gapMs * (limit.burst - 1);
  }

  /**
   * Takes the next place.
   * @param latest When its time is after this, it is not taken.
   * @returns Epoch milliseconds: when the call may happen.
   */
  take(key: string, latest = Infinity): number {
    const now = this.#clock.now();
    const dueAt = Math.max(this.#dueAt.get(key) ?? 0, now);
    const at = dueAt - this.#toleranceMs;
    if (Math.max(at, now) <= latest) this.#dueAt.set(key, dueAt + this.#gapMs);
    return Math.max(at, now);
  }

  /** Takes a place if there is one at once. What a mailbox asks before it lets a sender in. */
  tryTake(key: string): boolean {
    const now = this.#clock.now();
    return this.take(key, now) <= now;
  }
}
