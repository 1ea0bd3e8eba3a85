import type { Grades } from "./ranking-metrics.ts";

/**
 * Which indexed pages the documents of a qrels file are. A name with a scheme is a URL and stands for the page with the
 * same normalised one. Any other is the end of a URL, from a slash on: `guide/setup.html`, or `setup` for a page
 * `setup.html`. Where it fits several pages, any of them is that document, and it counts once.
 */
export class DocumentNames {
  readonly #keyOf: (url: string) => string;
  /** The pages of each name. */
  readonly #pages = new Map<string, Set<string>>();
  /** Names by what a URL, or the end of one, must be. */
  readonly #wanted = new Map<string, string[]>();

  /**
   * @param names Of all qrels.
   * @param keyOf Equal for two URLs of one page.
   */
  constructor(names: Iterable<string>, keyOf: (url: string) => string) {
    this.#keyOf = keyOf;
    for (const name of new Set(names)) {
      this.#pages.set(name, new Set());
      const wanted = isUrl(name) ? keyOf(name) : name.replace(/^(?:\.?\/)+/, "");
      this.#wanted.set(wanted, [...(this.#wanted.get(wanted) ?? []), name]);
    }
  }

  /** Takes note of an indexed page; to be told of all of them before anything is aligned. */
  add(url: string): void {
    const key = this.#keyOf(url);
    for (const form of [key, ...endsOf(key)])
      for (const name of this.#wanted.get(form) ?? []) this.#pages.get(name)?.add(key);
  }

  /** Names that fit no indexed page. */
  get missing(): string[] {
    return [...this.#pages].filter(([, pages]) => pages.size === 0).map(([name]) => name);
  }

  /** Names that fit several. */
  get ambiguous(): string[] {
    return [...this.#pages].filter(([, pages]) => pages.size > 1).map(([name]) => name);
  }

  /** The ranking and the grades of one query in common names, so that they can be held against each other. */
  align(urls: readonly string[], grades: Grades): { readonly ranking: string[]; readonly grades: Grades } {
    const documentOf = new Map<string, string>();
    const aligned = new Map<string, number>();
    for (const [name, grade] of grades) {
      const pages = [...(this.#pages.get(name) ?? [])];
      // Two names of one page are one document, with the higher grade.
      const same = pages.map((page) => documentOf.get(page)).find((known) => known !== undefined);
      const document = same ?? name;
      aligned.set(document, Math.max(grade, aligned.get(document) ?? Number.NEGATIVE_INFINITY));
      for (const page of pages) documentOf.set(page, document);
    }
    const ranking = urls.map((url) => {
      const key = this.#keyOf(url);
      return documentOf.get(key) ?? `page ${key}`;
    });
    return { ranking, grades: aligned };
  }
}

function isUrl(name: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(name);
}

/** `https://host/a/b.html` ends in `b.html`, `b`, `a/b.html`, `a/b`, `host/a/b.html` and `host/a/b`. */
function endsOf(key: string): string[] {
  const segments = key.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "").split("/");
  return segments.flatMap((_, index) => {
    const end = segments.slice(index).join("/");
    const bare = end.replace(/\.html?$/i, "");
    return end === bare ? [end] : [end, bare];
  });
}
