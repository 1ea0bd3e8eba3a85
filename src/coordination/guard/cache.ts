import { createHash } from "node:crypto";
import { BudgetError } from "../../budget.ts";
import type { Clock } from "../../clock.ts";
import type { RunContext } from "../../context.ts";
import { unlessAborted } from "../../deadline.ts";
import type { Memory } from "../memory.ts";
import { BoundedMap } from "./bounded-map.ts";

/** How many results are kept, and how long they hold. */
export interface CacheOptions {
  readonly maxEntries: number;
  readonly ttlMs: number;
}

export interface CacheStatus {
  readonly entries: number;
  readonly hits: number;
  readonly misses: number;
  /** Calls that waited for an equal one and took its result. */
  readonly joined: number;
  /** Times that what is kept over restarts could not be read or written; the work was done instead. */
  readonly lost: number;
}

/**
 * One key for what the result of a call depends on: its input (a content hash), who makes it (a version), what is asked
 * (a prompt). Any length; equal only when all parts are.
 */
export function cacheKey(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}

/** Results of calls that were made: an equal one is not made again, and two at the same moment are one. */
export class ResultCache {
  readonly #options: CacheOptions;
  readonly #clock: Clock;
  readonly #kept: BoundedMap<{ readonly value: unknown; readonly until: number }>;
  readonly #flights = new Map<string, Flight>();
  readonly #memory: { readonly store: Memory; readonly prefix: string } | undefined;
  #hits = 0;
  #misses = 0;
  #joined = 0;
  #lost = 0;

  /** @param deps.memory Where results are also kept over restarts, under `prefix`; they are JSON then. */
  constructor(
    options: CacheOptions,
    deps: {
      readonly clock: Clock;
      readonly memory?: { readonly store: Memory; readonly prefix: string } | undefined;
    },
  ) {
    this.#options = options;
    this.#clock = deps.clock;
    this.#memory = deps.memory;
    this.#kept = new BoundedMap(options.maxEntries);
  }

  status(): CacheStatus {
    return {
      entries: this.#kept.size,
      hits: this.#hits,
      misses: this.#misses,
      joined: this.#joined,
      lost: this.#lost,
    };
  }

  /**
   * The result that is kept, else that of `work`. Errors are not kept, and neither are results of which `isFailure` says so.
   * Who waits for an equal call is not drawn into its caller's abort or empty budget, but does the work itself then.
   */
  async get<T>(
    key: string,
    context: RunContext,
    work: () => Promise<T>,
    isFailure: (outcome: T) => boolean = () => false,
  ): Promise<T> {
    for (;;) {
      context.signal.throwIfAborted();
      const kept = this.#kept.get(key);
      if (kept && kept.until > this.#clock.now()) {
        this.#hits += 1;
        return kept.value as T;
      }
      const flight = this.#flights.get(key);
      if (!flight) return await this.#fly(key, context, work, isFailure);
      try {
        const value = await unlessAborted(flight.landing as Promise<T>, context.signal);
        this.#joined += 1;
        return value;
      } catch (error) {
        context.signal.throwIfAborted();
        if (!flight.context.signal.aborted && !(error instanceof BudgetError)) throw error;
      }
    }
  }

  async #fly<T>(
    key: string,
    context: RunContext,
    work: () => Promise<T>,
    isFailure: (outcome: T) => boolean,
  ): Promise<T> {
    const landing = unlessAborted(this.#find(key, work, isFailure), context.signal);
    this.#flights.set(key, { context, landing });
    try {
      return await landing;
    } finally {
      this.#flights.delete(key);
    }
  }

  async #find<T>(key: string, work: () => Promise<T>, isFailure: (outcome: T) => boolean): Promise<T> {
    const earlier = await this.#recall(key);
    if (earlier) {
      this.#hits += 1;
      this.#keep(key, earlier.value, earlier.until);
      return earlier.value as T;
    }
    this.#misses += 1;
    const value = await work();
    if (isFailure(value)) return value;
    this.#keep(key, value, this.#clock.now() + this.#options.ttlMs);
    await this.#write(key, value);
    return value;
  }

  #keep(key: string, value: unknown, until: number): void {
    this.#kept.set(key, { value, until });
  }

  /** A memory that fails costs a call, never the answer. */
  async #recall(key: string): Promise<{ readonly value: unknown; readonly until: number } | undefined> {
    if (!this.#memory) return undefined;
    try {
      const found = await this.#memory.store.get<{ readonly value: unknown }>(this.#memory.prefix + key);
      return (
        found && {
          value: found.value.value,
          until: found.expiresAt ?? this.#clock.now() + this.#options.ttlMs,
        }
      );
    } catch {
      this.#lost += 1;
      return undefined;
    }
  }

  async #write(key: string, value: unknown): Promise<void> {
    if (!this.#memory) return;
    try {
      const { store, prefix } = this.#memory;
      await store.put(prefix + key, { value }, { ttlMs: this.#options.ttlMs });
    } catch {
      this.#lost += 1;
    }
  }
}

/** A call under way that others may take the result of. */
interface Flight {
  readonly context: RunContext;
  readonly landing: Promise<unknown>;
}
