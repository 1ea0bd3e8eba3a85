import type { Clock } from "../clock.ts";
import type { RunContext } from "../context.ts";
import { endsWithin, within } from "../deadline.ts";
import { ForagerError, messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Lease, Leases } from "./leases.ts";

/** What one process does for all: schedules, sweeps, compaction. */
export interface Duty {
  readonly name: string;
  /** From the end of one time to the next; the first is at once. */
  readonly everyMs: number;
  /**
   * Stops when `signal` aborts. What it writes it fences: it asks `lease.isHeld()` inside the transaction, or hands
   * `lease.token` on as the fence.
   */
  run(lease: Lease, signal: AbortSignal): Promise<unknown>;
}

/** A process's candidacy. Disposing of it ends the duties, then hands the lead over. */
export interface Leadership extends AsyncDisposable {
  /** The lease while this process leads. */
  readonly lease: Lease | undefined;
  /** How often each duty failed. */
  readonly failures: ReadonlyMap<string, number>;
}

/** How soon a silent leader is replaced, and how often the others look. */
export interface LeaderOptions {
  /** What is led: one leader a name. */
  readonly name: string;
  readonly ttlMs?: number;
  readonly retryMs?: number;
}

/** With looks every 1.5 s, a leader that hangs is replaced within 6.5 s, and one whose process died within 1.5 s. */
const defaultTtlMs = 5_000;
const defaultRetryMs = 1_500;
/** For one run of a duty. */
const longestDutyMs = 60_000;

/**
 * Leads, or waits until the leader is gone and leads then, until disposed or until `context.signal` aborts. A duty
 * that fails is logged, counted and run again in its turn; losing the lease aborts all of them.
 */
export function lead(
  leases: Leases,
  options: LeaderOptions,
  duties: readonly Duty[],
  deps: { readonly clock: Clock; readonly log: Log; readonly context: RunContext },
): Leadership {
  const candidate = new Candidate(leases, options, duties, deps);
  const ended = candidate.stand();
  return {
    get lease() {
      return candidate.lease;
    },
    failures: candidate.failures,
    async [Symbol.asyncDispose]() {
      candidate.stop();
      await ended;
    },
  };
}

class Candidate {
  lease: Lease | undefined;
  readonly failures = new Map<string, number>();
  readonly #leases: Leases;
  readonly #name: string;
  readonly #ttlMs: number;
  readonly #retryMs: number;
  readonly #duties: readonly Duty[];
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;

  constructor(
    leases: Leases,
    options: LeaderOptions,
    duties: readonly Duty[],
    deps: { readonly clock: Clock; readonly log: Log; readonly context: RunContext },
  ) {
    this.#leases = leases;
    this.#name = options.name;
    this.#ttlMs = options.ttlMs ?? defaultTtlMs;
    this.#retryMs = options.retryMs ?? defaultRetryMs;
    this.#duties = duties;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#signal = AbortSignal.any([deps.context.signal, this.#stop.signal]);
  }

  stop(): void {
    this.#stop.abort(new ForagerError("stopped", `This process no longer leads ${this.#name}.`));
  }

  async stand(): Promise<void> {
    while (!this.#signal.aborted) {
      const lease = this.#acquire();
      if (lease) await this.#serve(lease);
      else await this.#pause(this.#retryMs, this.#signal);
    }
  }

  #acquire(): Lease | undefined {
    try {
      const taken = this.#leases.acquire(this.#name, { ttlMs: this.#ttlMs });
      return "token" in taken ? taken : undefined;
    } catch (error) {
      this.#log.warn("no leader could be chosen", { name: this.#name, error: messageOf(error) });
      return undefined;
    }
  }

  /** One term, to its end. */
  async #serve(lease: Lease): Promise<void> {
    this.lease = lease;
    this.#log.info("this process leads", { name: this.#name, token: lease.token });
    const term = AbortSignal.any([this.#signal, lease.lost]);
    const underWay = new Map<Duty, Promise<unknown>>();
    await Promise.all(this.#duties.map((duty) => this.#perform(duty, lease, term, underWay)));
    if (!term.aborted)
      await new Promise((resolve) => term.addEventListener("abort", resolve, { once: true }));
    this.lease = undefined;
    // A duty that does not listen is left behind: the fence refuses what it still writes.
    await endsWithin(Promise.allSettled(underWay.values()), this.#ttlMs);
    this.#log.info("this process leads no longer", { name: this.#name, isLost: lease.lost.aborted });
    try {
      await lease[Symbol.asyncDispose]();
    } catch (error) {
      // It cannot be given back, so it runs out.
      this.#log.warn("the lead could not be handed over", { name: this.#name, error: messageOf(error) });
    }
  }

  async #perform(
    duty: Duty,
    lease: Lease,
    term: AbortSignal,
    underWay: Map<Duty, Promise<unknown>>,
  ): Promise<void> {
    while (!term.aborted) {
      try {
        // One that did not end in time is not begun a second time beside it.
        if (!underWay.has(duty)) {
          await within(`The leader's ${duty.name}`, longestDutyMs, term, (signal) => {
            const run = duty.run(lease, signal).finally(() => underWay.delete(duty));
            underWay.set(duty, run);
            return run;
          });
        }
      } catch (error) {
        if (term.aborted) return;
        this.failures.set(duty.name, (this.failures.get(duty.name) ?? 0) + 1);
        this.#log.warn("a leader's duty failed", {
          name: this.#name,
          duty: duty.name,
          error: messageOf(error),
        });
      }
      await this.#pause(duty.everyMs, term);
    }
  }

  async #pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(milliseconds, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
