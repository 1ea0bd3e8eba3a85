import { termsOf } from "../text/analyzer.ts";
import type { Verdict } from "./evidence.ts";
import { asDenials, withPlainWords } from "./plain-words.ts";
import { impliedTerms } from "./question.ts";

const negation = /^(?:not|no|never|none|neither|nor|cannot|without|lacks?|\w+n['’]t)$/iu;
/** Words after a negation that it may deny. */
const deniedWords = 4;
/** Such sentences say neither yes nor no. */
const halfTrue =
  /\b(?:some|sometimes|partially|partly|limited|only|usually|often|generally|typically|may|might|could|would|should|if|unless|when|except|until|not (?:all|always|every|only|necessarily|just)|whether|either|exceptions?|experimental|planned|depends?)\b/iu;
const clauseEnd =
  /;|(?<!^(?:[^\s,;]+\s){0,4}[^\s,;]+):|,(?!\d)|\band\b|\bbut\b|\balthough\b|\bthough\b|\bwhile\b|\bbecause\b/u;
/** Share of the question that the clause itself must hold; the rest may stand elsewhere in the sentence or above it. */
const leastOwnCoverage = 0.5;
/** Other terms in the clause: more of them, and it speaks of a part or a case. */
const mostOthers = 4;
/** Of them, between the question's words. */
const mostOthersInside = 1;
/** Whom a rule holds for, and that it is one. */
const anyone: ReadonlySet<number> = new Set(
  termsOf(
    "you we they your our their one whoever anyone everyone visitors must need needs needed want wants",
  ),
);

/**
 * Yes or no from a sentence to a yes-or-no question; nothing unless one clause of it holds what is asked.
 * @param coverage The share of the question's weight that these terms have.
 */
export function verdictOf(
  question: string,
  quote: string,
  coverage: (terms: ReadonlySet<number>) => number,
): Verdict | undefined {
  if (halfTrue.test(quote)) return undefined;
  const asked = withPlainWords(asDenials(question, question));
  const terms = new Set(termsOf(asked));
  let start = 0;
  const clauses = quote.split(clauseEnd).map((clause) => {
    const from = quote.indexOf(clause.trimStart(), start);
    start = from + clause.trimStart().length;
    const read = withPlainWords(asDenials(clause, question));
    return { from, end: start, read, own: coverage(new Set(termsOf(read))) };
  });
  const [best] = clauses.sort((one, other) => other.own - one.own || other.from - one.from);
  if (!best || best.own < leastOwnCoverage) return undefined;
  const said = termsOf(best.read);
  const isOther = (term: number): boolean => !terms.has(term) && !impliedTerms.has(term) && !anyone.has(term);
  const inside = said.slice(
    said.findIndex((term) => terms.has(term)),
    said.findLastIndex((term) => terms.has(term)),
  );
  if (inside.filter(isOther).length > mostOthersInside || new Set(said.filter(isOther)).size > mostOthers)
    return undefined;
  const isYes = isDenied(asked, terms) === isDenied(best.read, terms);
  return { kind: "verdict", shown: isYes ? "yes" : "no", start: best.from, end: best.end, isYes };
}

function isDenied(text: string, asked: ReadonlySet<number>): boolean {
  const words = text.match(/[\p{L}\p{N}'’]+/gu) ?? [];
  const denials = words.filter((word, index) => {
    const next = words.slice(index + 1, index + 1 + deniedWords);
    return negation.test(word) && termsOf(next.join(" ")).some((term) => asked.has(term));
  });
  return denials.length % 2 === 1;
}
