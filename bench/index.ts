// How fast are pages indexed with the local embedder, what does each stage cost, and what of the bare runtime's speed is kept?
//   node bench/index.ts [--folder DIR] [--pages 25] [--threads 2] [--rounds 3]
// Each way runs in a process of its own, turn about; medians of the rounds.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { textsOfPages, values } from "./index/pages.ts";
import type { Report } from "./index/stages.ts";

const ways = {
  forager: "Forager",
  threads: "the runtime, a thread each",
  loop: "a plain loop, as it comes",
  single: "a plain loop, one thread",
} as const;
type Way = keyof typeof ways;
/** As Forager is started. */
const flag = "--max-semi-space-size=8";

const folder = mkdtempSync(join(tmpdir(), "forager-bench-"));
try {
  const texts = join(folder, "texts.json");
  writeFileSync(texts, JSON.stringify(await textsOfPages()));
  const names = Object.keys(ways) as Way[];
  const runs: Record<Way, Report[]> = { forager: [], threads: [], loop: [], single: [] };
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const way of names) runs[way].push(run(way, texts));
  }
  show(runs);
} finally {
  rmSync(folder, { recursive: true });
}

function run(way: Way, texts: string): Report {
  const file = way === "forager" ? "forager.ts" : "runtime.ts";
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      flag,
      join(import.meta.dirname, "index", file),
      ...process.argv.slice(2),
      "--texts",
      texts,
      "--way",
      way,
    ],
    { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
  );
  if (status !== 0) throw new Error(`${file} ended with ${status}`);
  return JSON.parse(stdout) as Report;
}

function show(runs: Readonly<Record<Way, readonly Report[]>>): void {
  console.log(
    `${values.pages} pages, ${runs.forager[0]?.chunks} chunks, ${values.rounds} rounds, load average ${loadavg()[0]?.toFixed(1)}`,
  );
  console.log(row(["embedding", "chunks/s", "CPU ms/chunk", "peak MB"]));
  for (const way of Object.keys(ways) as Way[]) {
    const of = (value: (report: Report) => number) => median(runs[way].map(value)).toFixed(1);
    console.log(row([ways[way], of(speed), of(cpu("embedding")), of(({ peakMb }) => peakMb)]));
  }
  const shares = (way: Way) =>
    runs.forager.map((own, round) => {
      const other = runs[way][round];
      return other ? `${((100 * speed(own)) / speed(other)).toFixed(0)} %` : "";
    });
  console.log(`speed kept of the runtime's: ${shares("threads").join(", ")}`);
  const [own, bare] = [runs.forager, runs.threads].map((reports) => median(reports.map(cpu("embedding"))));
  console.log(`CPU to the runtime's: ${((100 * (own ?? 0)) / (bare ?? 0)).toFixed(0)} %`);
  console.log(
    `speed to the plain loop's: ${shares("loop").join(", ")}; to one thread's: ${shares("single").join(", ")}`,
  );
  const stages = Object.keys(runs.forager[0]?.stages ?? {});
  const costs = stages.map((stage) => `${stage} ${median(runs.forager.map(cpu(stage))).toFixed(2)}`);
  console.log(`CPU ms/chunk by stage: ${costs.join(", ")}`);
  const all = runs.forager.map(
    ({ chunks, stages }) =>
      (1_000 * chunks) / Object.values(stages).reduce((sum, { wallMs }) => sum + wallMs, 0),
  );
  console.log(`all stages one after another: ${median(all).toFixed(1)} chunks/s`);
}

/** Chunks a second, of embedding alone. */
function speed({ chunks, stages }: Report): number {
  return (1_000 * chunks) / (stages["embedding"]?.wallMs ?? 0);
}

function cpu(stage: string): (report: Report) => number {
  return ({ chunks, stages }) => (stages[stage]?.cpuMs ?? 0) / chunks;
}

function row([name = "", ...cells]: readonly string[]): string {
  return name.padEnd(28) + cells.map((cell) => cell.padStart(14)).join("");
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? 0;
}
