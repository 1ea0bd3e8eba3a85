import { termsOf } from "../text/analyzer.ts";
import { impliedTerms } from "./asked.ts";
import type { Verdict } from "./evidence.ts";
import { withPlainVerbs } from "./verb-forms.ts";

/** Words with their opposites: an opposite reads as "not" and the first. */
const opposites: readonly (readonly [word: string, ...opposites: string[]])[] = [
  ["enabled", "disabled"],
  ["required", "optional"],
  ["mandatory", "optional"],
  ["allowed", "forbidden", "prohibited", "disallowed", "banned"],
  ["permitted", "forbidden", "prohibited"],
  ["needed", "unnecessary", "optional"],
  ["necessary", "unnecessary", "optional"],
  ["free", "paid"],
  ["open", "closed"],
  ["public", "private"],
  ["included", "excluded"],
  ["true", "false"],
  ["accepted", "rejected"],
  ["dead", "alive"],
  ["stateless", "stateful"],
  ["supported", "unsupported"],
];
const prefixes = ["un", "in", "im", "ir", "il", "non", "non-", "in-"];
const switched =
  /\b(is|are|was|were|turned|switched|to)\s+(on|off)\b(?!\s+(?:the|a|an|its|your|port|which|what|how|whether))/giu;
const negation = /^(?:not|no|never|none|neither|nor|cannot|without|lacks?|\w+n['’]t)$/iu;
/** Words after a negation that it may deny. */
const deniedWords = 4;
/** Such sentences say neither yes nor no. */
const halfTrue =
  /\b(?:some|sometimes|partially|partly|limited|only|usually|often|generally|typically|may|might|could|would|should|if|unless|when|except|until|not (?:all|always|every|only|necessarily|just)|whether|either|exceptions?|experimental|planned|depends?)\b/iu;
const clauseEnd =
  /;|(?<!^(?:[^\s,;]+\s){0,4}[^\s,;]+):|,(?!\d)|\band\b|\bbut\b|\balthough\b|\bthough\b|\bwhile\b|\bbecause\b/u;

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
  const asked = withPlainVerbs(positive(question, question));
  const terms = new Set(termsOf(asked));
  let start = 0;
  const clauses = quote.split(clauseEnd).map((clause) => {
    const from = quote.indexOf(clause.trimStart(), start);
    start = from + clause.trimStart().length;
    const read = withPlainVerbs(positive(clause, question));
    return { from, end: start, read, own: coverage(new Set(termsOf(read))) };
  });
  const [best] = clauses.sort((one, other) => other.own - one.own || other.from - one.from);
  if (!best || best.own < leastOwnCoverage) return undefined;
  const others = new Set(
    termsOf(best.read).filter((term) => !terms.has(term) && !impliedTerms.has(term) && !anyone.has(term)),
  );
  const inside = othersInside(best.read, terms);
  if (inside.filter((term) => others.has(term)).length > mostOthersInside) return undefined;
  const isYes = isDenied(asked, terms) === isDenied(best.read, terms);
  if (others.size > (isYes && having.test(question) ? mostOthersOfHaving : mostOthers)) return undefined;
  return { kind: "verdict", shown: isYes ? "yes" : "no", start: best.from, end: best.end, isYes };
}

/** Other terms in the clause: more of them, and it speaks of a part or a case. */
const mostOthers = 4;
/** Of them, between the question's words. */
const mostOthersInside = 1;
/** Whom a rule holds for, and that it is one. */
export const anyone: ReadonlySet<number> = new Set(
  termsOf(
    "you we they your our their one whoever anyone everyone visitors must need needs needed want wants",
  ),
);
/** But what it has at a certain place, it has. */
const having = /\b(?:have|has|had|contain|include|is there|are there)\b/iu;
const mostOthersOfHaving = 6;
/** Share of the question that the clause itself must hold; the rest may stand elsewhere in the sentence or above it. */
const leastOwnCoverage = 0.5;

/** A text with the opposites of the question's words written as denials. */
export function positive(text: string, question: string): string {
  let read = text.replace(
    switched,
    (_, verb: string, state: string) => `${verb} ${state.toLowerCase() === "on" ? "enabled" : "disabled"}`,
  );
  const asked = new Set(question.toLowerCase().match(/[\p{L}-]+/gu));
  const isAskedState = asked.has("on") || asked.has("off");
  for (const [word, ...others] of opposites) {
    const isAsked = [...asked].some((one) => termsOf(one)[0] === termsOf(word)[0] || others.includes(one));
    if (!isAsked && !(isAskedState && word === "enabled")) continue;
    read = read.replace(new RegExp(`\\b(?:${others.join("|")})\\b`, "giu"), `not ${word}`);
  }
  for (const one of asked) {
    if (one.length < 4) continue;
    read = read.replace(
      new RegExp(`(?<![\\p{L}-])(?:${prefixes.join("|")})${one}(?![\\p{L}])`, "giu"),
      `not ${one}`,
    );
  }
  return read;
}

function othersInside(text: string, asked: ReadonlySet<number>): number[] {
  const terms = termsOf(text);
  const first = terms.findIndex((term) => asked.has(term));
  return terms.slice(first, terms.findLastIndex((term) => asked.has(term)) + 1);
}

function isDenied(text: string, asked: ReadonlySet<number>): boolean {
  const words = text.match(/[\p{L}\p{N}'’]+/gu) ?? [];
  const denials = words.filter((word, index) => {
    if (!negation.test(word)) return false;
    return words
      .slice(index + 1, index + 1 + deniedWords)
      .some((next) => termsOf(next).some((term) => asked.has(term)));
  });
  return denials.length % 2 === 1;
}
