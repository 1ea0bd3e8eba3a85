import { readAddress } from "../agents/planner.ts";
import type { EventStream, ForagerEvent } from "../events.ts";

/** Start addresses that gave no page are named one by one, up to so many. */
const mostNamed = 5;

/** What a person should know of a crawl's failures, gathered as it goes: start addresses that gave nothing, and a browser that is missing. */
export class CrawlNotes implements Disposable {
  readonly #seeds: ReadonlyMap<string, string>;
  readonly #failedSeeds: string[] = [];
  readonly #unsubscribe: () => void;
  #hasStarted = false;
  #lost = 0;
  #withoutBrowser = 0;
  #browserDetail = "";

  constructor(events: EventStream, seeds: readonly string[]) {
    this.#seeds = new Map(seeds.map((seed) => [readAddress(seed).url, seed]));
    this.#unsubscribe = events.subscribe((event) => this.#add(event));
  }

  /** True once the run is under way, so that what the folder says of it is this crawl's. */
  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  /** A line each, for the end. */
  lines(): string[] {
    const notes = this.#failedSeeds.slice(0, mostNamed);
    const more = this.#failedSeeds.length - notes.length;
    if (more > 0) notes.push(`${more} more start addresses gave no page.`);
    if (this.#withoutBrowser > 0) {
      const [pages, need] = this.#withoutBrowser === 1 ? ["page", "needs"] : ["pages", "need"];
      notes.push(`${this.#withoutBrowser} ${pages} ${need} a browser: ${this.#browserDetail}`);
    }
    if (this.#lost > 0) notes.push("`forager export --include-failed` lists each address with its reason.");
    return notes;
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
  }

  #add(event: ForagerEvent): void {
    if (event.type === "run-started") this.#hasStarted = true;
    if (event.type !== "page-failed" && event.type !== "page-skipped") return;
    if (event.type === "page-failed") this.#lost += 1;
    if (event.reason === "needs browser") {
      this.#withoutBrowser += 1;
      this.#browserDetail ||= event.detail;
    } else if (this.#seeds.has(event.url) && event.reason !== "duplicate") {
      this.#failedSeeds.push(`${event.url}: ${event.reason}: ${event.detail}`);
    }
  }
}
