import { analyzeQuery, termsOf } from "../text/analyzer.ts";
import { KindsAsked } from "./kinds.ts";
import { SubjectAsked } from "./subject-asked.ts";
import { comparedWords } from "./word-support.ts";
import type { ChunkStore, TermCounts } from "../chunk-store.ts";

/** A word has this much beside its share of the question's weight: one that every page holds says something, too. */
const leastWordWeight = 0.02;
/** What a part of a sentence gains by each kind of thing asked for that it holds: as much as a third of the question. */
const kindWorth = 0.33;

/** A question's words with their weights: what coverage is measured against. */
export class Question {
  readonly text: string;
  /** What kinds of thing it asks for. */
  readonly kinds: KindsAsked;
  /** What it wants explained, if that. */
  readonly subject: SubjectAsked | undefined;
  /** Its words as they are compared with passages, and what each weighs; 0 for a stop word. */
  readonly words: readonly string[];
  readonly wordWeights: readonly number[];
  readonly #idf: ReadonlyMap<number, number>;
  readonly #total: number;

  /** @param weights idf of each of `terms`, in their order. */
  constructor(text: string, terms: TermCounts, weights: Float64Array) {
    this.text = text;
    this.#idf = new Map([...terms.ids].map((id, index) => [id, weights[index] ?? 0]));
    this.#total = weights.reduce((sum, weight) => sum + weight, 0);
    this.kinds = new KindsAsked(text);
    this.subject = SubjectAsked.of(text);
    this.words = comparedWords(text);
    this.wordWeights = this.words.map((word) => {
      const own = termsOf(word);
      return own.length > 0 ? leastWordWeight + this.coverage(new Set(own)) : 0;
    });
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

  /** What a part of a sentence is worth to it: the words they share, and the kinds of thing that it asks for. */
  worthOf(part: string): number {
    return this.coverage(this.termsIn(part)) + kindWorth * this.kinds.heldBy(part).held;
  }

  /** Its text without options: "--max-size" asks for no size. */
  get prose(): string {
    return this.text.replace(/(?<!\S)["“'‘(`]?--\S+/gu, " ");
  }

  /** Whether it asks for a number, a size, a default: what pages tend to keep in tables. */
  get asksForValue(): boolean {
    return valueQuestion.test(this.prose);
  }

  /** Whether a text gives the value that is asked for: a default may be a word, everything else is a number. */
  givesValue(text: string): boolean {
    return asksForDefault.test(this.text) ? statedDefault.test(text) : /\d/.test(text);
  }

  /** Each thing that it calls by a name: a capital past its first word, a digit, or a mark of code inside. */
  get namedThings(): readonly NamedThing[] {
    return this.words
      .filter(
        (word, index) =>
          (index > 0 && /^["“'(]*\p{Lu}/u.test(word)) ||
          /\d|_|\p{Ll}\p{Lu}|\w\.\w/u.test(word) ||
          option.test(word),
      )
      .map((word) => ({ terms: termsOf(word), literal: literallyIn(word) }))
      .filter(({ terms }) => terms.length > 0);
  }
}

/** Something that a question calls by a name. */
export interface NamedThing {
  readonly terms: readonly number[];
  /** Finds it in a text, where it is written in one way alone, as code is. */
  readonly literal: RegExp | undefined;
}

/** "SQLITE_BUSY", "max_connections". */
const identifier = /[\p{L}\p{N}]+(?:_+[\p{L}\p{N}]+)+/u;
/** "--trace-children=yes", behind its dashes, which pages may have as one long one; "no-" is written in many ways. */
const option = /^["“'‘(`]*--(?:no-)?(\p{L}[\p{L}\p{N}]*(?:-[\p{L}\p{N}]+)*)/u;

function literallyIn(word: string): RegExp | undefined {
  const name = identifier.exec(word)?.[0];
  if (name !== undefined) return new RegExp(String.raw`(?<![\p{L}\p{N}_])${name}(?![\p{L}\p{N}_])`, "iu");
  const [, flag] = option.exec(word) ?? [];
  return flag === undefined
    ? undefined
    : new RegExp(String.raw`(?<![\p{L}\p{N}_])(?<![\p{L}\p{N}](?<!\bno)-)${flag}(?!-?[\p{L}\p{N}_])`, "iu");
}

const valueQuestion =
  /\bhow (?:many|much|long|far|old|often|tall|high|big|large|deep|fast)\b|\b(?:default|maximum|minimum|limit|range|size|port|version|year|number|value|unit|largest|smallest|longest|shortest|highest|lowest|latest|earliest)s?\b/iu;

const asksForDefault = /\bdefaults?\b/iu;

/** "The default is", "the default value of it is", "defaults to", "is the default". */
const statedDefault = /\bdefaults?(?:\s+\w+){0,5}\s+(?:is|are|was)\b|\bdefaults?\s+to\b|\bis the default\b/iu;
