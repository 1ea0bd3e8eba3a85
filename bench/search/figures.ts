import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";

/** One measured thing: a number, or several of one kind such as p50 and p95. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly values: readonly number[];
}

/** p50 and p95 of `count` calls, one after another, the first of all left out: it loads what the others find in memory. */
export async function latency(what: string, count: number, run: (at: number) => unknown): Promise<Figure> {
  await run(0);
  const times: number[] = [];
  for (let at = 0; at < count; at++) {
    const started = performance.now();
    await run(at);
    times.push(performance.now() - started);
  }
  return { what, unit: "ms", values: quantiles(times) };
}

/** Calls a second of so many callers, each of which asks again once it is answered; and how long an answer took them. */
export async function throughput(
  what: string,
  callers: number,
  count: number,
  run: (at: number) => Promise<unknown>,
): Promise<Figure[]> {
  await Promise.all(Array.from({ length: callers }, (_, at) => run(at)));
  const times: number[] = [];
  let next = 0;
  const started = performance.now();
  const caller = async (): Promise<void> => {
    while (next < count) {
      const at = next++;
      const asked = performance.now();
      await setImmediate(); // a request comes from the event loop
      await run(at);
      times.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const perSecond = (1_000 * count) / (performance.now() - started);
  return [
    { what: `${what}: queries`, unit: "/s", values: [perSecond] },
    { what: `${what}: until answered`, unit: "ms", values: quantiles(times) },
  ];
}

function quantiles(times: readonly number[]): [number, number] {
  const sorted = times.toSorted((left, right) => left - right);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return [at(0.5), at(0.95)];
}

/** Memory of this process in MB: its own, and pages of files mapped into it, which the system may take back. Linux. */
export function memory(what: string): Figure {
  const status = readFileSync("/proc/self/status", "utf8");
  const kilobytes = (field: string) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
  return { what, unit: "MB", values: [kilobytes("RssAnon") / 1_000, kilobytes("RssFile") / 1_000] };
}

/** A table: a row a figure, a column a size, and at the end by how much the last column is more than the one before. */
export function table(columns: readonly string[], figures: readonly (readonly Figure[])[]): string {
  const names = [...new Set(figures.flatMap((column) => column.map(({ what }) => what)))];
  const rows = names.map((name) => {
    const cells = figures.map((column) => column.find(({ what }) => what === name));
    const [before, last] = cells.slice(-2).map((cell) => cell?.values[0]);
    const growth = before && last && cells.length > 1 ? `x ${round(last / before)}` : "";
    const unit = cells.find((cell) => cell)?.unit ?? "";
    return [name, ...cells.map((cell) => cell?.values.map(round).join(" / ") ?? ""), unit, growth];
  });
  const lines = [["", ...columns, "", columns.length > 1 ? "growth" : ""], ...rows];
  const widths = (lines[0] ?? []).map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Three digits that matter. */
function round(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}
