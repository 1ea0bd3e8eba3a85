import { termsOf } from "../text/analyzer.ts";
import { type Asked, askedFor, impliedTerms } from "./asked.ts";
import { withPlainVerbs } from "./verb-forms.ts";
import { anyone, positive } from "./verdicts.ts";

/** The question's telling terms with their weights, and what kind of value they ask for. */
export interface AskedTerms {
  readonly text: string;
  readonly asked: Asked;
  readonly weights: ReadonlyMap<number, number>;
  readonly total: number;
  /** One of these a sentence must hold itself: what was done, of who did it or when. */
  readonly relation: ReadonlySet<number>;
}

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
export function shareOf({ weights }: AskedTerms, terms: ReadonlySet<number>): number {
  return [...weights.keys()].filter((term) => terms.has(term)).length / weights.size;
}

/** The question's telling terms among these. */
export function tellingOf({ weights }: AskedTerms, terms: ReadonlySet<number>): Set<number> {
  return new Set([...weights.keys()].filter((term) => terms.has(term)));
}
