/** One retriever's ranking, best first. Scores are the retriever's own and are only compared within the list. */
export interface Ranking {
  readonly retriever: string;
  /** Share of the whole, 0 to 1. */
  readonly weight: number;
  readonly hits: readonly { readonly id: number; readonly score: number }[];
  /**
   * True when this retriever knows the item. What it does not know has no term in the sum and its weight goes to the others;
   * what it knows but did not rank counts as the bottom of its list. Absent: it knows everything.
   */
  readonly knows?: (id: number) => boolean;
}

export interface FusedHit {
  readonly id: number;
  /** 0 to 1, higher is better; comparable within one call. */
  readonly score: number;
  /** The normalised score from each retriever that ranked it. */
  readonly parts: Readonly<Record<string, number>>;
}

/**
 * Joins rankings into one. Pure. Keeps every id once, best first, ties by id; a lone ranking keeps its order.
 */
export type Fuse = (rankings: readonly Ranking[]) => FusedHit[];
