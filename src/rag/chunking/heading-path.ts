import type { PageDocument } from "../../document.ts";
import { estimateTokens, fitTokens } from "../text/token-estimate.ts";

const separator = " > ";

/** Follows the headings of a page: which title and headings a place lies under, outermost first. */
export class HeadingTrail {
  readonly #title: string;
  #headings: readonly { readonly level: number; readonly text: string }[] = [];
  /** Made once a heading: every block below it asks. */
  #path: readonly string[];

  constructor(document: PageDocument) {
    this.#title = oneLine(document.title);
    this.#path = this.#title === "" ? [] : [this.#title];
  }

  enter(level: number, heading: string): void {
    const text = oneLine(heading);
    this.#headings = [...this.#headings.filter((outer) => outer.level < level), { level, text }];
    const path = this.#title === "" ? [] : [this.#title];
    for (const heading of this.#headings) {
      const before = path.at(-1)?.toLowerCase() ?? "";
      if (heading.text !== "" && !before.startsWith(heading.text.toLowerCase())) path.push(heading.text);
    }
    this.#path = path;
  }

  /** The title, then the headings; one that repeats what stands before it is left out. */
  get path(): readonly string[] {
    return this.#path;
  }
}

/** What a passage lies under. */
export interface Place {
  readonly path: readonly string[];
  /** True when it reaches over several sections, and `path` is what they share. */
  readonly isShared: boolean;
}

/** Where a passage lies that goes on at `path`: the deeper of the two on one line of descent, else what they share. */
export function extendPlace(place: Place, path: readonly string[]): Place {
  let shared = 0;
  while (shared < place.path.length && shared < path.length && place.path[shared] === path[shared]) shared++;
  if (shared < place.path.length) return { path: path.slice(0, shared), isShared: true };
  return place.isShared ? place : { path, isShared: false };
}

/** The path as text within `limit` tokens: inner parts go first, title and last heading stay, cut if need be. */
export function formatPath(path: readonly string[], limit: number): string {
  if (limit === 0) return "";
  const parts = [...path];
  while (parts.length > 2 && estimateTokens(parts.join(separator)) > limit) parts.splice(1, 1);
  const whole = parts.join(separator);
  if (estimateTokens(whole) <= limit) return whole;
  const each = (limit - (parts.length - 1)) / parts.length;
  return parts.map((part) => part.slice(0, fitTokens(part, 0, part.length, each)).trimEnd()).join(separator);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
