import type { ChunkId } from "./chunk-store.ts";

/** An item as one retriever ranked it. */
export interface RankedHit {
  readonly id: ChunkId;
  readonly score: number;
  /**
   * Place in the ranking, from 1; absent: its place in the list. Items that stand for the same thing (chunks of a page
   * in a ranking of pages) share a place, and it counts once.
   */
  readonly rank?: number;
}

/** One retriever's ranking, best first. Scores are the retriever's own and are only compared within the list. */
export interface Ranking {
  readonly retriever: string;
  /** Share of the whole, 0 to 1. */
  readonly weight: number;
  readonly hits: readonly RankedHit[];
  /**
   * True when this retriever knows the item. What it does not know has no term in the sum and its weight goes to the others;
   * what it knows but did not rank counts as the bottom of its list. Absent: it knows everything.
   */
  readonly knows?: (id: ChunkId) => boolean;
  /** How likely this list is to be about the question, 0 to 1, where fusions ask; absent: 1. */
  readonly confidence?: number;
  /** The score below which nothing can fall, where the list is not cut off: BM25's 0. Absent: its last score. */
  readonly floor?: number;
}

export interface FusedHit {
  readonly id: ChunkId;
  /** Higher is better, 1 is about the best there is; comparable within one call. */
  readonly score: number;
  /** The normalised score from each retriever that ranked it. */
  readonly parts: Readonly<Record<string, number>>;
}

/**
 * Joins rankings into one. Pure. Keeps every id once, best first; a lone ranking keeps its order; equal scores keep the
 * order of the weightiest ranking, then of ids. A score that is no number counts as the bottom of its list.
 */
export type Fuse = (rankings: readonly Ranking[]) => FusedHit[];
