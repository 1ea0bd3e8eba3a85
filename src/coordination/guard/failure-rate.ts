import { CircuitState, type IBreaker } from "cockatiel";
import type { Clock } from "../../clock.ts";

/** The stretches a window is counted in: it moves on by one of them. */
const slots = 10;

/**
 * Opens a circuit when too large a share of recent calls failed. In place of cockatiel's `SamplingBreaker`, which takes
 * no clock and forgets one of its windows a call however long the pause: on a quiet host an hour old failures count.
 */
export class FailureRate implements IBreaker {
  readonly #clock: Clock;
  readonly #options: { readonly share: number; readonly leastCalls: number };
  readonly #slotMs: number;
  #counts: { readonly slot: number; good: number; bad: number }[] = [];

  /** @param options.share Of all calls in the window; more than that opens. @param options.leastCalls Fewer say nothing. */
  constructor(
    options: { readonly share: number; readonly leastCalls: number; readonly windowMs: number },
    clock: Clock,
  ) {
    this.#clock = clock;
    this.#options = options;
    this.#slotMs = options.windowMs / slots;
  }

  /** What is counted is not worth keeping over a restart. */
  get state(): unknown {
    return undefined;
  }

  set state(_saved: unknown) {
    this.#counts = [];
  }

  success(state: CircuitState): void {
    // The circuit closes: what was before its rest is over.
    if (state === CircuitState.HalfOpen) this.#counts = [];
    this.#now().good += 1;
  }

  failure(): boolean {
    this.#now().bad += 1;
    let good = 0;
    let bad = 0;
    for (const count of this.#counts) {
      good += count.good;
      bad += count.bad;
    }
    const { share, leastCalls } = this.#options;
    return good + bad >= leastCalls && bad > share * (good + bad);
  }

  #now(): { good: number; bad: number } {
    const slot = Math.floor(this.#clock.now() / this.#slotMs);
    const latest = this.#counts.at(-1);
    if (latest?.slot === slot) return latest;
    const fresh = { slot, good: 0, bad: 0 };
    this.#counts = [...this.#counts.filter((count) => count.slot > slot - slots), fresh];
    return fresh;
  }
}
