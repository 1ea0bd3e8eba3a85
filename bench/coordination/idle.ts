import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { systemClock } from "../../src/clock.ts";
import { rootContext } from "../../src/context.ts";
import { InProcessBus } from "../../src/coordination/bus/in-process-bus.ts";
import { lead } from "../../src/coordination/leader.ts";
import { Governor } from "../../src/coordination/pools/governor.ts";
import { AgentPool } from "../../src/coordination/pools/pool.ts";
import { systemSignals } from "../../src/coordination/pools/system-signals.ts";
import { EventStream } from "../../src/events.ts";
import { silentLog } from "../../src/log.ts";
import { range } from "./figures.ts";
import type { Readings } from "./rows.ts";
import { openStore, temporaryFile } from "./store.ts";

const clock = systemClock;
/** V8 tidies up for some seconds after a start. */
const settleMs = 6_000;
const measuredMs = 8_000;

/** What waiting costs: consumers, a watcher, a bus with durable mail, a governed pool and the lead, all open. */
export async function measureIdle(): Promise<Readings> {
  using file = temporaryFile();
  using store = openStore(file.path);
  const stop = new AbortController();
  const context = rootContext("bench", stop.signal);
  const { tasks, memory, leases } = store;
  for (const kind of range(4))
    tasks.consume(`kind-${kind}`, async () => {}, { concurrency: () => 8, timeoutMs: 1_000, context });

  const watch = async (): Promise<void> => {
    for await (const _ of memory.watch("policy/", { signal: stop.signal }));
  };
  const watching = watch().catch(() => {}); // it ends by the signal

  await using bus = new InProcessBus({ clock, durable: { tasks, memory } });
  for (const place of range(20)) bus.attach(`agent/${place}`, async () => {});
  bus.subscribe("crawl.*.page.>", async () => {}, { durable: "indexer" });

  const events = new EventStream();
  const agent = { role: "echo", input: z.int(), output: z.int(), run: async (input: number) => input };
  await using pool = new AgentPool({ agent, events, clock }, { size: 4, min: 1, max: 20, timeoutMs: 1_000 });
  await pool.run(1, context);
  const governor = new Governor({ signals: systemSignals, clock, events });
  using _governed = governor.govern(pool);
  using _governing = governor.watch();
  const duty = { name: "sweep", everyMs: 1_000, run: async () => tasks.counts() };
  await using _leading = lead(leases, { name: "bench" }, [duty], { clock, log: silentLog, context });

  await delay(settleMs);
  const before = process.cpuUsage();
  const startedAt = performance.now();
  await delay(measuredMs);
  const used = process.cpuUsage(before);
  const idleCpu = (used.user + used.system) / 10 / (performance.now() - startedAt);
  stop.abort(new Error("measured"));
  await watching;
  return { idleCpu };
}
