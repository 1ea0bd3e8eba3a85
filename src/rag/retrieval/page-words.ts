/** A word of some passages. */
export interface PageWord {
  /** As it stands there first. */
  readonly written: string;
  /** As it stands there first with a capital, where it does. */
  readonly name: string | undefined;
  /** How many of the passages have it. */
  readonly passages: number;
}

const wordPattern = /[\p{L}\p{M}\p{N}]+/gu;
const latin = "abcdefghijklmnopqrstuvwxyz";
/** What may part the two halves of a word on a page. */
const joint = /^[ \-_]$/u;

/** The words of some passages, by which those of a question are judged. */
export class PageWords {
  #alphabet: ReadonlySet<string> | undefined;
  readonly #words = new Map<string, PageWord>();
  readonly #pairs = new Map<string, PageWord>();
  readonly #apart = new Set<string>();

  /** @param joined Two words beside one another are of interest where they make one of these. */
  constructor(texts: readonly string[], joined: ReadonlySet<string>) {
    for (const text of texts) this.#read(text, joined);
  }

  /** Each in small letters. */
  get words(): ReadonlyMap<string, PageWord> {
    return this.#words;
  }

  /** Two words that make these in one: "thread-safe" for "threadsafe". */
  get pairs(): ReadonlyMap<string, PageWord> {
    return this.#pairs;
  }

  /** Whether a word stands somewhere by itself, and not only inside a name, as in DEFAULT_MAXSIZE. */
  standsApart(word: string): boolean {
    return this.#apart.has(word);
  }

  /** The letters that words are made of. */
  get alphabet(): ReadonlySet<string> {
    this.#alphabet ??= new Set(`${latin}${[...this.#words.keys()].join("")}`.match(/\p{L}/gu));
    return this.#alphabet;
  }

  #read(text: string, joined: ReadonlySet<string>): void {
    const seen = new Set<PageWord>();
    const count = (words: Map<string, PageWord>, key: string, written: string): void => {
      const held = words.get(key);
      if (held && seen.has(held)) return;
      const name = held?.name ?? (/\p{Lu}/u.test(written) ? written : undefined);
      const word = { written: held?.written ?? written, name, passages: (held?.passages ?? 0) + 1 };
      words.set(key, word);
      seen.add(word);
    };
    let before = { text: "", start: 0, end: 0 };
    for (const { 0: written, index: start } of text.matchAll(wordPattern)) {
      const word = { text: written.toLowerCase(), start, end: start + written.length };
      count(this.#words, word.text, written);
      if (text[start - 1] !== "_" && text[word.end] !== "_") this.#apart.add(word.text);
      const both = before.text + word.text;
      if (before.text !== "" && joined.has(both) && joint.test(text.slice(before.end, start)))
        count(this.#pairs, both, text.slice(before.start, word.end));
      before = word;
    }
  }
}
