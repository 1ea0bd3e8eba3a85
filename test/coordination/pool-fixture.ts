import { z } from "zod";
import { type Clock, systemClock } from "../../src/clock.ts";
import { rootContext, type RunContext } from "../../src/context.ts";
import type { Agent } from "../../src/coordination/agent.ts";
import type { AgentSource } from "../../src/coordination/pools/crew.ts";
import type { PoolOptions } from "../../src/coordination/pools/pool-options.ts";
import { AgentPool } from "../../src/coordination/pools/pool.ts";
import type { Resources } from "../../src/coordination/pools/resource-pools.ts";
import { unlessAborted } from "../../src/deadline.ts";
import { EventStream, type ForagerEvent } from "../../src/events.ts";

export const context = rootContext("test");

/** An agent that doubles whole numbers, up to 100; parts of it can be others. */
export function doubler(parts: Partial<Agent<number, number>> = {}): Agent<number, number> {
  return {
    role: "doubler",
    input: z.int(),
    output: z.int().max(100),
    run: async (input) => input * 2,
    ...parts,
  };
}

/** Stands still, so that no pool takes a machine that does for one that stood still itself. Its sleeps are real. */
const stillClock: Clock = { ...systemClock, now: () => 1_000_000 };

/** A pool, and what it emitted. */
export function openPool(
  source: AgentSource<number, number>,
  options: Partial<PoolOptions> = {},
  deps: { readonly clock?: Clock; readonly resources?: Resources; readonly random?: () => number } = {},
): { pool: AgentPool<number, number>; seen: ForagerEvent[]; types: () => string[]; events: EventStream } {
  const events = new EventStream();
  const seen: ForagerEvent[] = [];
  events.subscribe((event) => seen.push(event));
  const pool = new AgentPool(
    { ...source, events, clock: stillClock, ...deps },
    { size: 2, timeoutMs: 60_000, ...options },
  );
  return { pool, seen, events, types: () => seen.map(({ type }) => type) };
}

/** What an agent that listens to its signal does: nothing, until it is called off. */
export function untilAborted({ signal }: Pick<RunContext, "signal">): Promise<never> {
  return unlessAborted(new Promise<never>(() => {}), signal);
}

/** Work that ends when the test says so. */
export class Gate {
  readonly #open = Promise.withResolvers<void>();
  /** Inputs in the order in which they came to work. */
  readonly came: number[] = [];

  readonly run = async (input: number): Promise<number> => {
    this.came.push(input);
    await this.#open.promise;
    return input;
  };

  open(): void {
    this.#open.resolve();
  }
}

/** Lets everything run that needs no time. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
