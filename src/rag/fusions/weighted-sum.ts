import { type ChunkId, compareIds } from "../chunk-store.ts";
import type { FusedHit, RankedHit, Ranking } from "../fusion.ts";

/** How a ranking's scores are brought to a common scale. */
export interface Scale {
  /** A hit's value; `rank` counts from 1. */
  readonly value: (score: number, rank: number) => number;
  /** The value of what the retriever knows and did not rank. */
  readonly bottom: number;
}

interface ScaledRanking {
  readonly ranking: Ranking;
  readonly bottom: number;
  readonly values: ReadonlyMap<ChunkId, { readonly value: number; readonly place: number }>;
}

/** What one retriever says of an item that it knows. */
export interface Opinion {
  readonly ranking: Ranking;
  /** On the common scale; the bottom's where it did not rank the item. */
  readonly value: number;
  readonly isRanked: boolean;
}

/** The mean of each item's scaled scores by weight, over the retrievers that know it. */
export function weightedSum(
  rankings: readonly Ranking[],
  scaleOf: (scores: readonly number[], ranking: Ranking) => Scale,
): FusedHit[] {
  return fuseBy(rankings, scaleOf, weightedMean);
}

export function weightedMean(opinions: readonly Opinion[]): number {
  let sum = 0;
  let weights = 0;
  for (const { ranking, value } of opinions) {
    sum += ranking.weight * value;
    weights += ranking.weight;
  }
  return weights > 0 ? sum / weights : 0;
}

/** What all fusions here share: scales each list, and lets `join` make one score of what the retrievers that know an item say of it. */
export function fuseBy(
  rankings: readonly Ranking[],
  scaleOf: (scores: readonly number[], ranking: Ranking) => Scale,
  join: (opinions: readonly Opinion[]) => number,
): FusedHit[] {
  const scaled = rankings.map((ranking) => scale(ranking, scaleOf));
  const byWeight = scaled.toSorted((one, other) => other.ranking.weight - one.ranking.weight);
  const ids = new Set(rankings.flatMap(({ hits }) => hits.map(({ id }) => id)));
  return [...ids].map((id) => fuseOne(id, scaled, join)).sort((one, other) => compare(one, other, byWeight));
}

function fuseOne(
  id: ChunkId,
  scaled: readonly ScaledRanking[],
  join: (opinions: readonly Opinion[]) => number,
): FusedHit {
  const parts: Record<string, number> = {};
  const opinions: Opinion[] = [];
  for (const { ranking, bottom, values } of scaled) {
    const hit = values.get(id);
    if (!hit && ranking.knows?.(id) === false) continue;
    opinions.push({ ranking, value: hit?.value ?? bottom, isRanked: hit !== undefined });
    if (hit) parts[ranking.retriever] = hit.value;
  }
  return { id, score: join(opinions), parts };
}

function compare(one: FusedHit, other: FusedHit, byWeight: readonly ScaledRanking[]): number {
  if (one.score !== other.score) return other.score - one.score;
  for (const { values } of byWeight) {
    const left = values.get(one.id)?.place ?? Number.MAX_SAFE_INTEGER;
    const right = values.get(other.id)?.place ?? Number.MAX_SAFE_INTEGER;
    if (left !== right) return left - right;
  }
  return compareIds(one.id, other.id);
}

function scale(
  ranking: Ranking,
  scaleOf: (scores: readonly number[], ranking: Ranking) => Scale,
): ScaledRanking {
  const { value, bottom } = scaleOf(distinctScores(ranking.hits), ranking);
  const values = new Map<ChunkId, { value: number; place: number }>();
  for (const [index, { id, score, rank }] of ranking.hits.entries()) {
    if (values.has(id)) continue;
    const isScored = Number.isFinite(score);
    values.set(id, { value: isScored ? value(score, rank ?? index + 1) : bottom, place: index });
  }
  return { ranking, bottom, values };
}

/** One score a place, what is no number left out. */
function distinctScores(hits: readonly RankedHit[]): number[] {
  const seen = new Set<number>();
  const scores: number[] = [];
  for (const [index, { score, rank = index + 1 }] of hits.entries()) {
    if (seen.has(rank) || !Number.isFinite(score)) continue;
    seen.add(rank);
    scores.push(score);
  }
  return scores;
}
