import { termsOf } from "../text/analyzer.ts";
import type { Evidence, Value } from "./evidence.ts";
import { codeIn } from "./literals.ts";
import { namesIn } from "./names.ts";
import { type Narrowing, narrowingOf } from "./narrowing.ts";
import { commonOf } from "./overlap.ts";
import { asDenials, withPlainWords } from "./plain-words.ts";
import { coverageOf, impliedTerms, type Question } from "./question.ts";
import { readableOf } from "./readable.ts";
import { agree, valuesIn } from "./values.ts";
import { verdictOf } from "./verdicts.ts";

/** What one sentence says the asked value is. */
export interface Claim {
  readonly evidence: Evidence;
  /** One value, or several ways to write it. */
  readonly values: readonly [Value, ...Value[]];
  /** The question's telling terms in the sentence and its headings. */
  readonly asked: ReadonlySet<number>;
  /** Its own words and headings hold most of the question: it may be held against a page of the same site. */
  readonly isClose: boolean;
  /** Its page names what the question names, and what was done is said: enough beside a page of another site. */
  readonly isOnSubject: boolean;
  readonly narrowing: Narrowing;
}

/** Of the question's weight, what a sentence with its headings must hold, and the sentence alone. A measure says some of it by its unit. */
const leastCoverage = 0.8;
const leastMeasureCoverage = 0.6;
const leastOwnCoverage = 0.25;
/** Of the question's words, what a sentence must hold so that any name in it may be the answer. */
const leastShareOfAnyName = 0.6;
/** What the passage must hold of a question that names its subject, and of one that does not. */
const leastNamed = 0.5;
const leastNameless = 0.7;
/** Of the words of a name, what its page must have: "the Republic of Lunda Bay" is Lunda Bay, "Lake Orrin" is not Lake Ossel. */
const leastOfName = 0.6;
/** What was done is said in other words that come this near to the question's. */
const leastNearness = 0.4;
/** Of two values, the one that stands this much closer to the question's words is meant. */
const clearlyCloser = 1.25;
/** Neither examples nor questions nor warnings claim anything. */
const noClaim =
  /^(?:do not|don['’]t|never|avoid)\s|^(?!did you know\b).*\?\s*["”’)]*$|\b(?:for example|e\.g\.|for instance|suppose|imagine|assume|assuming|hypothetical(?:ly)?)\b/iu;

/** The claim of a sentence, if it is about what is asked and gives one value for it. */
export function claimOf(question: Question, evidence: Evidence): Claim | undefined {
  const { context, passage = context, title, url, nearness } = evidence;
  const quote = readableOf(evidence);
  if (noClaim.test(quote)) return undefined;
  const isVerdict = question.kinds.includes("verdict");
  const read = (text: string): ReadonlySet<number> =>
    new Set(termsOf(withPlainWords(isVerdict ? asDenials(text, question.text) : text)));
  const place = `${title}\n${context}\n${quote}`;
  const whole = `${place}\n${passage}`;
  const [own, inPlace, nearby] = [read(quote), read(place), read(whole)];
  if (!holdsFigures(question.text, whole)) return undefined;

  const telling = new Set(question.weights.keys());
  const isLabelled = standsUnderLabel(question, quote);
  const isRelated =
    question.relation.size === 0 ||
    commonOf(own, question.relation).size > 0 ||
    isLabelled ||
    isNear(question, nearness);
  const least = question.kinds[0] === "quantity" ? leastMeasureCoverage : leastCoverage;
  const share = isLabelled ? 1 : commonOf(own, telling).size / telling.size;
  const isClose = isRelated && coverageOf(question, inPlace) >= least && share >= leastOwnCoverage;
  const isOnSubject =
    isRelated &&
    holdsNames(question.text, `${url}\n${whole}`) &&
    coverageOf(question, nearby) >= (namesIn(question.text).length > 0 ? leastNamed : leastNameless);
  if (!isClose && !isOnSubject) return undefined;

  const verdict = isVerdict
    ? verdictOf(question.text, quote, (terms) => coverageOf(question, terms))
    : undefined;
  const [first, ...others] = verdict ? [verdict] : meantValues(question, quote);
  if (!first) return undefined;
  // "Which report ...": any capital near by could be its name.
  const isAnyName =
    first.kind === "name" && question.relation.size === 0 && !/\bwhere\b/iu.test(question.text);
  if (isAnyName && !isClose && share < leastShareOfAnyName) return undefined;
  // The other rows of its table are no headings.
  const above = context.endsWith(evidence.quote) ? context.slice(0, -evidence.quote.length) : context;
  return {
    evidence,
    values: [first, ...others],
    asked: commonOf(inPlace, telling),
    isClose,
    isOnSubject,
    narrowing: narrowingOf(question.text, above.replace(/^.*\t.*$/gmu, ""), title, first, quote),
  };
}

/** The value next to the question's words, with others that agree with it; none when several could be meant. */
function meantValues(question: Question, quote: string): readonly Value[] {
  const read = valuesIn(quote, question);
  // "On Thursday, 12 June, at ten" is three ways to say when; the first kind that is asked for is meant.
  const kind = question.kinds.find((one) => read.some((value) => value.kind === one));
  const values = read.filter((value) => value.kind === kind);
  const words = [...quote.matchAll(/[\p{L}\p{N}]+/gu)].map((match) => ({
    at: match.index,
    term: termsOf(withPlainWords(match[0]))[0],
  }));
  const placed = words.map(({ term }, index) => ({ term, index }));
  const placesOf = Map.groupBy(placed, ({ term }) => term);
  const closeness = (value: Value): number => {
    const place = words.findIndex(({ at }) => at >= value.start);
    return [...question.weights].reduce((sum, [term, weight]) => {
      const distances = (placesOf.get(term) ?? []).map(({ index }) => Math.abs(index - place));
      return sum + weight / (2 + Math.min(...distances));
    }, 0);
  };
  const ranked = values
    .map((value) => ({ value, near: closeness(value) }))
    .sort((one, other) => other.near - one.near);
  const [best, ...others] = ranked;
  if (!best) return [];
  // Several people may have done it, and a town lies in a country: each name is an answer.
  if (kind === "name" || kind === "word") return ranked.map(({ value }) => value);
  const rivals = others.filter(({ near }) => near * clearlyCloser > best.near);
  return rivals.every(({ value }) => agree(best.value, value))
    ? [best, ...rivals].map(({ value }) => value)
    : [];
}

function isNear({ relation }: Question, nearness: Evidence["nearness"]): boolean {
  return [...(nearness ?? [])].some(
    ([word, cosine]) =>
      cosine >= leastNearness && termsOf(withPlainWords(word)).some((term) => relation.has(term)),
  );
}

/** "Weight: 3.4 kg" in a list of what the page is about. */
function standsUnderLabel({ counted, weights }: Question, quote: string): boolean {
  const label = /^[\p{L} -]{3,30}(?=:\s)/u.exec(quote)?.[0] ?? "";
  return termsOf(label).some((term) => impliedTerms.has(term) || counted.has(term) || weights.has(term));
}

/** Whether a page holds the names of the question, in its address if nowhere else. */
function holdsNames(question: string, page: string): boolean {
  const lower = page.toLowerCase();
  return namesIn(question).every(
    ({ words }) => words.filter((word) => lower.includes(word)).length >= leastOfName * words.length,
  );
}

const figure = /\p{N}+(?:\.\p{N}+)*/gu;

/** A figure or a piece of code in the question names its subject: "Python 3.14" is not "Python 3.13". */
function holdsFigures(question: string, text: string): boolean {
  const held = new Set(text.match(figure));
  const lower = text.toLowerCase();
  return (
    (question.match(figure) ?? []).every((asked) => held.has(asked)) &&
    codeIn(question).every(({ text: code }) => lower.includes(code))
  );
}
