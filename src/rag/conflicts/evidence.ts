/** A sentence that may answer, as it is judged against others. */
export interface Evidence {
  /** Verbatim, at `start` to `end` of the document at `url`. */
  readonly quote: string;
  /** Headings and the entry it belongs to, a line each, then the quote. */
  readonly context: string;
  /** The passage it stands in, with its headings; absent, the context is all there is. */
  readonly passage?: string;
  readonly url: string;
  readonly host: string;
  readonly title: string;
  readonly start: number;
  readonly end: number;
  /** 0 to 1: the chance that it answers the question. */
  readonly score: number;
  /** 0 to 1: the chance that of all sentences this is the one, by which those of a page are told apart; absent, `score`. */
  readonly chance?: number;
  /** Words of the question, each with the cosine of what in the sentence comes nearest to it; absent where not compared. */
  readonly nearness?: ReadonlyMap<string, number>;
  /** ISO 8601, or "". */
  readonly publishedAt: string;
  /** The same for copies of one document. */
  readonly contentKey: string;
}

/** Where in its text a value stands, and how it is written there. */
interface Written {
  readonly shown: string;
  readonly start: number;
  readonly end: number;
}

/** A number as an interval, in its dimension's base unit: seconds, metres, bytes, or "" for a bare number. */
export interface Quantity extends Written {
  readonly kind: "quantity";
  readonly low: number;
  readonly high: number;
  /** Two quantities are comparable in one dimension only: "time", "bytes/time", "". */
  readonly dimension: string;
  /** The term of what a bare number counts; undefined when it stands alone. */
  readonly counted: number | undefined;
}

/** A date as the days it may be, half-open, in epoch milliseconds: a year is 365 of them. */
export interface DateSpan extends Written {
  readonly kind: "date";
  /** False when only day and month are named; they are then of `anyYear`. */
  readonly hasYear: boolean;
  readonly from: number;
  readonly to: number;
}

export interface Version extends Written {
  readonly kind: "version";
  readonly parts: readonly string[];
}

export interface Name extends Written {
  readonly kind: "name";
  readonly words: readonly string[];
}

/** A word that is a value: `on`, `None`, `--force`, `os.walk`. */
export interface Literal extends Written {
  readonly kind: "literal";
  readonly text: string;
}

/** A word of a class in which one excludes the others: a weekday, a colour. */
export interface Word extends Written {
  readonly kind: "word";
  readonly class: string;
  readonly word: string;
}

/** What a yes-or-no question gets from a sentence. */
export interface Verdict extends Written {
  readonly kind: "verdict";
  readonly isYes: boolean;
}

export type Value = Quantity | DateSpan | Version | Name | Literal | Word | Verdict;
