// A process that crawls with agents that are broken on purpose, and tells what it left behind. Its first argument is an Errand.
import { execFileSync } from "node:child_process";
import { getEventListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Worker } from "node:worker_threads";
import { createForager } from "../../src/forager.ts";
import { messageOf } from "../../src/errors.ts";
import { browsersIn, homesOf } from "../browser/headless-fixture.ts";
import { type Deed, Faults, type Shares } from "./chaos-faults.ts";

/** What the process is to do. */
export interface Errand {
  readonly origin: string;
  readonly dataDir: string;
  /** Where a clean crawl before the broken one is kept: what it loads is not counted as left behind. Without one memory is not told. */
  readonly warmUpDir?: string;
  readonly seed: number;
  readonly shares: Shares;
  readonly crawl: {
    readonly concurrency: number;
    readonly pageTimeoutMs: number;
    readonly maxAttempts?: number;
    readonly maxPages?: number;
  };
  readonly tier?: "headless";
  readonly block?: { readonly atCall: number; readonly ms: number };
  /** At so many ended pages a reading thread is ended. */
  readonly threadsEndAt?: readonly number[];
  /** At so many ended pages the browser is killed. */
  readonly browsersEndAt?: readonly number[];
}

/** What became of it; a JSON line. */
export interface Report {
  readonly pid: number;
  readonly summary: Readonly<Record<string, unknown>> | undefined;
  readonly error: string;
  readonly crawlMs: number;
  readonly events: Readonly<Record<string, number>>;
  readonly done: readonly (readonly [url: string, deeds: readonly Deed[]])[];
  readonly frozen: readonly string[];
  readonly recoveries: readonly number[];
  readonly endedThreads: number;
  readonly killedBrowsers: number;
  readonly before: Footprint;
  readonly after: Footprint;
}

/** What a process holds. */
export interface Footprint {
  /** Timers, sockets, pipes and so on by kind. */
  readonly resources: Readonly<Record<string, number>>;
  readonly listeners: number;
  /** Of the signal that the crawl was given. */
  readonly abortListeners: number;
  readonly threads: number;
  readonly children: readonly string[];
  readonly browserHomes: readonly string[];
  /** After garbage collection, buffers outside of the heap too; 0 without a warm-up. */
  readonly bytes: number;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const threads = new Set<Worker>();
process.on("worker", (worker) => {
  threads.add(worker);
  worker.once("exit", () => threads.delete(worker));
});
const interrupt = new AbortController();
process.on("SIGINT", () => interrupt.abort(new Error("Interrupted.")));

/** Section pages and the home page lead to all others. */
const isSpared = (url: string) => /^\/(section-\d+\/)?$/.test(new URL(url).pathname);

async function crawlBroken(errand: Errand): Promise<Omit<Report, "pid" | "before" | "after">> {
  const { block, tier } = errand;
  const faults = new Faults({ ...errand, spared: isSpared, ...(block ? { block } : {}) });
  const events: Record<string, number> = {};
  const state = { ended: 0, endedThreads: 0, killedBrowsers: 0 };
  await using forager = createForager(
    {
      dataDir: errand.dataDir,
      embedder: "none",
      ...(tier ? { tier } : {}),
    },
    { wrapAgent: faults.wrapAgent },
  );
  forager.events.subscribe((event) => {
    events[event.type] = (events[event.type] ?? 0) + 1;
    if (event.type !== "page-stored" && event.type !== "page-failed") return;
    state.ended += 1;
    if (errand.threadsEndAt?.includes(state.ended)) {
      state.endedThreads += threads.size > 0 ? 1 : 0;
      faults.endThreads(threads);
    }
    if (state.ended >= (errand.browsersEndAt?.[state.killedBrowsers] ?? Infinity))
      state.killedBrowsers += killBrowser() ? 1 : 0;
  });
  const startedAt = performance.now();
  let error = "";
  const summary = await forager
    .crawl(`${errand.origin}/`, { ...errand.crawl, embed: "off" }, interrupt.signal)
    .catch((cause: unknown) => {
      error = messageOf(cause);
      return undefined;
    });
  return {
    summary: summary && { ...summary },
    error,
    crawlMs: performance.now() - startedAt,
    events,
    done: [...faults.done],
    frozen: [...faults.frozen],
    recoveries: faults.recoveries,
    endedThreads: state.endedThreads,
    killedBrowsers: state.killedBrowsers,
  };
}

const seenBrowsers = new Set<number>();

/** Kills a browser that was there at an earlier page already, so that it is not just starting. @returns Whether there was one. */
function killBrowser(): boolean {
  try {
    const pids = homesOf(process.pid).flatMap((home) => browsersIn(home));
    const pid = pids.find((each) => seenBrowsers.delete(each));
    for (const each of pids) if (each !== pid) seenBrowsers.add(each);
    return pid !== undefined && process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}

/** @param before What it held at first. */
async function measure(before?: Footprint): Promise<Footprint> {
  // What was closed or ended a moment ago is gone from the lists a little later; Crawlee's pool looks after a browser that
  // it retired for one second more. What has not gone after a thousand looks has been left behind.
  const isSettled = () => {
    if (threads.size > 0 || process.getActiveResourcesInfo().includes("Timeout")) return false;
    return before === undefined || isDeepStrictEqual({ ...held(), bytes: before.bytes }, before);
  };
  for (let look = 0; look < 5 || (look < 1_000 && !isSettled()); look += 1) await delay(20);
  // Buffers go a collection after what held them.
  for (let collection = 0; collection < 3; collection += 1) {
    collectGarbage();
    await delay(20);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { ...held(), bytes: errand.warmUpDir === undefined ? 0 : heapUsed + arrayBuffers };
}

function held(): Omit<Footprint, "bytes"> {
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  return {
    resources,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    abortListeners: getEventListeners(interrupt.signal, "abort").length,
    threads: threads.size,
    children: childrenOf(process.pid),
    browserHomes: homesOf(process.pid),
  };
}

/** Commands of a process's living children; not of the one that lists them. */
function childrenOf(parent: number): string[] {
  const lines = execFileSync("ps", ["--ppid", String(parent), "-o", "args="], { encoding: "utf8" }).split(
    "\n",
  );
  return lines.filter((line) => line !== "" && !line.startsWith("ps --ppid"));
}

const errand = JSON.parse(process.argv[2] ?? "") as Errand;
// Modules that listen to the process, and the pipes that it makes when they are first used.
if (errand.tier) await import("../../src/browser/browser-pool.ts");
process.stdout.write("");
process.stderr.write("");
if (errand.warmUpDir !== undefined)
  await crawlBroken({
    origin: errand.origin,
    dataDir: errand.warmUpDir,
    seed: 0,
    shares: {},
    crawl: { ...errand.crawl, maxPages: 12 },
    ...(errand.tier ? { tier: errand.tier } : {}),
  });
const before = await measure();
const told = await crawlBroken(errand);
const after = await measure(before);
process.stdout.write(`${JSON.stringify({ pid: process.pid, ...told, before, after } satisfies Report)}\n`);
