import { termsOf } from "../text/analyzer.ts";
import { impliedTerms } from "./asked.ts";
import { type AskedTerms, coverageOf, shareOf, tellingOf } from "./asked-terms.ts";
import type { Evidence, Value } from "./evidence.ts";
import { namesIn } from "./names.ts";
import { type Qualifiers, qualifiersOf } from "./qualifiers.ts";
import { readableOf } from "./readable.ts";
import { standingOf } from "./subject.ts";
import { agree, valuesIn } from "./values.ts";
import { withPlainVerbs } from "./verb-forms.ts";
import { positive, verdictOf } from "./verdicts.ts";

/** What one sentence says the asked value is. */
export interface Claim {
  readonly evidence: Evidence;
  /** One value, or several ways to write it. */
  readonly values: readonly [Value, ...Value[]];
  /** The question's telling terms in the sentence and its headings; of a likely sentence, in its passage. */
  readonly asked: ReadonlySet<number>;
  /** Whether it may be held against a page of the same site, and against one of another. */
  readonly isClose: boolean;
  readonly isOnSubject: boolean;
  /** Other terms close to the value. */
  readonly around: ReadonlySet<number>;
  readonly qualifiers: Qualifiers;
}

/** Words on each side of a value that say what it is the value of. */
const windowWords = 8;
/** Of two values, the one that stands this much closer to the question's words is meant. */
const clearlyCloser = 1.25;
/** Of the question's words, what a sentence must hold so that any name in it may be the answer. */
const leastShareOfAnyName = 0.6;
/** Neither examples nor questions nor warnings claim anything. */
const noClaim =
  /^(?:do not|don['’]t|never|avoid)\s|^(?!did you know\b).*\?\s*["”’)]*$|\b(?:for example|e\.g\.|for instance|suppose|imagine|assume|assuming|hypothetical(?:ly)?)\b/iu;

/** The claim of a sentence, if it is about what is asked and gives one value for it. */
export function claimOf(question: AskedTerms, evidence: Evidence): Claim | undefined {
  const quote = readableOf(evidence);
  const { context, title } = evidence;
  // The other rows of its table are no headings.
  const above = context.endsWith(evidence.quote) ? context.slice(0, -evidence.quote.length) : context;
  const headings = above.replace(/^.*\t.*$/gmu, "");
  if (noClaim.test(quote)) return undefined;
  const isVerdict = question.asked.kinds.includes("verdict");
  const read = (text: string): ReadonlySet<number> =>
    new Set(termsOf(withPlainVerbs(isVerdict ? positive(text, question.text) : text)));
  const standing = standingOf(question, evidence, quote, read);
  if (!standing) return undefined;
  const { isClose, isOnSubject, held } = standing;
  const isNamed = isClose || standing.isLabelled || shareOf(question, read(quote)) >= leastShareOfAnyName;
  const values = isVerdict
    ? [verdictOf(question.text, quote, (terms) => predicateCoverage(question, terms))].filter(
        (verdict) => verdict !== undefined,
      )
    : meantValues(question, quote);
  const [first, ...others] = values;
  if (!first || (!isNamed && isAnyName(question, first))) return undefined;
  return {
    evidence,
    values: [first, ...others],
    asked: tellingOf(question, held),
    isClose,
    isOnSubject,
    around: termsAround(question, quote, first, read),
    qualifiers: qualifiersOf(question.text, headings, title, first, quote),
  };
}

/** Share of what is asked of the thing that is named: its name may stand anywhere. */
function predicateCoverage(question: AskedTerms, terms: ReadonlySet<number>): number {
  const names = new Set(
    namesIn(question.text).flatMap(({ shown }) => (/\p{Ll}/u.test(shown) ? termsOf(shown) : [])),
  );
  const weights = new Map([...question.weights].filter(([term]) => !names.has(term)));
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  return weights.size > 0 ? coverageOf({ ...question, weights, total }, terms) : coverageOf(question, terms);
}

/** "Which report ...": any capital could be its name. */
function isAnyName({ relation, text }: AskedTerms, value: Value): boolean {
  return value.kind === "name" && relation.size === 0 && !/\bwhere\b/iu.test(text);
}

/** The value next to the question's words, with others that agree with it; none when several could be meant. */
function meantValues(question: AskedTerms, quote: string): readonly Value[] {
  const read = valuesIn(quote, question.asked, question.text);
  // "On Thursday, 12 June, at ten" is three ways to say when; the first kind that is asked for is meant.
  const kind = question.asked.kinds.find((one) => read.some((value) => value.kind === one));
  const values = read.filter((value) => value.kind === kind);
  if (values.length < 2) return values;
  const words = [...quote.matchAll(/[\p{L}\p{N}]+/gu)].map((match) => ({
    at: match.index,
    term: termsOf(withPlainVerbs(match[0]))[0],
  }));
  const closeness = (value: Value): number => {
    const place = words.findIndex(({ at }) => at >= value.start);
    let sum = 0;
    for (const [term, weight] of question.weights) {
      const distances = words.flatMap((word, index) => (word.term === term ? [Math.abs(index - place)] : []));
      if (distances.length > 0) sum += weight / (2 + Math.min(...distances));
    }
    return sum;
  };
  const ranked = values
    .map((value) => ({ value, near: closeness(value) }))
    .sort((one, other) => other.near - one.near);
  const best = ranked[0];
  if (!best) return [];
  const others = ranked.slice(1);
  // Several people may have done it, and a town lies in a country: each name is an answer.
  if (question.asked.kinds.includes("name") || best.value.kind === "word")
    return [best.value, ...others.map(({ value }) => value)];
  const rivals = others.filter(({ near }) => near * clearlyCloser > best.near);
  const isClear = rivals.every(({ value }) => agree(best.value, value));
  return isClear ? [best.value, ...rivals.map(({ value }) => value)] : [];
}

function termsAround(
  question: AskedTerms,
  quote: string,
  value: Value,
  read: (text: string) => ReadonlySet<number>,
): Set<number> {
  if (value.kind === "verdict") return withoutAsked(question, read(quote.slice(value.start, value.end)));
  const before = quote.slice(0, value.start).match(/[\p{L}\p{N}'’-]+/gu) ?? [];
  const behind = quote.slice(value.end).match(/[\p{L}\p{N}'’-]+/gu) ?? [];
  return withoutAsked(
    question,
    read([...before.slice(-windowWords), ...behind.slice(0, windowWords)].join(" ")),
  );
}

function withoutAsked({ weights }: AskedTerms, terms: ReadonlySet<number>): Set<number> {
  return new Set([...terms].filter((term) => !weights.has(term) && !impliedTerms.has(term)));
}
