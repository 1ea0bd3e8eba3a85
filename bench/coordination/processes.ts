import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../../src/clock.ts";
import { rootContext } from "../../src/context.ts";
import { lead } from "../../src/coordination/leader.ts";
import { within } from "../../src/deadline.ts";
import { silentLog } from "../../src/log.ts";
import { percentile } from "./figures.ts";
import { startOther } from "./other-process.ts";
import type { Readings } from "./rows.ts";
import { openStore, temporaryFile } from "./store.ts";
import { addTasks } from "./tasks.ts";

const context = rootContext("bench");

/** What a process sees of another: its changes, its death, its silence. */
export async function measureProcesses(): Promise<Readings> {
  return {
    watchOtherP99: await watchedElsewhere(),
    restart: await restarted(10_000),
    takeover: await takenOver("SIGKILL"),
    takeoverOfStopped: await takenOver("SIGSTOP"),
    newLeader: await ledAnew(),
  };
}

/** From opening the data file of a killed process until one of the tasks that it held starts. */
export async function restarted(held: number): Promise<number> {
  using file = temporaryFile();
  {
    using store = openStore(file.path);
    await addTasks(store, held);
  }
  const other = await startOther(file.path, "holder", held);
  await other.kill();
  const openedAt = performance.now();
  using store = openStore(file.path);
  await store.database.write(() => store.tasks.recover(Date.now(), { all: true }));
  return (await firstStart(store)) - openedAt;
}

/** From a signal to the process that holds all tasks until one of them starts here; both have been open for a while. */
async function takenOver(signal: "SIGKILL" | "SIGSTOP"): Promise<number> {
  using file = temporaryFile();
  using store = openStore(file.path);
  await addTasks(store, 10_000);
  await using other = await startOther(file.path, "holder", 10_000);
  const start = firstStart(store);
  await delay(500 + Math.random() * 1_500);
  const killedAt = performance.now();
  other.child.kill(signal);
  return (await start) - killedAt;
}

/** When the first task starts. */
async function firstStart({ tasks }: ReturnType<typeof openStore>): Promise<number> {
  return await within("A task's start", 60_000, undefined, async () => {
    const started = Promise.withResolvers<number>();
    const start = async () => started.resolve(performance.now());
    const consumer = tasks.consume("work", start, { concurrency: 1, timeoutMs: 60_000, context });
    const at = await started.promise;
    await consumer[Symbol.asyncDispose]();
    return at;
  });
}

async function ledAnew(): Promise<number> {
  using file = temporaryFile();
  using store = openStore(file.path);
  await using other = await startOther(file.path, "leader");
  const led = Promise.withResolvers<number>();
  const duty = { name: "sweep", everyMs: 60_000, run: async () => led.resolve(performance.now()) };
  const deps = { clock: systemClock, log: silentLog, context };
  await using _candidate = lead(store.leases, { name: "bench" }, [duty], deps);
  await delay(500 + Math.random() * 1_500);
  const killedAt = performance.now();
  await other.kill();
  return (await within("Another leader", 60_000, undefined, () => led.promise)) - killedAt;
}

async function watchedElsewhere(): Promise<number> {
  using file = temporaryFile();
  using store = openStore(file.path);
  const changes = 100;
  await using other = await startOther(file.path, "watcher", changes);
  const told = other.line("waits");
  for (let change = 0; change < changes; change += 1) {
    await delay(10 + Math.random() * 50);
    await store.memory.put("policy/host", String(process.hrtime.bigint()));
  }
  return percentile(JSON.parse((await told).slice("waits ".length)) as number[], 0.99);
}
