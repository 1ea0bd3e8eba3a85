import { z } from "zod";
import type { FrontierCounts } from "../coordination/frontier.ts";
import type { Memory } from "../coordination/memory.ts";

/** The rate is that of the last so long. */
const windowMs = 20_000;
/** Written so often, and believed for so long after. */
const writeEveryMs = 2_000;
const believedMs = 10_000;

const CrawlProgress = z.object({
  /** Pages that ended, well or not. */
  pagesPerSecond: z.number(),
  /** Until the known URLs are done or the page limit is reached; more may be found. Undefined before anything was measured. */
  leftMs: z.number().optional(),
});
/** How a crawl goes, for others to see. */
export type CrawlProgress = z.output<typeof CrawlProgress>;

/** Measures how fast a run goes, and keeps it where `forager status` looks. */
export class CrawlPace {
  readonly #memory: Memory;
  readonly #key: string;
  readonly #maxPages: number;
  readonly #samples: { readonly at: number; readonly ended: number }[] = [];
  #writtenAt = 0;

  constructor(memory: Memory, options: { readonly run: number; readonly maxPages: number }) {
    this.#memory = memory;
    this.#key = keyOf(options.run);
    this.#maxPages = options.maxPages;
  }

  /** Takes in the counts as they are now. */
  async note(counts: FrontierCounts, now: number): Promise<void> {
    this.#samples.push({ at: now, ended: counts.done + counts.failed + counts.skipped });
    while ((this.#samples[0]?.at ?? now) < now - windowMs) this.#samples.shift();
    if (now - this.#writtenAt < writeEveryMs) return;
    this.#writtenAt = now;
    await this.#memory.put(this.#key, this.#measure(counts), { ttlMs: believedMs });
  }

  #measure(counts: FrontierCounts): CrawlProgress {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    const elapsedMs = first && last ? last.at - first.at : 0;
    if (!first || !last || elapsedMs === 0) return { pagesPerSecond: 0 };
    const pagesPerSecond = ((last.ended - first.ended) / elapsedMs) * 1_000;
    const left = Math.min(this.#maxPages - counts.done, counts.ready + counts.leased);
    return pagesPerSecond === 0
      ? { pagesPerSecond }
      : { pagesPerSecond, leftMs: Math.round((left / pagesPerSecond) * 1_000) };
  }
}

/** What the process that runs it wrote last; undefined when that is long ago. */
export async function readProgress(memory: Memory, run: number): Promise<CrawlProgress | undefined> {
  return CrawlProgress.safeParse((await memory.get(keyOf(run)))?.value).data;
}

function keyOf(run: number): string {
  return `run/${run}/progress`;
}
