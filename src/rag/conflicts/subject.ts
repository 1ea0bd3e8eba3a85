import { termsOf } from "../text/analyzer.ts";
import { impliedTerms } from "./asked.ts";
import { type AskedTerms, coverageOf, shareOf } from "./asked-terms.ts";
import type { Evidence } from "./evidence.ts";
import { codeIn } from "./literals.ts";
import { namesIn } from "./names.ts";
import { commonOf } from "./overlap.ts";
import { withPlainVerbs } from "./verb-forms.ts";
import { substitutes } from "./substitutes.ts";

/** How surely a sentence is about what is asked. */
export interface Standing {
  /** Its own words and headings hold most of the question: it may be held against a page of the same site. */
  readonly isClose: boolean;
  /** Its page names what the question names, with nothing in its place: enough beside a page of another site. */
  readonly isOnSubject: boolean;
  /** Whether it stands under a label that is asked for: "Engine: Vega 4". */
  readonly isLabelled: boolean;
  /** The terms by which it is judged: of its headings and itself, of a likely one those of its passage too. */
  readonly held: ReadonlySet<number>;
}

/** Of the question's weight, what a sentence with its headings must hold, and the sentence alone. */
const leastCoverage = 0.8;
/** A measure says some of it by its unit. */
const leastMeasureCoverage = 0.6;
const leastOwnCoverage = 0.25;
/** A sentence this likely to answer is about what its passage is about, if it holds this much itself. */
const leastTrusted = 0.5;
const leastTrustedCoverage = 0.5;

/** What the passage must hold of a question that names its subject, and of one that does not. */
const leastNamed = 0.3;
const leastNameless = 0.7;

/**
 * @param quote The sentence as it reads.
 * @param read The terms of a text, as the question has them.
 */
export function standingOf(
  question: AskedTerms,
  { context, passage = context, nearness, score, title, url }: Evidence,
  quote: string,
  read: (text: string) => ReadonlySet<number>,
): Standing | undefined {
  const { kinds } = question.asked;
  const place = `${title}\n${context}\n${quote}`;
  const whole = `${place}\n${passage}`;
  const [own, inPlace, nearby] = [read(quote), read(place), read(whole)];
  const isTrusted =
    !kinds.every((kind) => kind === "literal") &&
    score >= leastTrusted &&
    coverageOf(question, inPlace) >= leastTrustedCoverage;
  const held = isTrusted ? nearby : inPlace;
  const isMeasure = kinds[0] === "quantity";
  const isRelated =
    question.relation.size === 0 ||
    commonOf(question.relation, own).size > 0 ||
    (makes.test(question.text) && isWorkBy.test(quote)) ||
    isLabelled(question, quote) ||
    isNear(question, nearness);
  const share = isLabelled(question, quote) ? 1 : shareOf(question, own);
  const isClose =
    isRelated &&
    coverageOf(question, held) >= (isTrusted || isMeasure ? leastMeasureCoverage : leastCoverage) &&
    share >= leastOwnCoverage;
  const isOnSubject =
    isRelated &&
    holdsNames(question.text, `${url}\n${whole}`) &&
    coverageOf(question, nearby) >= (namesIn(question.text).length > 0 ? leastNamed : leastNameless) &&
    !substitutes(question.text, quote, (term) => question.weights.has(term), inPlace);
  const isRight = holdsFigures(question.text, isTrusted ? whole : place) && holdsCode(question.text, whole);
  return isRight && (isClose || isOnSubject)
    ? { isClose, isOnSubject, isLabelled: isLabelled(question, quote), held }
    : undefined;
}

/** What was done is said in other words that come this near to the question's. */
const leastNearness = 0.4;

function isNear({ relation }: AskedTerms, nearness: Evidence["nearness"]): boolean {
  return [...(nearness ?? [])].some(
    ([word, cosine]) =>
      cosine >= leastNearness && termsOf(withPlainVerbs(word)).some((term) => relation.has(term)),
  );
}

const makes =
  /^\s*(?:who|whom)\b.*\b(?:compos|writ|wrote|paint|design|buil[dt]|invent|creat|mak|made|direct|produc|develop|carv|sculpt|draw|drew)/iu;
/** "A work for strings by Viktor Halasz": not translated, nor restored by. */
const isWorkBy =
  /^(?!.*\b(?:\p{L}+(?:ed|en|wn|ilt|ung)|shot|cut|led)\s(?:\p{Ll}+\s)?by\s).*\sby\s(?:(?:the|an?)\s(?:\p{Ll}+\s)+)?\p{Lu}/u;

/** "Weight: 3.4 kg" in a list of what the page is about. */
function isLabelled({ asked, weights }: AskedTerms, quote: string): boolean {
  const label = /^[\p{L} -]{3,30}(?=:\s)/u.exec(quote)?.[0] ?? "";
  return termsOf(label).some(
    (term) => impliedTerms.has(term) || asked.counted.has(term) || weights.has(term),
  );
}

/** Of the words of a name, what its page must have: "the Republic of Lunda Bay" is Lunda Bay, "Lake Orrin" is not Lake Ossel. */
const leastOfName = 0.6;

/** Whether a page holds the names of the question, in its address if nowhere else. */
function holdsNames(question: string, page: string): boolean {
  const lower = page.toLowerCase();
  return namesIn(question).every(
    ({ words }) => words.filter((word) => lower.includes(word)).length >= leastOfName * words.length,
  );
}

const figure = /\p{N}+(?:\.\p{N}+)*/gu;

/** A figure of the question names its subject: "Python 3.14", "HTTP/2". */
function holdsFigures(question: string, text: string): boolean {
  const held = new Set(text.match(figure));
  return (question.match(figure) ?? []).every((asked) => held.has(asked));
}

/** So does its code: "http.server" is not "http.client". */
function holdsCode(question: string, text: string): boolean {
  const lower = text.toLowerCase();
  return codeIn(question).every(({ text: code }) => lower.includes(code));
}
