import { setTimeout as delay } from "node:timers/promises";
import PQueue from "p-queue";
import { z } from "zod";
import { systemClock } from "../../src/clock.ts";
import { rootContext } from "../../src/context.ts";
import type { Agent } from "../../src/coordination/agent.ts";
import { Governor } from "../../src/coordination/pools/governor.ts";
import { AgentPool } from "../../src/coordination/pools/pool.ts";
import { type SignalSource, systemSignals } from "../../src/coordination/pools/system-signals.ts";
import { within } from "../../src/deadline.ts";
import { EventStream, type ForagerEvent, type ForagerEventType } from "../../src/events.ts";
import { percentile, perSecond, range } from "./figures.ts";
import type { Readings } from "./rows.ts";

const context = rootContext("bench");
const clock = systemClock;
const echo: Agent<number, number> = {
  role: "echo",
  input: z.int(),
  output: z.int(),
  run: async (input) => input,
};
const startsAtOnce = (): Agent<number, number> => ({ ...echo, start: () => Promise.resolve() });
const throws = (): Agent<number, number> => ({
  ...echo,
  start: () => delay(1),
  run: async (input) => {
    if (input < 0) throw new Error("broken");
    return input;
  },
});
const hangs = (): Agent<number, number> => ({
  ...echo,
  start: () => delay(1),
  run: (input) => (input < 0 ? new Promise(() => {}) : Promise.resolve(input)),
});
const worksOn: Agent<number, number> = {
  ...echo,
  run: async (input, { signal }) => {
    await delay(60_000, undefined, { signal });
    return input;
  },
};
const calls = 50_000;

/** What a call costs, how soon members come, are replaced, become more and fewer. */
export async function measurePools(): Promise<Readings> {
  await called(calls); // warm
  return {
    poolCall: 1e6 / (await called(calls)),
    poolScheduled: await scheduled(),
    pQueue: await queued(),
    spawnP99: await spawned(),
    crashRecovery: await crashed(),
    hangRecovery: await hung(),
    scaleUp: await longestOf(3, grown),
    scaleDown: await longestOf(3, shrunk),
  };
}

async function called(many: number): Promise<number> {
  await using pool = new AgentPool(
    { agent: echo, events: new EventStream(), clock },
    { size: 8, timeoutMs: 1_000 },
  );
  return await perSecond(many, async () => {
    for (let call = 0; call < many; call += 1) await pool.run(call, context);
  });
}

async function scheduled(): Promise<number> {
  await using pool = new AgentPool(
    { agent: echo, events: new EventStream(), clock },
    { size: 16, timeoutMs: 1_000 },
  );
  return await inThousands((call) => pool.run(call, context));
}

async function queued(): Promise<number> {
  const queue = new PQueue({ concurrency: 16 });
  return await inThousands((call) => queue.add(async () => call));
}

/** Calls a second, a thousand at once. */
async function inThousands(call: (index: number) => Promise<unknown>): Promise<number> {
  const round = () => Promise.all(range(1_000).map(call));
  await round();
  return await perSecond(calls, async () => {
    for (let first = 0; first < calls; first += 1_000) await round();
  });
}

/** p99 from asking for one more member to its having started. */
async function spawned(): Promise<number> {
  const members = 200;
  const events = new EventStream();
  await using pool = new AgentPool(
    { createAgent: startsAtOnce, events, clock },
    { size: 1, min: 1, max: members, timeoutMs: 1_000 },
  );
  const waits: number[] = [];
  for (const member of range(members)) {
    const askedAt = performance.now();
    const started = next(events, "agent-started");
    pool.resize(member + 1, "one more");
    pool.start();
    await started;
    waits.push(performance.now() - askedAt);
  }
  return percentile(waits, 0.99);
}

/** From the failure after which a member is replaced to the end of the next call. */
async function crashed(): Promise<number> {
  const events = new EventStream();
  await using pool = new AgentPool({ createAgent: throws, events, clock }, { size: 1, timeoutMs: 1_000 });
  const replaced = next(events, "agent-replaced");
  for (const _ of range(3)) await pool.run(-1, context).catch(() => {}); // it is to fail
  return await untilServed(pool, replaced);
}

async function hung(): Promise<number> {
  const events = new EventStream();
  await using pool = new AgentPool(
    { createAgent: hangs, events, clock },
    { size: 1, timeoutMs: 50, graceMs: 100 },
  );
  const replaced = next(events, "agent-replaced");
  await pool.run(-1, context).catch(() => {}); // its time runs out
  return await untilServed(pool, replaced);
}

async function untilServed(pool: AgentPool<number, number>, replaced: Promise<unknown>): Promise<number> {
  const failedAt = performance.now();
  await pool.run(1, context);
  const ms = performance.now() - failedAt;
  await replaced;
  return ms;
}

/** A pool full of work and more of it waiting. */
async function grown(): Promise<number> {
  return await untilResized(2, systemSignals, (events, load) => {
    load();
    return next(events, "pool-resized");
  });
}

/** A pool full of work in a process that bears it no more. */
async function shrunk(): Promise<number> {
  const calm = { loopLagMs: 0, heapShare: 0.1, memoryShare: 0.1, cpuShare: 0.5 };
  let signals = calm;
  const source = (): SignalSource => ({ read: () => signals, [Symbol.dispose]: () => {} });
  return await untilResized(10, source, (events, load) => {
    load();
    signals = { ...calm, loopLagMs: 300, heapShare: 0.95 };
    return next(events, "pool-resized");
  });
}

/** From the load to the change of size, at whatever moment of the governor's second it comes. */
async function untilResized(
  size: number,
  signals: () => SignalSource,
  burden: (events: EventStream, load: () => void) => Promise<unknown>,
): Promise<number> {
  const events = new EventStream();
  const stop = new AbortController();
  await using pool = new AgentPool(
    { agent: worksOn, events, clock },
    { size, min: 2, max: 20, timeoutMs: 60_000 },
  );
  const governor = new Governor({ signals, clock, events });
  using _governed = governor.govern(pool);
  using _watching = governor.watch();
  await delay(Math.random() * 1_000);
  const under = rootContext("bench", stop.signal);
  let load: readonly Promise<unknown>[] = [];
  const startedAt = performance.now();
  await burden(events, () => (load = range(40).map((call) => pool.run(call, under))));
  const ms = performance.now() - startedAt;
  stop.abort(new Error("measured"));
  await Promise.allSettled(load);
  return ms;
}

async function longestOf(times: number, measure: () => Promise<number>): Promise<number> {
  let longest = 0;
  for (const _ of range(times)) longest = Math.max(longest, await measure());
  return longest;
}

/** The next event of a type; a wait with a deadline, which keeps the process going. */
function next(events: EventStream, type: ForagerEventType): Promise<ForagerEvent> {
  return within(`A ${type}`, 20_000, undefined, () => {
    const { promise, resolve } = Promise.withResolvers<ForagerEvent>();
    const leave = events.subscribe((event) => {
      if (event.type !== type) return;
      leave();
      resolve(event);
    });
    return promise;
  });
}
