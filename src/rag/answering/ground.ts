import { termsOf } from "../text/analyzer.ts";

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

/**
 * Whether two texts deny the same: what the claim denies the span denies too, and the span denies nothing that the claim
 * says. A denial is known by what comes first behind it.
 */
export function deniesAlike(claim: string, span: string): boolean {
  const byClaim = denialsIn(claim);
  const bySpan = denialsIn(span);
  const said = new Set(termsOf(claim));
  return (
    byClaim.every((denied) => bySpan.some((other) => areOneDenial(denied, other))) &&
    bySpan.every((denied) => !says(said, denied) || byClaim.some((other) => areOneDenial(denied, other)))
  );
}

/** The first of what is denied, and one more where there is more: "used" alone is said of many things. */
function says(said: ReadonlySet<number>, denied: readonly number[]): boolean {
  const [first = -1, ...others] = denied;
  return said.has(first) && (others.length === 0 || others.some((term) => said.has(term)));
}

function areOneDenial(one: readonly number[], other: readonly number[]): boolean {
  const [first = -1] = one;
  const [second = -1] = other;
  return first === second || (other.includes(first) && one.includes(second));
}

/** What each negation denies: the terms behind it, in their order. */
function denialsIn(text: string): number[][] {
  return [...text.matchAll(negations)]
    .map((match) => {
      const rest = text.slice(match.index + match[0].length);
      return termsOf(rest.split(clauseEnd, 1)[0] ?? "").slice(0, deniedWords);
    })
    .filter((denied) => denied.length > 0);
}
