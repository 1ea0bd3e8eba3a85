import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../src/clock.ts";
import type { CoordinationBackend } from "../../src/coordination/backend.ts";
import type { NewUrl } from "../../src/coordination/frontier.ts";
import { coordinationBackends } from "../../src/coordination/backends/index.ts";
import { coordinationSchema } from "../../src/coordination/backends/sqlite/index.ts";
import { systemClock } from "../../src/clock.ts";
import { Database } from "../../src/database.ts";

/** A backend over a file of its own, quick to retry and to notice a dead worker. */
export interface OpenBackend extends CoordinationBackend, Disposable {
  readonly database: Database;
}

const quickTimes = { leaseMs: 300, firstRetryMs: 20, longestRetryMs: 80, stopMs: 40 };

/** A folder that is removed at the end of its block. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "forager-coordination-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * Opens a backend on a file, or in memory.
 * @param options.leaseMs Long where two that both work have one file open: when this process stands still for the quick
 *   time, one takes over what the other has in hand. One alone renews its own leases first, however late it is.
 */
export function openBackend(
  options: {
    readonly name?: keyof typeof coordinationBackends;
    readonly path?: string;
    readonly clock?: Clock;
    readonly random?: () => number;
    readonly leaseMs?: number;
  } = {},
): OpenBackend {
  const { name = "sqlite", path = ":memory:", clock = systemClock, random = Math.random, leaseMs } = options;
  const database = new Database(path, { schema: [coordinationSchema] });
  const backend = coordinationBackends[name]({
    database,
    clock,
    random,
    times: { ...quickTimes, ...(leaseMs === undefined ? {} : { leaseMs }) },
  });
  return { ...backend, database, [Symbol.dispose]: () => database.close() };
}

/** A clock that stands still until told. */
export class ManualClock implements Clock {
  #now = 1_000_000;

  now(): number {
    return this.#now;
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(milliseconds, signal);
  }
}

/** A URL of `host`, named `name`. */
export function urlOf(name: string, depth = 0, host = "site.example"): NewUrl {
  const url = `https://${host}/${name}`;
  return { key: url, url, host, depth };
}

/** How a page usually ends. */
export const pageDone = { kind: "done", httpStatus: 200, tier: "http", verdict: "ok", bytes: 100 } as const;

/** How it fails. */
export const pageFailed = {
  kind: "failed",
  reason: "timeout",
  detail: "",
  httpStatus: 0,
  tier: "http",
  verdict: "transport",
} as const;
