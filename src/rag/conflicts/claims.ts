import { termsOf } from "../analyzer.ts";
import { type Asked, askedFor, impliedTerms } from "./asked.ts";
import type { Evidence, Value } from "./evidence.ts";
import { commonOf } from "./overlap.ts";
import { type Qualifiers, qualifiersOf } from "./qualifiers.ts";
import { agree, valuesIn } from "./values.ts";
import { withPlainVerbs } from "./verb-forms.ts";
import { anyone, positive, verdictOf } from "./verdicts.ts";

/** What one sentence says the asked value is. */
export interface Claim {
  readonly evidence: Evidence;
  /** One value, or several ways to write it. */
  readonly values: readonly [Value, ...Value[]];
  /** The question's telling terms in the sentence and its headings. */
  readonly asked: ReadonlySet<number>;
  /** Other terms close to the value. */
  readonly around: ReadonlySet<number>;
  readonly qualifiers: Qualifiers;
}

/** The question's telling terms with their weights, and what kind of value they ask for. */
export interface AskedTerms {
  readonly text: string;
  readonly asked: Asked;
  readonly weights: ReadonlyMap<number, number>;
  readonly total: number;
  /** One of these a sentence must hold itself: what was done, of who did it or when. */
  readonly relation: ReadonlySet<number>;
}

/** Words on each side of a value that say what it is the value of. */
const windowWords = 8;
/** Of the question's weight, what a sentence with its headings must hold, and the sentence alone. */
const leastCoverage = 0.8;
/** A measure says some of it by its unit. */
const leastMeasureCoverage = 0.6;
const leastOwnCoverage = 0.25;
/** A sentence this likely to answer is about what its passage is about, if it holds this much itself. */
const leastTrusted = 0.5;
/** So likely, it answers even in other words. */
const leastSure = 0.7;
const leastTrustedCoverage = 0.5;
/** Of two values, the one that stands this much closer to the question's words is meant. */
const clearlyCloser = 1.25;
/** Neither examples nor questions nor warnings claim anything. */
const noClaim =
  /^(?:do not|don['’]t|never|avoid)\s|\?\s*["”’)]*$|\b(?:for example|e\.g\.|for instance|suppose|imagine|assume|assuming|hypothetical(?:ly)?)\b/iu;

/** "The painter Ilse Korda", "which river": who names them need not say what they are. */
const classNoun =
  /\b(?:[Ww]hich|[Ww]hat)\s(\p{Ll}+)|\bthe\s(\p{Ll}+)\s(?=\p{Lu})|(?<=\p{Lu}[\p{L}\p{N}]*\s)(app|application|software|tool|program|service|phone|company|firm|town|city|village|island|novel|book|film)\b/gu;
const classWeight = 0.3;
/** Verbs that an amount stands beside in any words: 40 pupils go to it, attend it, are taught there. */
const lightVerbs = termsOf(
  "go contain hold carry pump sail listen bring offer stand lie live run cover reach keep charge weigh stay visit come came travel drive fly move serve sell seat attend join belong measure",
);

/** @param idf The weight of a term id among the indexed passages. Absent, all weigh the same. */
export function askedTerms(text: string, idf: (term: number) => number = () => 1): AskedTerms | undefined {
  const asked = askedFor(text);
  if (!asked) return undefined;
  const read = withPlainVerbs(asked.kinds.includes("verdict") ? positive(text, text) : text);
  const all = [...new Set(termsOf(read))];
  const telling = all.filter((term) => !impliedTerms.has(term));
  const classes = new Set([
    ...[...text.matchAll(classNoun)].flatMap((match) => termsOf(match.slice(1).join(" "))),
    ...(asked.kinds[0] === "quantity" && !asked.isOfDimension("clock") ? lightVerbs : []),
    ...(asked.kinds[0] === "verdict" ? anyone : []),
  ]);
  const weights = new Map(
    (telling.length > 0 ? telling : all).map((term) => [
      term,
      idf(term) * (classes.has(term) ? classWeight : 1),
    ]),
  );
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  return { text, asked, weights, total, relation: relationOf(read, asked, telling) };
}

function relationOf(text: string, { kinds: [kind] }: Asked, telling: readonly number[]): ReadonlySet<number> {
  if (kind === "name" && /^\s*who\b/iu.test(text)) return new Set(telling.slice(0, 1));
  if (kind !== "date") return new Set();
  const common = new Set(termsOf(text.replace(classNoun, " ").replace(/\p{Lu}[\p{L}\p{N}]*/gu, " ")));
  return new Set(telling.filter((term) => common.has(term)));
}

/** Share of the question's weight that these terms have. */
export function coverageOf({ weights, total }: AskedTerms, terms: ReadonlySet<number>): number {
  let covered = 0;
  for (const term of terms) covered += weights.get(term) ?? 0;
  return total > 0 ? covered / total : 0;
}

/** Share of the question's telling terms, each counted once. */
function shareOf({ weights }: AskedTerms, terms: ReadonlySet<number>): number {
  return [...weights.keys()].filter((term) => terms.has(term)).length / weights.size;
}

/** The claim of a sentence, if it is about what is asked and gives one value for it. */
export function claimOf(question: AskedTerms, evidence: Evidence): Claim | undefined {
  const { quote, context, passage = context, score } = evidence;
  if (noClaim.test(quote)) return undefined;
  const isVerdict = question.asked.kinds.includes("verdict");
  const least = question.asked.kinds[0] === "quantity" ? leastMeasureCoverage : leastCoverage;
  const read = (text: string): ReadonlySet<number> =>
    new Set(termsOf(withPlainVerbs(isVerdict ? positive(text, question.text) : text)));
  const own = read(quote);
  if (score < leastSure && question.relation.size > 0 && commonOf(question.relation, own).size === 0)
    return undefined;
  const place = `${evidence.title}\n${context}\n${quote}`;
  const inPlace = read(place);
  const isTrusted =
    !question.asked.kinds.every((kind) => kind === "literal") &&
    score >= leastTrusted &&
    coverageOf(question, inPlace) >= leastTrustedCoverage;
  const around = isTrusted ? `${place}\n${passage}` : place;
  const held = isTrusted ? read(around) : inPlace;
  if (
    coverageOf(question, held) < (isTrusted ? leastMeasureCoverage : least) ||
    (shareOf(question, own) < leastOwnCoverage && !isLabelled(quote))
  )
    return undefined;
  if (!holdsFigures(question.text, around)) return undefined;
  const values = isVerdict
    ? [verdictOf(question.text, quote, (terms) => coverageOf(question, terms))].filter(
        (verdict) => verdict !== undefined,
      )
    : meantValues(question, quote);
  const [first, ...others] = values;
  if (!first) return undefined;
  return {
    evidence,
    values: [first, ...others],
    asked: new Set([...question.weights.keys()].filter((term) => held.has(term))),
    around: termsAround(question, quote, first, read),
    qualifiers: qualifiersOf(question.text, evidence, first, quote),
  };
}

/** "Weight: 3.4 kg" in a list of what the page is about. */
function isLabelled(quote: string): boolean {
  const label = /^[\p{L} -]{3,30}(?=:\s)/u.exec(quote)?.[0] ?? "";
  return termsOf(label).some((term) => impliedTerms.has(term));
}

const figure = /\p{N}+(?:\.\p{N}+)*/gu;

/** A figure of the question names its subject: "Python 3.14", "HTTP/2". */
function holdsFigures(question: string, text: string): boolean {
  const held = new Set(text.match(figure));
  return (question.match(figure) ?? []).every((asked) => held.has(asked));
}

/** The value next to the question's words, with others that agree with it; none when several could be meant. */
function meantValues(question: AskedTerms, quote: string): readonly Value[] {
  const values = valuesIn(quote, question.asked, question.text);
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
