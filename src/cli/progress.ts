import { Presets, SingleBar } from "cli-progress";
import type { EventStream, ForagerEvent } from "../events.ts";

/** Plain lines come this far apart where there is no terminal. */
const plainEveryMs = 5_000;
/** The rate shown is that of the last so many milliseconds; vectors come in batches, a second or more apart. */
const rateWindowMs = 10_000;

/** Shows a job on standard error: a live bar on a terminal, a line every few seconds otherwise. A view of the events. */
export function showProgress(
  events: EventStream,
  options: {
    readonly isTerminal: boolean;
    /** 0 where nothing is crawled. */
    readonly maxPages: number;
    readonly write: (text: string) => void;
  },
): Disposable {
  const progress = new Progress(options.maxPages);
  const bar = options.isTerminal
    ? new SingleBar(
        {
          format: "{bar} {line}",
          barsize: 20,
          hideCursor: true,
          fps: 5,
          stream: process.stderr,
          linewrap: false,
          clearOnComplete: true,
        },
        Presets.shades_classic,
      )
    : undefined;
  bar?.start(1, 0, { line: "" });
  let shownAt = Date.now();
  const unsubscribe = events.subscribe((event) => {
    progress.add(event, Date.now());
    if (event.type !== "queue-measured" && event.type !== "chunks-embedded") return;
    const { done, goal, line } = progress.view(Date.now());
    if (bar) {
      bar.setTotal(Math.max(1, goal));
      bar.update(done, { line });
    } else if (Date.now() - shownAt >= plainEveryMs) {
      shownAt = Date.now();
      options.write(`${line}\n`);
    }
  });
  return {
    [Symbol.dispose]() {
      unsubscribe();
      bar?.stop();
    },
  };
}

/** What has happened so far, and what is left: first pages, then vectors. */
export class Progress {
  readonly #maxPages: number;
  readonly #tiers = new Map<string, number>();
  readonly #pageRate = new Rate();
  readonly #vectorRate = new Rate();
  #queue = { done: 0, failed: 0, skipped: 0, ready: 0, inFlight: 0, toEmbed: 0 };
  #vectors = 0;

  constructor(maxPages: number) {
    this.#maxPages = maxPages;
  }

  add(event: ForagerEvent, now: number): void {
    switch (event.type) {
      case "page-stored":
        this.#tiers.set(event.tier, (this.#tiers.get(event.tier) ?? 0) + 1);
        this.#pageRate.add(1, now);
        break;
      case "queue-measured":
        this.#queue = event;
        break;
      case "chunks-embedded":
        this.#vectors += event.count;
        this.#vectorRate.add(event.count, now);
        this.#queue = { ...this.#queue, toEmbed: Math.max(0, this.#queue.toEmbed - event.count) };
        break;
      case "documents-fed":
      case "documents-compared":
      case "page-failed":
      case "page-skipped":
      case "run-started":
      case "run-finished":
      case "urls-found":
      case "page-retried":
      case "tier-tried":
      case "host-delayed":
      case "plan-started":
      case "node-ended":
      case "agent-failed":
      case "agent-started":
      case "agent-isolated":
      case "agent-replaced":
      case "pool-resized":
      case "pressure-changed":
        break;
    }
  }

  /** One line, the most wanted first, as a narrow terminal cuts its end; and how far the bar is. */
  view(now: number): { readonly done: number; readonly goal: number; readonly line: string } {
    const { done, failed, skipped, ready, inFlight, toEmbed } = this.#queue;
    const goal = Math.min(this.#maxPages, done + ready + inFlight);
    const vectorGoal = this.#vectors + toEmbed;
    const vectors = vectorGoal > 0 ? [`vectors ${this.#vectors}/${vectorGoal}`] : [];
    const lost = [`failed ${failed}`, `skipped ${skipped}`];
    if (done < goal || vectorGoal === 0) {
      const rate = this.#pageRate.perSecond(now);
      const tiers = [...this.#tiers].map(([tier, count]) => `${tier} ${count}`);
      const head = [`${done}/${goal} pages`, ...left(goal - done, rate), `${rate.toFixed(1)}/s`];
      return { done, goal, line: [...head, `queue ${ready}`, ...lost, ...tiers, ...vectors].join("  ") };
    }
    const rate = this.#vectorRate.perSecond(now);
    const pages = goal > 0 ? [`${done} pages`, ...lost] : [];
    const head = [`${this.#vectors}/${vectorGoal} vectors`, ...left(toEmbed, rate), `${rate.toFixed(1)}/s`];
    return { done: this.#vectors, goal: vectorGoal, line: [...head, ...pages].join("  ") };
  }
}

/** How many a second, lately. */
class Rate {
  readonly #recent: { readonly at: number; readonly count: number }[] = [];
  #since: number | undefined;

  add(count: number, now: number): void {
    this.#since ??= now;
    this.#recent.push({ at: now, count });
  }

  perSecond(now: number): number {
    this.#since ??= now;
    const from = now - rateWindowMs;
    while ((this.#recent[0]?.at ?? from) < from) this.#recent.shift();
    const sum = this.#recent.reduce((total, { count }) => total + count, 0);
    const elapsedMs = Math.min(rateWindowMs, now - this.#since);
    return sum / (Math.max(1_000, elapsedMs) / 1_000);
  }
}

function left(count: number, perSecond: number): string[] {
  return perSecond > 0 && count > 0 ? [`${duration(Math.max(1_000, (count / perSecond) * 1_000))} left`] : [];
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
