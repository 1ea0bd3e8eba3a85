import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  type IBackoff,
  type IHalfOpenAfterBackoffContext,
  circuitBreaker,
  handleWhen,
  isBrokenCircuitError,
} from "cockatiel";
import { z } from "zod";
import type { Clock } from "../../clock.ts";
import type { RunContext } from "../../context.ts";
import { ForagerError } from "../../errors.ts";
import { RetryLaterError } from "../tasks.ts";
import { BoundedMap } from "./bounded-map.ts";
import { FailureRate } from "./failure-rate.ts";

/** When calls are held back from something that fails, and how it is tried again. */
export interface BreakerOptions {
  /** So many failures in a row; or more than this share of the calls within a time, of which there were enough. */
  readonly opensAfter:
    | { readonly inARow: number }
    | { readonly share: number; readonly leastCalls: number; readonly windowMs: number };
  /** How long it stays open: this long, and twice as long each time that its probes fail, up to `maxOpenMs`. */
  readonly openMs: number;
  /** `openMs` unless given: then it is always the same. */
  readonly maxOpenMs?: number;
  /** Calls that are let through to see whether it is over. It closes when no more than `mayFail` (0) of them failed. */
  readonly probes: number;
  readonly mayFail?: number;
}

/** For tools: five failures in a row, a minute's rest, three good probes. */
export const toolBreaker: BreakerOptions = { opensAfter: { inARow: 5 }, openMs: 60_000, probes: 3 };

/** While all probes are under way: look again after this. */
const probePauseMs = 1_000;
/** Things that are watched; one that is forgotten starts closed. */
const maxKeys = 2_000;

/** Not tried: what would have been asked has failed too often of late. No fault of the caller, and not counted as a try. */
export class BreakerOpenError extends RetryLaterError {
  /** Epoch milliseconds: since when it has not been sound. */
  readonly since: number;

  constructor(what: string, since: number, until: number) {
    super(`${what} failed too often and is left alone for a while; nothing was asked of it.`, until);
    this.since = since;
  }
}

/** A result that is a value and yet says that the other side is in trouble. */
class FailedOutcome extends Error {
  readonly value: unknown;

  constructor(value: unknown) {
    super("a failure by its outcome");
    this.value = value;
  }
}

/** Open breakers, as they are kept over a restart. */
export const SavedBreakers = z.record(
  z.string(),
  z.strictObject({ since: z.number(), reopenAt: z.number(), openings: z.int() }),
);
export type SavedBreakers = z.output<typeof SavedBreakers>;

/** A breaker for each key: host, model, tool. What changes is told, what is open can be kept. */
export class Breakers {
  readonly #name: string;
  readonly #options: BreakerOptions;
  readonly #clock: Clock;
  readonly #onChange: (change: BreakerChange) => void;
  readonly #breakers = new BoundedMap<Breaker>(maxKeys);

  /** @param name What the keys are, for people: "Host", "Model". */
  constructor(
    name: string,
    options: BreakerOptions,
    deps: { readonly clock: Clock; readonly onChange?: (change: BreakerChange) => void },
  ) {
    this.#name = name;
    this.#options = options;
    this.#clock = deps.clock;
    this.#onChange = deps.onChange ?? (() => {});
  }

  /**
   * Does `work` unless the key's breaker is open. Errors that may pass count as failures ({@link RetryLaterError} does not,
   * nor what was called off), and results of which `isFailure` says so; they are handed on all the same.
   * @throws {BreakerOpenError} When nothing was tried.
   */
  async run<T>(
    key: string,
    context: RunContext,
    work: () => Promise<T>,
    isFailure?: (outcome: T) => boolean,
  ): Promise<T> {
    return await this.#breakers.getOrMake(key, this.#make).run(context, work, isFailure);
  }

  /** What is not closed now. */
  open(): { readonly key: string; readonly since: number; readonly until: number }[] {
    return [...this.#breakers.entries()].flatMap(([key, breaker]) =>
      breaker.isClosed ? [] : [{ key, since: breaker.since, until: breaker.reopenAt }],
    );
  }

  toJSON(): SavedBreakers {
    return Object.fromEntries(
      [...this.#breakers.entries()].flatMap(([key, { isClosed, since, reopenAt, openings }]) =>
        isClosed ? [] : [[key, { since, reopenAt, openings }]],
      ),
    );
  }

  /** Takes up what an earlier process knew to be open. */
  restore(saved: SavedBreakers): void {
    for (const [key, state] of Object.entries(saved)) this.#breakers.set(key, this.#make(key, state));
  }

  readonly #make = (key: string, saved?: SavedBreakers[string]): Breaker =>
    new Breaker(
      `${this.#name} ${key}`,
      this.#options,
      this.#clock,
      (isOpen, until) => this.#onChange({ key, isOpen, until }),
      saved,
    );
}

/** A breaker opened (until when) or closed. */
export interface BreakerChange {
  readonly key: string;
  readonly isOpen: boolean;
  readonly until: number;
}

/** cockatiel's circuit breaker, run by our clock: it asks its backoff how long it rests, and that answers 0 or for ever. */
class Breaker {
  /** When it opened first, not counting vain probes. */
  since = 0;
  reopenAt = 0;
  /** Times it opened since it was closed. */
  openings = 0;
  readonly #what: string;
  readonly #options: BreakerOptions;
  readonly #clock: Clock;
  readonly #onChange: (isOpen: boolean, until: number) => void;
  readonly #policy: CircuitBreakerPolicy;
  #underWay = 0;

  constructor(
    what: string,
    options: BreakerOptions,
    clock: Clock,
    onChange: (isOpen: boolean, until: number) => void,
    saved?: SavedBreakers[string],
  ) {
    this.#what = what;
    this.#options = options;
    this.#clock = clock;
    this.#onChange = onChange;
    const { opensAfter, probes, mayFail = 0 } = options;
    const breaker =
      "inARow" in opensAfter ? new ConsecutiveBreaker(opensAfter.inARow) : new FailureRate(opensAfter, clock);
    this.#policy = circuitBreaker(
      handleWhen((error) => this.#isFailure(error)),
      {
        breaker,
        halfOpenAfter: this.#rest(),
        halfOpenSampling: { calls: probes, threshold: mayFail / probes },
        ...(saved
          ? {
              initialState: {
                ownState: { value: CircuitState.Open, openedAt: 0, attemptNo: saved.openings },
                breakerState: breaker.state,
              },
            }
          : {}),
      },
    );
    if (saved) Object.assign(this, saved);
    this.#policy.onBreak(() => this.#onChange(true, this.reopenAt));
    this.#policy.onReset(() => {
      this.openings = 0;
      this.#onChange(false, this.#clock.now());
    });
  }

  get isClosed(): boolean {
    return this.#policy.state === CircuitState.Closed;
  }

  async run<T>(
    context: RunContext,
    work: () => Promise<T>,
    isFailure: ((outcome: T) => boolean) | undefined,
  ): Promise<T> {
    // cockatiel lets the rest wait for the probes; ours give their place to work that can be done now.
    if (this.#policy.state === CircuitState.HalfOpen && this.#underWay >= this.#options.probes)
      throw new BreakerOpenError(this.#what, this.since, this.#clock.now() + probePauseMs);
    this.#underWay += 1;
    try {
      return await this.#policy.execute(() => this.#judged(context, work, isFailure));
    } catch (error) {
      if (error instanceof FailedOutcome) return error.value as T;
      if (error instanceof CalledOff) throw error.reason;
      if (isBrokenCircuitError(error)) throw new BreakerOpenError(this.#what, this.since, this.reopenAt);
      throw error;
    } finally {
      this.#underWay -= 1;
    }
  }

  async #judged<T>(
    context: RunContext,
    work: () => Promise<T>,
    isFailure: ((outcome: T) => boolean) | undefined,
  ): Promise<T> {
    let outcome: T;
    try {
      outcome = await work();
    } catch (error) {
      throw context.signal.aborted ? new CalledOff(error) : error;
    }
    if (isFailure?.(outcome)) throw new FailedOutcome(outcome);
    return outcome;
  }

  /** What was called off says nothing of the other side; yet a probe that was is not a good one, as cockatiel would have it. */
  #isFailure(error: unknown): boolean {
    if (error instanceof CalledOff) return this.#policy.state === CircuitState.HalfOpen;
    if (error instanceof FailedOutcome) return true;
    return error instanceof ForagerError && error.retryable && !(error instanceof RetryLaterError);
  }

  #rest(): IBackoff<IHalfOpenAfterBackoffContext> {
    const { openMs, maxOpenMs = openMs } = this.#options;
    const isResting = () => this.#clock.now() < this.reopenAt;
    const rest: IBackoff<IHalfOpenAfterBackoffContext> = {
      get duration() {
        return isResting() ? Infinity : -Infinity;
      },
      next: ({ attempt }) => {
        const now = this.#clock.now();
        if (attempt === 1) this.since = now;
        this.openings = attempt;
        this.reopenAt = now + Math.min(openMs * 2 ** (attempt - 1), maxOpenMs);
        return rest;
      },
    };
    return rest;
  }
}

/** The caller gave up; its reason is what it gets. */
class CalledOff extends Error {
  readonly reason: unknown;

  constructor(reason: unknown) {
    super("called off");
    this.reason = reason;
  }
}
