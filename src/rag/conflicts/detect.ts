import { type Claim, claimOf } from "./claims.ts";
import { withoutCopies } from "./copies.ts";
import type { Evidence, Value } from "./evidence.ts";
import { differInNarrowing } from "./narrowing.ts";
import { unsharedOf } from "./overlap.ts";
import { type Question, readQuestion } from "./question.ts";
import { agree, areComparable } from "./values.ts";

// How a contradiction is found, without a language model:
// 1. question.ts: of what kind is the answer (a number of a dimension, a date, a name, yes or no), and which words tell of what?
// 2. claims.ts: which sentences are about that, by their words, headings and page, and which one value does each give? values.ts
//    has what kinds of value there are, where in a sentence one must stand, and when two can both be true.
// 3. narrowing.ts: is it of a part, a variant, a case or a time that a sentence speaks?
// 4. Here: a page has one voice; claims that say the same are one side; two sides that cannot both be true of one thing, narrowed
//    alike, are a contradiction. resolve.ts decides it.

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
/** A site seldom contradicts itself: on one host both sentences must be this likely, and hold the question themselves. */
const leastScoreOnOneHost = 0.5;
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
  const terms = readQuestion(question, idf);
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
    return [{ about: question, variesWithTime: terms.variesWithTime, sides: [one, other, ...others] }];
  }
  return [];
}

function chanceOf({ evidence }: Claim): number {
  return evidence.chance ?? evidence.score;
}

/** A page says one thing, of what can be compared and is narrowed alike: what its likeliest claim says. Best first. */
function inOneVoice(claims: readonly Claim[]): Claim[] {
  const voices = new Map<string, Claim[]>();
  return claims.filter((claim) => {
    const own = voices.get(claim.evidence.url) ?? [];
    if (
      own.some(
        (voice) =>
          areAlike(voice, claim) &&
          !haveOneValue(voice, claim) &&
          !differInNarrowing(voice.narrowing, claim.narrowing),
      )
    )
      return false;
    voices.set(claim.evidence.url, [...own, claim]);
    return true;
  });
}

function areAlike(one: Claim, other: Claim): boolean {
  return one.values.some((value) => other.values.some((rival) => areComparable(value, rival)));
}

/** Claims of one attribute with one value, around the best of them. */
function clustersOf(terms: Question, claims: readonly Claim[]): Claim[][] {
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

function contradict(terms: Question, one: readonly Claim[], other: readonly Claim[]): boolean {
  const others = withoutCopies(other);
  return withoutCopies(one).some((claim) => others.some((rival) => areContradictory(terms, claim, rival)));
}

function areContradictory(terms: Question, one: Claim, other: Claim): boolean {
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
function areOfOneThing({ weights, total }: Question, one: Claim, other: Claim): boolean {
  if (differInNarrowing(one.narrowing, other.narrowing)) return false;
  const areNeighbours = one.evidence.host === other.evidence.host;
  // Code is said of many things in like words.
  const isCode = one.values[0].kind === "literal";
  if (!areNeighbours && !isCode && one.isOnSubject && other.isOnSubject) return true;
  if (!one.isClose || !other.isClose) return false;
  const unshared = unsharedOf(one.asked, other.asked);
  return [...unshared].reduce((sum, term) => sum + (weights.get(term) ?? 0), 0) <= mostUnshared * total;
}

function sideOf(claims: readonly Claim[]): Side {
  const sources = withoutCopies(claims);
  return {
    value: claims[0]?.values[0].shown ?? "",
    evidence: claims.map(({ evidence }) => evidence),
    weight: sources.reduce((sum, { evidence }) => sum + evidence.score, 0),
    hosts: [...new Set(sources.map(({ evidence }) => evidence.host))],
  };
}
