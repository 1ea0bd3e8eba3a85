import type { Candidate, ReadPassage } from "./answer-candidates.ts";
import type { Question } from "./question.ts";
import type { Range } from "../text/sentences.ts";
import { likeliestRun, mostQuoteWords, shortened } from "./quote-run.ts";

/** A candidate with the chance that it, of all, holds the answer. */
export interface Scored extends Candidate {
  readonly chance: number;
}

/** Sentences that follow one another, quoted as one. */
export interface Quote extends Range {
  /** Its likeliest sentence, by which it is judged. */
  readonly best: Scored;
  readonly text: string;
}

/** UTF-16 units from a sentence to the one that completes it: two or three sentences. */
const completionReach = 300;
/** More than an answer ever takes. */
const mostQuotes = 10;

/** Quotes of the sentences, the likeliest first; each sentence is in one. */
export function quotesOf(
  question: Question,
  scored: readonly Scored[],
  passages: readonly ReadPassage[],
): Quote[] {
  const quotes: Quote[] = [];
  let left = scored;
  while (left.length > 0 && quotes.length < mostQuotes) {
    const run = likeliestRun(left, (url) => textOf(passages, url));
    if (run.length === 0) break;
    quotes.push(quoteOf(question, run, passages));
    left = left.filter((sentence) => !run.includes(sentence));
  }
  return quotes;
}

export function quoteOf(question: Question, run: readonly Scored[], passages: readonly ReadPassage[]): Quote {
  const best = run.toSorted((one, other) => other.chance - one.chance)[0] as Scored;
  const text = textOf(passages, best.url);
  const whole = { start: (run[0] as Scored).start, end: (run.at(-1) as Scored).end };
  const { start, end } = shortened(text, whole, mostQuoteWords, (part) => question.worthOf(part));
  return { best, start, end, text: text.slice(start, end) };
}

function textOf(passages: readonly ReadPassage[], url: string): string {
  return passages.find(({ stored }) => stored.url === url)?.stored.document.text ?? "";
}

/** The value that the first quote only introduces: "The default is 100", soon behind what it is the default of. */
export function completionOf(
  question: Question,
  first: Quote,
  scored: readonly Scored[],
): Scored | undefined {
  if (!question.asksForValue || question.givesValue(first.text)) return undefined;
  return scored
    .filter(
      ({ url, start }) =>
        url === first.best.url && start >= first.end && start - first.end <= completionReach,
    )
    .filter(({ quote }) => question.givesValue(quote))
    .sort((one, other) => one.start - other.start)[0];
}
