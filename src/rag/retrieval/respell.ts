import { stopWords } from "../text/stop-words.ts";
import { askedPairs, type AskedPair, type AskedWord, askedWords, type Doubt } from "./asked-words.ts";
import { nearestBeyond, nearestWord } from "./nearest-word.ts";
import { PageWords } from "./page-words.ts";
import { oneSlipFrom } from "./slips.ts";

/** A word of a question, and what it was taken for. */
export interface Correction {
  /** As it was asked. */
  readonly written: string;
  /** As the pages write it. */
  readonly read: string;
  /** Whether it was misspelt, and so no page has it, or only joined or parted otherwise. */
  readonly kind: "spelling" | "joining";
}

/** Each takes up to 20 ms, in which nothing else runs; a question of more such words is no misspelt one. */
const mostUnknown = 8;

/** The chance that a misspelt word was taken for the right one: .98 of 617 slips of the keys, fewer where nothing was misspelt. */
const spellingTrust = 0.9;

/** The chance that a question was read as it was meant. */
export function trustInReading(corrections: readonly Correction[] = []): number {
  return spellingTrust ** corrections.filter(({ kind }) => kind === "spelling").length;
}

/** A question as the pages would write it. */
export interface Respelt {
  readonly text: string;
  /** In their order, one at least. */
  readonly corrections: readonly Correction[];
}

/** What is known of words beside the passages found. */
export interface KnownWords {
  /** Which of some terms the index has. */
  readonly lookUp: (terms: readonly number[]) => Promise<ReadonlySet<number>>;
  /** Whether a word is spelt rightly, as far as anything can tell. */
  readonly isWord: (word: string) => Promise<boolean>;
}

/** What a word, or two up to `until`, was taken for. */
interface Reading extends Omit<Correction, "written"> {
  readonly until: number;
}

/** A question's words that may be written otherwise on the pages: misspelt, joined, or parted. */
export class Respelling {
  readonly #question: string;
  readonly #words: readonly AskedWord[];
  readonly #pairs: readonly AskedPair[];
  readonly #knownWords: KnownWords;
  #known: ReadonlySet<number> = new Set();
  /** Whether what the index does not have may be misspelt. */
  #isTyped = true;

  constructor(question: string, knownWords: KnownWords) {
    this.#question = question;
    this.#words = askedWords(question);
    this.#pairs = askedPairs(question, this.#words);
    this.#knownWords = knownWords;
  }

  /** Whether there is a word that the index does not have, or has as one where the question has two. */
  async isWorthATry(): Promise<boolean> {
    const own = this.#words.flatMap(({ term }) => term ?? []);
    const joined = this.#pairs.map(({ term }) => term);
    if (own.length === 0) return false;
    this.#known = await this.#knownWords.lookUp([...own, ...joined]);
    const isUnknown = ({ term, doubt }: AskedWord) =>
      doubt.kind !== "none" && term !== undefined && !this.#known.has(term);
    this.#isTyped = this.#words.filter(isUnknown).length <= mostUnknown;
    return own.some((term) => !this.#known.has(term)) || joined.some((term) => this.#known.has(term));
  }

  /** The question as these passages write it, best first, where that is otherwise. */
  async by(texts: readonly string[]): Promise<Respelt | undefined> {
    const own = [...this.#words.map(({ text }) => text), ...this.#pairs.map(({ joined }) => joined)];
    const pages = new PageWords(texts, new Set(own.flatMap(inEitherNumber)));
    const corrections: Correction[] = [];
    let text = "";
    let end = 0;
    for (const word of this.#words) {
      if (word.start < end) continue;
      const reading = this.#join(word, pages) ?? (await this.#respell(word, pages));
      if (!reading) continue;
      const { until, read, kind } = reading;
      corrections.push({ written: this.#question.slice(word.start, until), read, kind });
      text += this.#question.slice(end, word.start) + read;
      end = until;
    }
    return corrections.length > 0 ? { text: text + this.#question.slice(end), corrections } : undefined;
  }

  /** "keep alive" where the pages know "keepalive" alone. */
  #join(word: AskedWord, pages: PageWords): Reading | undefined {
    const pair = this.#pairs.find(({ first }) => first === word);
    if (!pair || !this.#known.has(pair.term)) return undefined;
    const isParted = inEitherNumber(pair.joined).some((text) => pages.pairs.has(text));
    const page = isParted || !pages.standsApart(pair.joined) ? undefined : pages.words.get(pair.joined);
    return page && { until: pair.second.end, read: page.written, kind: "joining" };
  }

  /** A word that the index does not have, as the pages write it: parted, or, where it is none, by the fewest slips, in as many passages as can be. */
  async #respell(
    { text, end: until, term, doubt }: AskedWord,
    pages: PageWords,
  ): Promise<Reading | undefined> {
    if (term === undefined || this.#known.has(term)) return undefined;
    const parted = inEitherNumber(text).flatMap((one) => pages.pairs.get(one) ?? []);
    if (parted[0]) return { until, read: parted[0].written, kind: "joining" };
    const read = await this.#nearest(text, doubt, pages);
    return read === undefined ? undefined : { until, read, kind: "spelling" };
  }

  async #nearest(text: string, doubt: Doubt, pages: PageWords): Promise<string | undefined> {
    if (doubt.kind === "none" || !this.#isTyped) return undefined;
    if (doubt.kind === "little") return littleWord(text);
    const { isWord, lookUp } = this.#knownWords;
    const sought = { text, doubt };
    const near = nearestWord(sought, pages);
    // What a right word names is not there; what a near one names is something else.
    if (await isWord(text)) return near && isSameWord(text, near.toLowerCase()) ? near : undefined;
    return near ?? (await nearestBeyond(sought, pages.alphabet, lookUp));
  }
}

/** Whether two words are one as the British and the Americans spell it. */
function isSameWord(one: string, other: string): boolean {
  return asInAmerica(one) === asInAmerica(other);
}

function asInAmerica(word: string): string {
  return word
    .replace(/our/u, "or")
    .replace(/([iy])s(?=e|ing|ation)/u, "$1z")
    .replace(/tre(?=s?$)/u, "ter")
    .replace(/ll(?=ed|ing|er)/u, "l")
    .replace(/ogue/u, "og")
    .replace(/grey/u, "gray")
    .replace(/([ef])ence/u, "$1ense")
    .replace(/s$/u, "");
}

/** As it stands, then with or without the s of the plural. */
function inEitherNumber(word: string): string[] {
  return [word, word.endsWith("s") ? word.slice(0, -1) : `${word}s`];
}

/** "waht", "teh": two letters of a stop word changed about. */
function littleWord(text: string): string | undefined {
  return [...oneSlipFrom(text, [])].find((word) => word.length === text.length && stopWords.has(word));
}
