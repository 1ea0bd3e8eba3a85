import { type AskedTerms, askedTerms } from "./asked-terms.ts";
import { type Claim, claimOf } from "./claims.ts";
import { withoutCopies } from "./copies.ts";
import type { Evidence, Value } from "./evidence.ts";
import { allOf, commonOf, unsharedOf } from "./overlap.ts";
import { differInQualifiers } from "./qualifiers.ts";
import { agree, areComparable } from "./values.ts";

/** One value with those who say so. */
export interface Side {
  /** As the best of them writes it. */
  readonly value: string;
  /** Best first, copies too. */
  readonly evidence: readonly Evidence[];
  /** The sum of the chances of its independent sources. */
  readonly weight: number;
  /** Of its independent sources, each once. */
  readonly hosts: readonly string[];
}

/** Sources that give one thing different values. */
export interface Contradiction {
  /** What is asked. */
  readonly about: string;
  readonly variesWithTime: boolean;
  /** Heaviest first; two at least. */
  readonly sides: readonly [Side, Side, ...Side[]];
}

/** Beside the likelier of two, the other must be this likely to be about what is asked. */
const leastShare = 0.05;
/** A site seldom contradicts itself: on one host both pages must be this good, and alike in words as well as on the subject. */
const leastScoreOnOneHost = 0.5;
/** Weight of a word around the value, as a share of one of the question's: code is said of many things in like words. */
const aroundOther = 0.25;
const aroundCode = 1.5;
const leastSimilarity = 0.5;
/** Share of the question that one of two may hold and the other not. */
const mostUnshared = 0.15;

/**
 * Where the evidence contradicts itself on what is asked: at most one contradiction, with all its sides.
 * @param idf The weight of a term id; absent, all weigh the same.
 */
export function detectContradictions(
  question: string,
  evidence: readonly Evidence[],
  idf?: (term: number) => number,
): Contradiction[] {
  const terms = askedTerms(question, idf);
  if (!terms) return [];
  const claims = evidence
    .flatMap((one) => claimOf(terms, one) ?? [])
    .sort((one, other) => chanceOf(other) - chanceOf(one));
  const clusters = clustersOf(terms, inOneVoice(claims));
  for (const cluster of clusters) {
    const rivals = clusters.filter((other) => other !== cluster && contradict(terms, cluster, other));
    const [one, other, ...others] = [cluster, ...rivals]
      .map(sideOf)
      .sort((one, other) => other.weight - one.weight);
    if (!one || !other) continue;
    return [{ about: question, variesWithTime: terms.asked.variesWithTime, sides: [one, other, ...others] }];
  }
  return [];
}

function chanceOf({ evidence }: Claim): number {
  return evidence.chance ?? evidence.score;
}

/** A page says one thing, of what can be compared: what its likeliest claim says. Best first. */
function inOneVoice(claims: readonly Claim[]): Claim[] {
  const voices = new Map<string, Claim[]>();
  return claims.filter((claim) => {
    const own = voices.get(claim.evidence.url) ?? [];
    if (own.some((voice) => areAlike(voice, claim) && !haveOneValue(voice, claim))) return false;
    voices.set(claim.evidence.url, [...own, claim]);
    return true;
  });
}

function areAlike(one: Claim, other: Claim): boolean {
  return one.values.some((value) => other.values.some((rival) => areComparable(value, rival)));
}

/** Claims of one attribute with one value, around the best of them. */
function clustersOf(terms: AskedTerms, claims: readonly Claim[]): Claim[][] {
  const clusters: Claim[][] = [];
  for (const claim of claims) {
    const home = clusters.find(
      ([first]) => first && haveOneValue(first, claim) && areOfOneThing(terms, first, claim),
    );
    if (home) home.push(claim);
    else clusters.push([claim]);
  }
  return clusters;
}

function contradict(terms: AskedTerms, one: readonly Claim[], other: readonly Claim[]): boolean {
  const others = withoutCopies(other);
  return withoutCopies(one).some((claim) => others.some((rival) => areContradictory(terms, claim, rival)));
}

function areContradictory(terms: AskedTerms, one: Claim, other: Claim): boolean {
  const [first, second] = [one.evidence, other.evidence];
  if (first.contentKey === second.contentKey || first.url === second.url) return false;
  if (Math.min(first.score, second.score) < leastShare * Math.max(first.score, second.score)) return false;
  if (first.host === second.host && Math.min(first.score, second.score) < leastScoreOnOneHost) return false;
  return areAlike(one, other) && !haveOneValue(one, other) && areOfOneThing(terms, one, other);
}

function haveOneValue(one: Claim, other: Claim): boolean {
  return one.values.some((value: Value) =>
    other.values.some((rival) => areComparable(value, rival) && agree(value, rival)),
  );
}

/** Whether two claims give the value of the same attribute of the same thing. */
function areOfOneThing({ relation, weights, total }: AskedTerms, one: Claim, other: Claim): boolean {
  const areNeighbours = one.evidence.host === other.evidence.host;
  if (differInQualifiers(one.qualifiers, other.qualifiers, areNeighbours)) return false;
  const weigh = (terms: ReadonlySet<number>): number =>
    [...terms].reduce((sum, term) => sum + (weights.get(term) ?? 0), 0);
  if (!areNeighbours && one.values[0].kind !== "literal" && one.isOnSubject && other.isOnSubject) return true;
  if (!one.isClose || !other.isClose) return false;
  // "Where may it be used?": a manual names many places.
  if (areNeighbours && one.values[0].kind === "name" && relation.size === 0) return false;
  if (weigh(unsharedOf(one.asked, other.asked)) > mostUnshared * total) return false;
  const mean = total / Math.max(weights.size, 1);
  const aroundWeight = one.values[0].kind === "literal" ? aroundCode : aroundOther;
  const shared =
    weigh(commonOf(one.asked, other.asked)) + aroundWeight * mean * commonOf(one.around, other.around).size;
  const all =
    weigh(allOf(one.asked, other.asked)) + aroundWeight * mean * allOf(one.around, other.around).size;
  return shared / all >= leastSimilarity;
}

function sideOf(claims: readonly Claim[]): Side {
  const sources = withoutCopies(claims);
  return {
    value: claims[0]?.values[0].shown ?? "",
    evidence: claims.map(({ evidence }) => evidence),
    weight: weightOf(sources),
    hosts: [...new Set(sources.map(({ evidence }) => evidence.host))],
  };
}

function weightOf(sources: readonly Claim[]): number {
  return sources.reduce((sum, { evidence }) => sum + evidence.score, 0);
}
