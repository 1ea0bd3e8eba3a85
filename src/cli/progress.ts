import { Presets, SingleBar } from "cli-progress";
import type { EventStream, ForagerEvent } from "../events.ts";

/** Plain lines come this far apart where there is no terminal. */
const plainEveryMs = 5_000;
/** The rate shown is that of the last so many milliseconds. */
const rateWindowMs = 5_000;

/** Shows a crawl on standard error: a live bar on a terminal, a line every few seconds otherwise. A view of the events. */
export function showProgress(
  events: EventStream,
  options: {
    readonly isTerminal: boolean;
    readonly maxPages: number;
    readonly write: (text: string) => void;
  },
): Disposable {
  const counts = new ProgressCounts();
  const bar = options.isTerminal
    ? new SingleBar(
        {
          format: "{bar} {pages}/{goal} pages  {line}",
          hideCursor: true,
          fps: 5,
          stream: process.stderr,
          linewrap: false,
          clearOnComplete: true,
        },
        Presets.shades_classic,
      )
    : undefined;
  bar?.start(options.maxPages, 0, { pages: 0, goal: options.maxPages, line: "" });
  let shownAt = Date.now();
  const unsubscribe = events.subscribe((event) => {
    counts.add(event);
    if (event.type !== "queue-measured" && event.type !== "run-finished") return;
    const goal = Math.min(options.maxPages, counts.pages + counts.ready + counts.inFlight);
    if (bar) {
      bar.setTotal(Math.max(1, goal));
      bar.update(counts.pages, { pages: counts.pages, goal, line: counts.line() });
    } else if (Date.now() - shownAt >= plainEveryMs) {
      shownAt = Date.now();
      options.write(`${counts.pages} pages  ${counts.line()}\n`);
    }
  });
  return {
    [Symbol.dispose]() {
      unsubscribe();
      bar?.stop();
    },
  };
}

/** Counts of what has happened so far. */
export class ProgressCounts {
  pages = 0;
  failed = 0;
  skipped = 0;
  ready = 0;
  inFlight = 0;
  #embedded = 0;
  #toEmbed = 0;
  readonly #tiers = new Map<string, number>();
  readonly #recent: number[] = [];

  add(event: ForagerEvent): void {
    switch (event.type) {
      case "page-stored":
        this.pages += 1;
        this.#tiers.set(event.tier, (this.#tiers.get(event.tier) ?? 0) + 1);
        this.#recent.push(Date.now());
        break;
      case "page-failed":
        this.failed += 1;
        break;
      case "page-skipped":
        this.skipped += 1;
        break;
      case "queue-measured":
        this.ready = event.ready;
        this.inFlight = event.inFlight;
        this.#toEmbed = event.toEmbed;
        break;
      case "chunks-embedded":
        this.#embedded = event.embedded;
        this.#toEmbed = event.total - event.embedded;
        break;
      case "run-started":
      case "run-finished":
      case "urls-found":
      case "page-retried":
      case "tier-tried":
      case "host-delayed":
      case "agent-failed":
        break;
    }
  }

  /** One line: rate, queue, tiers, failures, embedding, time left. */
  line(): string {
    const rate = this.#rate();
    const tiers = [...this.#tiers].map(([tier, count]) => `${tier} ${count}`).join(", ");
    const left =
      rate > 0 && this.ready > 0 ? `  about ${duration((this.ready / rate) * 1_000)} for what is known` : "";
    return `${rate.toFixed(1)}/s  queue ${this.ready}  ${tiers || "no page yet"}  failed ${this.failed}, skipped ${this.skipped}  vectors ${this.#embedded}, to embed ${this.#toEmbed}${left}`;
  }

  #rate(): number {
    const since = Date.now() - rateWindowMs;
    while ((this.#recent[0] ?? since) < since) this.#recent.shift();
    return this.#recent.length / (rateWindowMs / 1_000);
  }
}

/** `95000` as `1 min 35 s`. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1_000);
  if (seconds < 1) return `${Math.round(milliseconds)} ms`;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
