import { analyzeQuery, termsOf } from "./analyzer.ts";
import type { ChunkStore, TermCounts } from "./chunk-store.ts";

/** A question's words with their weights: what coverage is measured against. */
export class Question {
  readonly text: string;
  readonly #idf: ReadonlyMap<number, number>;
  readonly #total: number;

  /** @param weights idf of each of `terms`, in their order. */
  constructor(text: string, terms: TermCounts, weights: Float64Array) {
    this.text = text;
    this.#idf = new Map([...terms.ids].map((id, index) => [id, weights[index] ?? 0]));
    this.#total = weights.reduce((sum, weight) => sum + weight, 0);
  }

  /** With its words weighed by what is indexed. */
  static async weigh(text: string, store: Pick<ChunkStore, "idf">, signal?: AbortSignal): Promise<Question> {
    const terms = analyzeQuery(text);
    return new Question(text, terms, await store.idf(terms, signal));
  }

  /** The question's terms that a text holds. */
  termsIn(text: string): Set<number> {
    return new Set(termsOf(text).filter((term) => this.#idf.has(term)));
  }

  /** Share of the question's idf weight that these terms have, 0 to 1. */
  coverage(terms: ReadonlySet<number>): number {
    let covered = 0;
    for (const term of terms) covered += this.#idf.get(term) ?? 0;
    return this.#total > 0 ? covered / this.#total : 0;
  }

  /** Whether it asks for a number, a size, a default: what pages tend to keep in tables. */
  get asksForValue(): boolean {
    return valueQuestion.test(this.text);
  }

  /** Whether a text gives the value that is asked for: a default may be a word, everything else is a number. */
  givesValue(text: string): boolean {
    return defaultKind.asks.test(this.text) ? statedDefault.test(text) : /\d/.test(text);
  }

  /** Whether it asks what something is, does or means. */
  get asksForMeaning(): boolean {
    return meaningQuestion.test(this.text);
  }

  /** Whether a text holds something of the kind that is asked for; true when the question does not tell. */
  isAnsweredInKind(text: string): boolean {
    return kinds.every(({ asks, holds }) => !asks.test(this.text) || holds.test(text));
  }
}

const meaningQuestion = /^\s*what\s+(?:is|are|was|were|does|do)\b|\b(?:meaning|definition) of\b/iu;
const valueQuestion =
  /\bhow (?:many|much|long|far|old|often|tall|high|big|large|deep|fast)\b|\b(?:default|maximum|minimum|limit|range|size|port|version|year|number|value|unit|largest|smallest|longest|shortest|highest|lowest|latest|earliest)s?\b/iu;

const defaultKind = {
  asks: /\bdefaults?\b/iu,
  holds: /\bdefaults?\b[^.]*\b(?:is|are|was|of|to)\b|\b(?:is|are|by|the) defaults?\b|=/iu,
};

/** "The default is", "the default value of it is", "defaults to", "is the default". */
const statedDefault = /\bdefaults?(?:\s+\w+){0,5}\s+(?:is|are|was)\b|\bdefaults?\s+to\b|\bis the default\b/iu;

/** What questions ask for, and how it looks in a sentence. */
const kinds: readonly { readonly asks: RegExp; readonly holds: RegExp }[] = [
  {
    asks: /\b(?:how (?:many|much|long|far|old|often|tall|high|big|large|deep|fast)|when|which year|what (?:year|date|number|percentage|time|size|port|version))\b/iu,
    holds:
      /\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|hundred|thousand|million|half|once|twice)\b/iu,
  },
  defaultKind,
  // A capital inside the sentence, past its first word.
  { asks: /\b(?:who|whom|whose|where)\b/iu, holds: /\s["“(]?\p{Lu}/u },
];
