// Does embedding beside a crawl slow the crawl? Pages a second until the last page, with --embed all and --embed off, in turn.
//   node bench/embed-beside.ts [--folder DIR --start PATH] [--pages N] [--rounds N]
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { createForager } from "../src/index.ts";

const { values } = parseArgs({
  options: {
    folder: { type: "string" },
    start: { type: "string", default: "/" },
    pages: { type: "string", default: "300" },
    rounds: { type: "string", default: "3" },
  },
});

const site = spawn(
  process.execPath,
  [join(import.meta.dirname, "crawl", "site.ts"), values.folder ?? "", values.pages],
  {
    stdio: ["ignore", "pipe", "inherit"],
  },
);
try {
  const [origin] = await Array.fromAsync(firstLines(site.stdout, 1));
  const ratios: number[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const off = await pagesPerSecond(`${origin}${values.start}`, "off");
    const all = await pagesPerSecond(`${origin}${values.start}`, "all");
    ratios.push(all / off);
    console.log(
      `off ${off.toFixed(1)} pages/s   all ${all.toFixed(1)} pages/s   ratio ${(all / off).toFixed(2)}`,
    );
  }
  console.log(`median ratio ${ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)]?.toFixed(2)}`);
} finally {
  site.kill();
}

/** Stops at the last page: what is embedded after it is another matter. */
async function pagesPerSecond(url: string, embed: "off" | "all"): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), "forager-bench-"));
  const stop = new AbortController();
  let pages = 0;
  let endedAt = 0;
  try {
    await using forager = createForager({ dataDir });
    const startedAt = performance.now();
    forager.events.subscribe((event) => {
      if (event.type !== "page-stored") return;
      pages += 1;
      endedAt = performance.now();
      if (pages === Number(values.pages)) setImmediate(() => stop.abort());
    });
    await forager
      .crawl(url, { maxPages: Number(values.pages), embed }, stop.signal)
      .catch((error: unknown) => {
        if (!stop.signal.aborted) throw error;
      });
    return (1_000 * pages) / (endedAt - startedAt);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function* firstLines(stream: NodeJS.ReadableStream, count: number): AsyncGenerator<string> {
  let given = 0;
  for await (const line of createInterface({ input: stream })) {
    yield line;
    given += 1;
    if (given === count) return;
  }
}
