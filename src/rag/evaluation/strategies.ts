/** Ways to rank that are compared; the first is what the others are held against. */
export const strategies = {
  bm25: "BM25",
  dense: "dense",
  rrf: "RRF",
  dbsf: "DBSF",
  default: "the default",
  acf: "ACF",
} as const;

export type StrategyName = keyof typeof strategies;

export const baseline: StrategyName = "bm25";
