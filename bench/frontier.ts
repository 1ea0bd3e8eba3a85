// How fast does the frontier hand out URLs when a million are known? `node bench/frontier.ts [urls] [hosts]`
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { coordinationSchema, createSqliteBackend } from "../src/coordination/backends/sqlite/index.ts";
import type { NewUrl } from "../src/coordination/frontier.ts";
import { systemClock } from "../src/clock.ts";
import { Database } from "../src/database.ts";

const urlCount = Number(process.argv[2] ?? 1_000_000);
const hostCount = Number(process.argv[3] ?? 10_000);
const cycles = 20_000;
const done = { kind: "done", httpStatus: 200, tier: "http", verdict: "ok", bytes: 1 } as const;

const folder = mkdtempSync(join(tmpdir(), "forager-bench-"));
const database = new Database(join(folder, "forager.db"), { schema: [coordinationSchema] });
const { frontier, runs } = createSqliteBackend({ database, clock: systemClock });

try {
  const run = database.writeNow(() => runs.start("crawl", "bench", {}, 0)).id;
  const batch = 50;
  report("add, batches of 50", urlCount / batch, batch, (round) => {
    frontier.add(run, urls(round * batch, batch), { maxDepth: 5 });
  });
  const pages = 2_000;
  report("add again, 46 known links of a page, depth limit", pages, 46, (round) => {
    frontier.add(run, urls((round * 46 * 7) % (urlCount - 46), 46), { maxDepth: 5, from: round + 1 });
  });
  let now = 1;
  report("claim 1 + finish, a commit each", cycles, 1, () => {
    const [claim] = frontier.claim(run, { limit: 1, leaseMs: 60_000, now: (now += 1) });
    if (claim) frontier.finish(claim, done, now);
  });
  report("claim 32 + finish, a commit for 32", cycles / 32, 32, () => {
    const claims = frontier.claim(run, { limit: 32, leaseMs: 60_000, now: (now += 1) });
    for (const claim of claims) frontier.finish(claim, done, now);
  });
  report("counts", 2_000, 1, () => frontier.counts(run));
  console.log(frontier.counts(run));
} finally {
  database.close();
  rmSync(folder, { recursive: true });
}

function urls(first: number, count: number): NewUrl[] {
  return Array.from({ length: count }, (_, index) => {
    const number = first + index;
    const host = `host-${number % hostCount}.example`;
    const url = `https://${host}/section/page-${number}.html`;
    return { key: url, url, host, depth: number % 5 };
  });
}

function report(name: string, rounds: number, size: number, work: (round: number) => void): void {
  const times: number[] = [];
  const startedAt = performance.now();
  for (let round = 0; round < rounds; round += 1) {
    const roundAt = performance.now();
    database.writeNow(() => work(round));
    times.push(performance.now() - roundAt);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  times.sort((left, right) => left - right);
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(3);
  const rate = Math.round((rounds * size) / seconds);
  console.log(`${name}: ${rate}/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(0.99999)} ms`);
}
