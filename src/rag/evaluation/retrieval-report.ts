import { bootstrapDifference, bootstrapMean, type Estimate } from "./bootstrap.ts";
import type { RankingScores } from "./ranking-metrics.ts";
import { baseline, type StrategyName } from "./strategies.ts";

/** How well each strategy ranked one query. */
export interface ScoredQuery {
  readonly id: string;
  readonly class?: string;
  readonly scores: Readonly<Partial<Record<StrategyName, RankingScores>>>;
}

/** How well one strategy ranks: means over the queries that have a relevant document. */
export type StrategyReport = { readonly [Metric in keyof RankingScores]: Estimate } & {
  readonly strategy: StrategyName;
  readonly queries: number;
  /** In nDCG@10, query by query; null for the baseline itself, and without one. */
  readonly difference: Estimate | null;
  /** Means of nDCG@10 by class of query. */
  readonly classes: Readonly<Record<string, Estimate>>;
};

const metrics = ["ndcg10", "recall5", "recall20", "recall100", "mrr10", "averagePrecision"] as const;

/** Sums up what was scored: every interval draws the same queries. A strategy that did not rank all queries is left out. */
export function reportRetrieval(
  names: readonly StrategyName[],
  queries: readonly ScoredQuery[],
  seed: number,
): StrategyReport[] {
  return names.flatMap((strategy) => {
    const report = reportStrategy(strategy, queries, seed);
    return report ? [report] : [];
  });
}

function reportStrategy(
  strategy: StrategyName,
  queries: readonly ScoredQuery[],
  seed: number,
): StrategyReport | undefined {
  const rows = scoresOf(strategy, queries);
  const estimates = metrics.flatMap((metric) => {
    const estimate = bootstrapMean(
      rows.map((row) => row[metric]),
      seed,
    );
    return estimate ? [[metric, estimate] as const] : [];
  });
  if (rows.length < queries.length || estimates.length === 0) return undefined;
  const others = strategy === baseline ? [] : scoresOf(baseline, queries);
  return {
    strategy,
    queries: rows.length,
    ...(Object.fromEntries(estimates) as Record<keyof RankingScores, Estimate>),
    difference:
      others.length === rows.length
        ? (bootstrapDifference(rows.map(toNdcg), others.map(toNdcg), seed) ?? null)
        : null,
    classes: classesOf(strategy, queries, seed),
  };
}

function classesOf(
  strategy: StrategyName,
  queries: readonly ScoredQuery[],
  seed: number,
): Record<string, Estimate> {
  const names = [...new Set(queries.flatMap((query) => query.class ?? []))].sort();
  return Object.fromEntries(
    names.flatMap((name) => {
      const own = scoresOf(
        strategy,
        queries.filter((query) => query.class === name),
      );
      const estimate = bootstrapMean(own.map(toNdcg), seed);
      return estimate ? [[name, estimate]] : [];
    }),
  );
}

function scoresOf(strategy: StrategyName, queries: readonly ScoredQuery[]): RankingScores[] {
  return queries.flatMap(({ scores }) => scores[strategy] ?? []);
}

function toNdcg({ ndcg10 }: RankingScores): number {
  return ndcg10;
}
