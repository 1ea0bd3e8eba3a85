import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EgressGuard, systemResolve } from "../../src/browser/egress-guard.ts";
import type { FetchOutcome } from "../../src/browser/fetch-tier.ts";
import { HeadlessOptions } from "../../src/browser/headless-options.ts";
import { HeadlessTier } from "../../src/browser/tiers/headless.ts";
import { systemClock } from "../../src/clock.ts";
import { childContext, rootContext } from "../../src/context.ts";
import { TimeoutError } from "../../src/errors.ts";
import { silentLog } from "../../src/log.ts";

/** Less than a test may take, and more than a page does on the slowest machine. */
const longMs = 240_000;

/** A tier that may reach the given origins: small, and with time for a machine that stands still. */
export function openHeadless(
  allowedOrigins: readonly string[],
  options: Partial<HeadlessOptions> = {},
): HeadlessTier {
  const guard = new EgressGuard({ resolve: systemResolve }, { allowedOrigins });
  const limits = { maxTabs: 4, maxBytes: 4_000_000, maxScriptHeapMb: 128 };
  const times = { launchTimeoutMs: longMs, fetchTimeoutMs: longMs, settleTimeoutMs: 60_000 };
  const parsed = HeadlessOptions.parse({ ...limits, ...times, ...options });
  return new HeadlessTier({ guard, clock: systemClock, log: silentLog }, parsed);
}

/** Fetches with a deadline of its own. */
export async function get(tier: HeadlessTier, url: string, timeoutMs = longMs): Promise<FetchOutcome> {
  using context = childContext(
    rootContext("test"),
    timeoutMs,
    "test",
    () => new TimeoutError(url, timeoutMs),
  );
  return await tier.fetch({ url }, context);
}

/** `page STATUS`, or the reason why there is none. */
export function reasonIn(outcome: FetchOutcome): string {
  if (outcome.kind === "page") return `page ${outcome.page.httpStatus}`;
  return outcome.kind === "no-page" ? outcome.reason : outcome.kind;
}

export function textIn(outcome: FetchOutcome): string {
  return outcome.kind === "page" ? new TextDecoder().decode(outcome.page.body) : JSON.stringify(outcome);
}

/** Temp folders of the browsers that a process owns. */
export function homesOf(owner: number): string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(`forager-browsers-${owner}-`))
    .map((name) => join(tmpdir(), name));
}

/** Process ids of the browsers whose profiles lie in a home. */
export function browsersIn(home: string): number[] {
  return readdirSync(home).map((name) =>
    Number(readFileSync(join(home, name, ".forager-browser-pid"), "utf8")),
  );
}

/** Command lines of living processes that name a folder. */
export function processesNaming(folder: string): string[] {
  const lines = execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" }).split("\n");
  return lines.filter((line) => line.includes(folder) && !line.includes("<defunct>"));
}
