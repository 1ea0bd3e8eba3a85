import PQueue from "p-queue";
import { z } from "zod";
import type { Spending } from "../../budget.ts";
import type { Clock } from "../../clock.ts";
import type { RunContext } from "../../context.ts";
import { runWithin } from "../../deadline.ts";
import { TimeoutError } from "../../errors.ts";
import type { EventStream } from "../../events.ts";
import type { Memory } from "../memory.ts";
import { type Priority, priorities } from "../new-task.ts";
import { OverloadedError, RetryLaterError } from "../tasks.ts";
import { type BreakerOptions, Breakers, SavedBreakers } from "./breaker.ts";
import { type CacheOptions, type CacheStatus, ResultCache } from "./cache.ts";
import { Estimates, SavedEstimates } from "./estimates.ts";
import { type HedgeOptions, Hedger } from "./hedge.ts";
import { type RateLimit, RateLimiter } from "./rate-limit.ts";
import { type RetryOptions, retried } from "./retry.ts";

/** What holds for calls of one kind. They pass the parts in this order; what is left out is not there and costs nothing. */
export interface GuardOptions {
  /** For people, events and the cache's keys: "model", "host". */
  readonly name: string;
  /** Taken from the run's budget for each call, whether or not it is answered from the cache. */
  readonly budget?: Spending;
  readonly cache?: CacheOptions;
  /** For each key. */
  readonly rate?: RateLimit;
  /** Calls under way at once, over all keys, and those that may wait for a place. */
  readonly bulkhead?: { readonly atOnce: number; readonly waiting: number };
  /** For each key. */
  readonly breaker?: BreakerOptions;
  readonly retry?: RetryOptions;
  readonly hedge?: HedgeOptions;
  /** For each try. */
  readonly timeoutMs?: number;
}

/** What is true of a single call. */
export interface GuardCall<T> {
  /** Equal calls have equal keys, see {@link cacheKey}; without one the call is not cached. */
  readonly cacheKey?: string;
  /** Taken from the budget for each try that is really made, second tries of a hedge too. */
  readonly costs?: Spending;
  /** Somebody waits for it: worth a second try side by side when it is slow. */
  readonly isCritical?: boolean;
  /** Who waits for a place goes in this order. */
  readonly priority?: Priority;
  /** Results that say that the other side is in trouble: counted by the breaker, not kept, not preferred by a hedge. */
  readonly isFailure?: (outcome: T) => boolean;
}

/** What a guard did, for `status`. */
export interface GuardStatus {
  readonly name: string;
  readonly running: number;
  readonly waiting: number;
  readonly hedged: number;
  readonly cache: CacheStatus | undefined;
  readonly open: ReturnType<Breakers["open"]>;
}

/** What a guard has learned, as it is kept between runs. */
export const SavedGuard = z.strictObject({ breakers: SavedBreakers, estimates: SavedEstimates });
export type SavedGuard = z.output<typeof SavedGuard>;

export interface GuardDeps {
  readonly clock: Clock;
  readonly events?: EventStream;
  /** Between 0 and 1, for the jitter. */
  readonly random?: () => number;
  /** Where the cache keeps its results over restarts. */
  readonly memory?: Memory;
  /** Shared with whoever else wants to know how long calls take; a guard's own unless given. */
  readonly estimates?: Estimates;
  /** From an earlier guard's {@link Guard.toJSON}. */
  readonly saved?: SavedGuard;
}

type Work = (context: RunContext) => Promise<unknown>;
interface Call extends GuardCall<unknown> {
  readonly key: string;
  readonly work: Work;
}
type Next = (call: Call, context: RunContext) => Promise<unknown>;
type Stage = (call: Call, context: RunContext, next: Next) => Promise<unknown>;

/** Builds the policy that calls of one kind are made under: budget, cache, rate, bulkhead, breaker, retry, hedge, timeout. */
export function createGuard(options: GuardOptions, deps: GuardDeps): Guard {
  return new Guard(options, deps);
}

/** One policy for calls of one kind. */
export class Guard {
  readonly name: string;
  /** How long the tries of each key take. */
  readonly estimates: Estimates;
  readonly #clock: Clock;
  readonly #cache: ResultCache | undefined;
  readonly #queue: PQueue | undefined;
  readonly #breakers: Breakers | undefined;
  readonly #hedger: Hedger | undefined;
  readonly #run: Next;

  constructor(options: GuardOptions, deps: GuardDeps) {
    const { name, budget, cache, rate, bulkhead, breaker, retry, hedge, timeoutMs } = options;
    const { clock, events, memory, saved, random = Math.random } = deps;
    this.name = name;
    this.#clock = clock;
    this.estimates = deps.estimates ?? (saved ? Estimates.from(saved.estimates) : new Estimates());
    this.#cache =
      cache &&
      new ResultCache(cache, { clock, memory: memory && { store: memory, prefix: `cache/${name}/` } });
    this.#queue = bulkhead && new PQueue({ concurrency: bulkhead.atOnce });
    this.#breakers =
      breaker &&
      new Breakers(name, breaker, {
        clock,
        onChange: ({ key, isOpen, until }) =>
          events?.emit(
            isOpen
              ? { type: "breaker-opened", name, key, untilMs: until }
              : { type: "breaker-closed", name, key },
          ),
      });
    if (saved) this.#breakers?.restore(saved.breakers);
    this.#hedger = hedge && new Hedger(hedge, clock);
    const stages = [
      budget && spending(budget),
      this.#cache && caching(this.#cache),
      rate && pacing(name, new RateLimiter(rate, clock), clock),
      this.#queue && bulkhead && admitting(name, this.#queue, bulkhead.waiting),
      this.#breakers && breaking(this.#breakers),
      retry && retrying(retry, { clock, random }),
      this.#hedger && hedging(this.#hedger, this.estimates),
      timeoutMs !== undefined && limiting(name, timeoutMs),
    ];
    this.#run = stages
      .filter((stage) => typeof stage === "function")
      .reduceRight<Next>(
        (next, stage) => (call, context) => stage(call, context, next),
        (call, context) => this.#try(call, context),
      );
  }

  /**
   * Does `work` under the policy. `work` gets the context it is to run under, whose signal ends it.
   * @param key What the call goes to: the host, the model, the tool. Rate, breaker and estimates are kept for each.
   * @throws {BudgetError} {@link RetryLaterError} {@link OverloadedError} {@link TimeoutError} {@link BreakerOpenError},
   * what `work` throws, and the reason of the context's signal.
   */
  async run<T>(
    key: string,
    context: RunContext,
    work: (context: RunContext) => Promise<T>,
    call: GuardCall<T> = {},
  ): Promise<T> {
    context.signal.throwIfAborted();
    return (await this.#run({ ...(call as GuardCall<unknown>), key, work }, context)) as T;
  }

  status(): GuardStatus {
    return {
      name: this.name,
      running: this.#queue?.pending ?? 0,
      waiting: this.#queue?.size ?? 0,
      hedged: this.#hedger?.made ?? 0,
      cache: this.#cache?.status(),
      open: this.#breakers?.open() ?? [],
    };
  }

  /** What is worth keeping for the next process: open breakers, and how long calls take. */
  toJSON(): SavedGuard {
    return { breakers: this.#breakers?.toJSON() ?? {}, estimates: this.estimates.toJSON() };
  }

  async #try({ key, work, costs, isFailure }: Call, context: RunContext): Promise<unknown> {
    if (costs) context.budget.spendAll(costs);
    const startedAt = this.#clock.now();
    const outcome = await work(context);
    if (!isFailure?.(outcome)) this.estimates.record(key, this.#clock.now() - startedAt, costs?.cost);
    return outcome;
  }
}

function spending(amounts: Spending): Stage {
  return async (call, context, next) => {
    context.budget.spendAll(amounts);
    return await next(call, context);
  };
}

function caching(cache: ResultCache): Stage {
  return (call, context, next) =>
    call.cacheKey === undefined
      ? next(call, context)
      : cache.get(call.cacheKey, context, () => next(call, context), call.isFailure);
}

function pacing(name: string, limiter: RateLimiter, clock: Clock): Stage {
  return async (call, context, next) => {
    const at = limiter.take(call.key, context.deadlineAt);
    if (at > context.deadlineAt)
      throw new RetryLaterError(`${name} ${call.key} is called as often as it may be.`, at);
    const waitMs = at - clock.now();
    if (waitMs > 0) await clock.sleep(waitMs, context.signal);
    return await next(call, context);
  };
}

function admitting(name: string, queue: PQueue, mostWaiting: number): Stage {
  return async (call, context, next) => {
    if (queue.pending >= queue.concurrency && queue.size >= mostWaiting)
      throw new OverloadedError(name, mostWaiting);
    return await queue.add(() => next(call, context), {
      signal: context.signal,
      priority: -priorities.indexOf(call.priority ?? "normal"),
    });
  };
}

function breaking(breakers: Breakers): Stage {
  return (call, context, next) => breakers.run(call.key, context, () => next(call, context), call.isFailure);
}

function retrying(
  options: RetryOptions,
  deps: { readonly clock: Clock; readonly random: () => number },
): Stage {
  return (call, context, next) => retried(options, deps, context, (context) => next(call, context));
}

function hedging(hedger: Hedger, estimates: Estimates): Stage {
  return async (call, context, next) => {
    hedger.count();
    if (!call.isCritical) return await next(call, context);
    const { isFailure } = call;
    return await hedger.run(
      context,
      estimates.p95Ms(call.key),
      (context) => next(call, context),
      isFailure && ((outcome) => !isFailure(outcome)),
    );
  };
}

function limiting(name: string, timeoutMs: number): Stage {
  return (call, context, next) =>
    runWithin(
      context,
      {
        timeoutMs,
        trace: `${context.trace}/${name}`,
        reason: () => new TimeoutError(`${name} ${call.key}`, timeoutMs),
      },
      (context) => next(call, context),
    );
}
