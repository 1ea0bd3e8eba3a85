import { z } from "zod";
import type { VerdictKind } from "../document.ts";
import { climbable } from "./escalate.ts";
import type { Lessons } from "./lessons.ts";
import { hostOf } from "./url.ts";

interface Template {
  /** Pages in a row that plain HTTP gave empty and a browser full. */
  wins: number;
  /** Pages since plain HTTP was last tried. */
  sinceProbe: number;
  /** Plain HTTP's page had nothing in it; what the browser makes of it decides. */
  isOpen: boolean;
}

/** Pages in a row before a template counts as one that needs a browser: one may be chance. */
const winsNeeded = 2;
/** Every so many pages plain HTTP gets another chance, since sites change. */
const probeEvery = 20;
const maxTemplates = 10_000;

const Lesson = z.strictObject({ wins: z.int().min(1).max(1e6) });

/**
 * Remembers which pages need a browser, by host and first path segment, from verdicts alone: trouble on the way never
 * reaches it, so a flaky server does not turn a plain site into an expensive one (crawlee-python#2096).
 */
export class TierMemory implements Lessons {
  readonly name = "tier";
  readonly #templates = new Map<string, Template>();
  /** Templates whose wins changed since they were last asked for. */
  readonly #changed = new Set<string>();

  /** True when the browser should go first. Counts the page towards the next look at plain HTTP. */
  startsRendering(url: string): boolean {
    const template = this.#templates.get(templateOf(url));
    if (template === undefined || template.wins < winsNeeded) return false;
    template.sinceProbe += 1;
    if (template.sinceProbe < probeEvery) return true;
    template.sinceProbe = 0;
    return false;
  }

  /** Takes in one tier's verdict on a page of this URL's template. */
  note(url: string, isRendering: boolean, verdict: VerdictKind): void {
    const key = templateOf(url);
    const template = this.#templates.get(key);
    if (!isRendering && verdict === "ok") this.#forget(key);
    else if (!isRendering && climbable.has(verdict)) this.#open(key, template);
    else if (isRendering && template?.isOpen === true) {
      template.wins = verdict === "ok" ? template.wins + 1 : 0;
      template.isOpen = false;
      // Beyond what is needed, more of the same is no news.
      if (template.wins <= winsNeeded) this.#changed.add(key);
    }
  }

  changed(): ReadonlyMap<string, unknown> {
    const lessons = new Map(
      Array.from(this.#changed, (key) => {
        const wins = this.#templates.get(key)?.wins ?? 0;
        return [key, wins > 0 ? { wins } : undefined] as const;
      }),
    );
    this.#changed.clear();
    return lessons;
  }

  restore(key: string, value: unknown): void {
    const lesson = Lesson.safeParse(value);
    if (!lesson.success || this.#templates.size >= maxTemplates) return;
    this.#templates.set(key, { wins: lesson.data.wins, sinceProbe: 0, isOpen: false });
  }

  #forget(key: string): void {
    if (this.#templates.delete(key)) this.#changed.add(key);
  }

  /** For room alone: what is kept of it still holds. */
  #dropOldest(): void {
    const [oldest = ""] = this.#templates.keys();
    this.#templates.delete(oldest);
    this.#changed.delete(oldest);
  }

  #open(key: string, template: Template | undefined): void {
    if (template !== undefined) {
      template.isOpen = true;
      return;
    }
    if (this.#templates.size >= maxTemplates) this.#dropOldest();
    this.#templates.set(key, { wins: 0, sinceProbe: 0, isOpen: true });
  }
}

function templateOf(url: string): string {
  const [, first = "", second] = new URL(url).pathname.split("/");
  // Pages at the top, `/about`, share one template; `/blog/...` is another.
  return `${hostOf(url)}/${second === undefined ? "" : first}`;
}
