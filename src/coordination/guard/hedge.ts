import type { Clock } from "../../clock.ts";
import { type RunContext, type StoppableContext, stoppableContext } from "../../context.ts";
import { endsWithin, unlessAborted } from "../../deadline.ts";
import { ForagerError } from "../../errors.ts";

/** When a second try is made beside one that is slow. */
export interface HedgeOptions {
  /** Never sooner. */
  readonly minMs: number;
  /** Always by then; also where too little is known of the key. */
  readonly maxMs: number;
  /** Second tries, of all calls. @see Dean and Barroso, The Tail at Scale, CACM 56(2), 2013: 5 % after the 95th percentile. */
  readonly mostShare?: number;
}

const defaultMostShare = 0.05;
/** Second tries that may be saved up for a bad stretch. */
const maxSaved = 5;
/** What lost is told to stop and waited for, so long. */
const loserMs = 1_000;

/** Makes second tries for calls that take longer than they usually do, so many and no more. */
export class Hedger {
  readonly #clock: Clock;
  readonly #options: HedgeOptions;
  /** Second tries that may be made now; each call earns a part of one. */
  #saved = 1;
  #made = 0;

  constructor(options: HedgeOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Second tries so far. */
  get made(): number {
    return this.#made;
  }

  /** A call was made: with each one the allowance grows. */
  count(): void {
    this.#saved = Math.min(maxSaved, this.#saved + (this.#options.mostShare ?? defaultMostShare));
  }

  /**
   * Does `work`, and once more side by side when it takes longer than `usualMs`. The first result that `isValid` counts;
   * what lost is aborted and awaited. When neither is, the first try's result or error is what came of it.
   */
  async run<T>(
    context: RunContext,
    usualMs: number | undefined,
    work: (context: RunContext) => Promise<T>,
    isValid: (outcome: T) => boolean = () => true,
  ): Promise<T> {
    const { minMs, maxMs } = this.#options;
    const afterMs = Math.min(Math.max(usualMs ?? maxMs, minMs), maxMs);
    using first = new Try(context, work, isValid);
    const isSlow = await this.#isSlow(first, afterMs, context);
    context.signal.throwIfAborted();
    if (!isSlow || this.#saved < 1) return result(await first.outcome);
    this.#saved -= 1;
    this.#made += 1;
    using second = new Try(context, work, isValid);
    const winner = await Promise.race([first.orElse(second), second.orElse(first)]);
    for (const each of [first, second]) await each.end();
    context.signal.throwIfAborted();
    return result(winner.isValid ? winner : await first.outcome);
  }

  async #isSlow(first: Try<unknown>, afterMs: number, context: RunContext): Promise<boolean> {
    using alarm = stoppableContext(context);
    const isTime = this.#clock.sleep(afterMs, alarm.signal).then(
      () => true,
      () => false,
    );
    const isSlow = await Promise.race([first.outcome.then(() => false), isTime]);
    alarm.stop(new SupersededError());
    return isSlow;
  }
}

/** The other of two tries was quicker, or what was waited for came before its time. */
class SupersededError extends ForagerError {
  constructor() {
    super("superseded", "Another try of the same work came first.");
  }
}

type Outcome<T> =
  | { readonly kind: "value"; readonly value: T; readonly isValid: boolean }
  | { readonly kind: "error"; readonly error: unknown; readonly isValid: false };

/** One of two tries at the same thing. */
class Try<T> implements Disposable {
  readonly outcome: Promise<Outcome<T>>;
  readonly #context: StoppableContext;
  readonly #work: Promise<T>;

  constructor(
    parent: RunContext,
    work: (context: RunContext) => Promise<T>,
    isValid: (outcome: T) => boolean,
  ) {
    this.#context = stoppableContext(parent);
    this.#work = work(this.#context);
    this.outcome = unlessAborted(this.#work, this.#context.signal).then(
      (value) => ({ kind: "value", value, isValid: isValid(value) }),
      (error: unknown) => ({ kind: "error", error, isValid: false }),
    );
  }

  /** This one's outcome; the other's, when this one's is not valid. */
  async orElse(other: Try<T>): Promise<Outcome<T>> {
    const own = await this.outcome;
    return own.isValid ? own : await other.outcome;
  }

  /** Stops it, if it still runs, and waits for it a little. */
  async end(): Promise<void> {
    this.#context.stop(new SupersededError());
    await endsWithin(this.#work, loserMs);
  }

  [Symbol.dispose](): void {
    this.#context[Symbol.dispose]();
  }
}

function result<T>(outcome: Outcome<T>): T {
  if (outcome.kind === "error") throw outcome.error;
  return outcome.value;
}
