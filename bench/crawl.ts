// What does a crawled page cost, beside Crawlee's CheerioCrawler on the same site?
//   node bench/crawl.ts [--folder DIR --start PATH] [--pages N] [--rounds N]
// Forager is the built package: npm run build first. The site is served by a process of its own; each crawler runs in a
// fresh process, in turn, and counts its own CPU and peak memory.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    folder: { type: "string" },
    start: { type: "string", default: "/" },
    pages: { type: "string", default: "500" },
    rounds: { type: "string", default: "3" },
    only: { type: "string" },
  },
});
const crawlers = ["forager", "cheerio"].filter((name) => values.only === undefined || values.only === name);

/** As `npm run crawl` starts it: the main thread's young generation kept small, 25 MB less at the peak for no CPU. */
const flags: Readonly<Record<string, readonly string[]>> = { forager: ["--max-semi-space-size=8"] };

interface Cost {
  readonly pages: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Up to here only modules were loaded. */
  readonly loadCpuMs: number;
  readonly loadWallMs: number;
  readonly peakMb: number;
}

const site = spawn(
  process.execPath,
  [join(import.meta.dirname, "crawl", "site.ts"), values.folder ?? "", values.pages],
  { stdio: ["ignore", "pipe", "inherit"] },
);
const costs = new Map<string, Cost[]>(crawlers.map((name) => [name, []]));
try {
  const origin = await firstLine(site.stdout);
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const name of crawlers) costs.get(name)?.push(await run(name, origin + values.start));
  }
} finally {
  site.kill();
}

console.log(
  `crawler    pages   pages/s   CPU ms/page   peak MB   start CPU ms   (medians of ${values.rounds} rounds)`,
);
for (const [name, list] of costs) {
  const row = [
    median(list, (cost) => cost.pages),
    median(list, (cost) => (1_000 * cost.pages) / (cost.wallMs - cost.loadWallMs)),
    median(list, cpuPerPage),
    median(list, (cost) => cost.peakMb),
    median(list, (cost) => cost.loadCpuMs),
  ];
  console.log(
    name.padEnd(10),
    ...row.map((value, i) => value.toFixed(i === 0 ? 0 : 1).padStart([5, 9, 13, 9, 14][i] ?? 9)),
  );
}
const [ours, theirs] = [costs.get("forager"), costs.get("cheerio")];
if (ours && theirs) {
  const ratios = ours.map((cost, i) => cpuPerPage(cost) / cpuPerPage(theirs[i] as Cost));
  console.log(
    `CPU a page, Forager / Cheerio, round by round: ${ratios.map((ratio) => ratio.toFixed(3)).join(", ")}`,
  );
}

function cpuPerPage(cost: Cost): number {
  return (cost.cpuMs - cost.loadCpuMs) / cost.pages;
}

function median(list: readonly Cost[], of: (cost: Cost) => number): number {
  const sorted = list.map(of).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function run(name: string, url: string): Promise<Cost> {
  const folder = await mkdtemp(join(tmpdir(), "forager-bench-"));
  try {
    const child = spawn(
      process.execPath,
      [...(flags[name] ?? []), join(import.meta.dirname, "crawl", `${name}.ts`), url, values.pages, folder],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    return JSON.parse(await firstLine(child.stdout)) as Cost;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const piece of stream) {
    text += String(piece);
    if (text.includes("\n")) return text.slice(0, text.indexOf("\n"));
  }
  throw new Error(`A child ended without a line: ${text}`);
}
