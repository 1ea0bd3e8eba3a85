// Does coordination keep its promises, and what does it cost? One run prints every figure beside its target and its gate.
//   node bench/coordination.ts [--only bus,tasks] [--rounds N] [--json]
// Each section runs in a fresh process. With more rounds than one the best counts, and the worst is shown beside it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { z } from "zod";
import { type Readings, type Row, type RowId, peers, rows } from "./coordination/rows.ts";
import { type SectionName, sectionNames } from "./coordination/sections.ts";
import { used } from "./crawl/cost.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: sectionNames.join(",") },
    rounds: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const chosen = sectionNames.filter((name) => values.only.split(",").includes(name));

const SectionReport = z.object({
  readings: z.record(z.string(), z.number()),
  cpuMs: z.number(),
  peakMb: z.number(),
});
type SectionReport = z.infer<typeof SectionReport>;

const reports: SectionReport[] = [];
for (let round = 0; round < Number(values.rounds); round += 1) {
  for (const name of chosen) {
    if (!values.json) process.stderr.write(`${name} ... `);
    reports.push(await measure(name));
  }
}
if (!values.json) process.stderr.write("\n");

const ids = Object.keys(rows) as RowId[];
const lines = ids.flatMap((id) => {
  const row: Row = rows[id];
  const found = reports.flatMap(({ readings }) => (readings as Readings)[id] ?? []);
  if (found.length === 0) return [];
  const sorted = found.toSorted((left, right) => (row.better === "more" ? right - left : left - right));
  const [best = Number.NaN] = sorted;
  const worst = sorted.at(-1) ?? best;
  return [
    {
      id,
      row,
      best,
      worst,
      isReached: reaches(row, best, row.gate),
      isOnTarget: reaches(row, best, row.target),
    },
  ];
});
const best = new Map(lines.map((line) => [line.id, line.best]));
const ratios = Object.entries(peers).flatMap(([id, peer]) => {
  const [own, other] = [best.get(id as RowId), best.get(peer)];
  return own === undefined || other === undefined ? [] : [{ id: id as RowId, peer, ratio: own / other }];
});
const whole = {
  wallMs: used().wallMs,
  cpuMs: cpuOfAll() ?? reports.reduce((sum, { cpuMs }) => sum + cpuMs, used().cpuMs),
  peakMb: Math.max(...reports.map(({ peakMb }) => peakMb)),
};
const machine = `${cpus()[0]?.model ?? "unknown"}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
const missed = lines.filter(({ isReached }) => isReached === false);

if (values.json) printJson();
else printTable();
if (missed.length > 0) process.exitCode = 1;

function printTable(): void {
  console.log(`${new Date().toISOString().slice(0, 10)}, ${machine}, rounds: ${values.rounds}`);
  console.log(cells("", "measured", "worst", "target", "gate", ""));
  for (const { row, best: value, worst, isReached, isOnTarget } of lines) {
    const verdict = isReached === false ? "MISSED" : isOnTarget ? "ok, target" : isReached ? "ok" : "";
    console.log(
      cells(
        row.name,
        show(value, row),
        show(worst, row),
        show(row.target, row),
        show(row.gate, row),
        verdict,
      ),
    );
  }
  for (const { id, peer, ratio } of ratios)
    console.log(`${rows[id].name} / ${rows[peer].name}: ${ratio.toPrecision(2)}`);
  console.log(
    `all processes: ${(whole.wallMs / 1_000).toFixed(0)} s, ${(whole.cpuMs / 1_000).toFixed(1)} s of CPU, peak ${whole.peakMb} MB in one process`,
  );
  console.log(`${missed.length} of ${lines.filter(({ row }) => row.gate !== undefined).length} gates missed`);
}

function cells(name: string, ...rest: readonly string[]): string {
  return name.padEnd(57) + rest.map((each) => each.padStart(14)).join("");
}

function printJson(): void {
  const figures = lines.map(({ id, row, best: measured, worst, isReached, isOnTarget }) => {
    return { id, ...row, measured, worst, isReached, isOnTarget };
  });
  console.log(
    JSON.stringify({
      at: new Date().toISOString(),
      machine,
      rounds: Number(values.rounds),
      rows: figures,
      ratios,
      ...whole,
    }),
  );
}

/** Undefined where nothing is asked. */
function reaches(row: Row, value: number, bound: number | undefined): boolean | undefined {
  if (bound === undefined) return undefined;
  return row.better === "more" ? value >= bound : value <= bound;
}

function show(value: number | undefined, { unit }: Row): string {
  if (value === undefined) return "";
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 0.1 ? 2 : 4;
  const number = value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return unit === "waiting" ? number : `${number}${unit === "/s" ? "" : " "}${unit}`;
}

async function measure(name: SectionName): Promise<SectionReport> {
  const file = join(import.meta.dirname, "coordination", "measure-section.ts");
  const child = spawn(process.execPath, [file, name], { stdio: ["ignore", "pipe", "inherit"] });
  // Its CPU time counts from when it has been waited for.
  const [printed] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (printed === "") throw new Error(`The section ${name} ended without a result.`);
  return SectionReport.parse(JSON.parse(printed));
}

/** CPU time of this process and of all it has waited for, theirs too, in milliseconds; undefined where the system does not tell it. */
function cpuOfAll(): number | undefined {
  try {
    // proc(5): utime, stime, cutime and cstime are fields 14 to 17, in hundredths of a second on Linux.
    const stat = readFileSync("/proc/self/stat", "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields.slice(11, 15).reduce((sum, field) => sum + Number(field) * 10, 0);
  } catch {
    return undefined; // no /proc on this system
  }
}
