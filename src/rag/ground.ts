import { termsOf } from "./analyzer.ts";

/** Least share of a claim's idf weight that its span must hold. */
const leastCoverage = 0.5;

const negations = /\b(?:not|no|never|none|neither|nor|without|cannot)\b|n['’]t\b/giu;
/** Words after a negation that it may deny, up to the end of its clause. */
const deniedWords = 3;
const clauseEnd = /[,;:.!?]|\bbut\b/u;
/** A number with its thousands and decimals; version numbers keep all their dots. */
const numbers = /\d+(?:[.,:]\d+)*/gu;

/**
 * Whether one of `spans` bears the claim out, as far as words can tell: half of its weight in common words, all of its
 * numbers, and a denial of the same things.
 * @param spans Verbatim quotes; one alone must bear the whole claim.
 * @param idf Weight of a term id; absent, all terms weigh the same.
 * @param place Headings and the like above the spans: their words, but not their numbers, count as the spans' own.
 */
export function isGrounded(
  claim: string,
  spans: readonly string[],
  idf: (term: number) => number = () => 1,
  place = "",
): boolean {
  const terms = [...new Set(termsOf(claim))];
  const weight = terms.reduce((sum, term) => sum + idf(term), 0);
  if (weight <= 0) return false;
  return spans.some((span) => {
    const held = new Set(termsOf(`${place}\n${span}`));
    const covered = terms.reduce((sum, term) => sum + (held.has(term) ? idf(term) : 0), 0);
    return covered / weight >= leastCoverage && holdsNumbers(claim, span) && deniesAlike(claim, span);
  });
}

function holdsNumbers(claim: string, span: string): boolean {
  const held = new Set(numbersIn(span));
  return numbersIn(claim).every((number) => held.has(number));
}

/** Numbers as written, thousands separators taken out. */
function numbersIn(text: string): string[] {
  return [...text.matchAll(numbers)].map(([number]) => number.replace(/,(?=\d{3}(?:\D|$))/g, ""));
}

/** Where one of the two denies what both speak of, the other must deny some of the same. */
function deniesAlike(claim: string, span: string): boolean {
  const deniedByClaim = deniedTerms(claim);
  const deniedBySpan = deniedTerms(span);
  const isShared =
    termsOf(span).some((term) => deniedByClaim.has(term)) ||
    termsOf(claim).some((term) => deniedBySpan.has(term));
  return !isShared || [...deniedByClaim].some((term) => deniedBySpan.has(term));
}

function deniedTerms(text: string): Set<number> {
  const denied = [...text.matchAll(negations)].flatMap((match) => {
    const rest = text.slice(match.index + match[0].length);
    return termsOf(rest.split(clauseEnd, 1)[0] ?? "").slice(0, deniedWords);
  });
  return new Set(denied);
}
