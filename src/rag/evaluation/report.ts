import type { AbstentionReport, JudgedAnswer } from "./abstention-report.ts";
import type { ScoredQuery, StrategyReport } from "./retrieval-report.ts";

/** Everything `forager evaluate` found out, with what it takes to find it out again. */
export interface EvaluationReport {
  readonly forager: { readonly version: string; readonly commit?: string };
  readonly seed: number;
  readonly resamples: number;
  readonly queries: {
    readonly total: number;
    readonly judged: number;
    /** Those with at least one relevant document, which rankings are scored on. */
    readonly scored: number;
    readonly asked: number;
  };
  readonly retrieval: readonly StrategyReport[];
  readonly abstention: AbstentionReport | null;
  /** What a reader should know before believing the figures. */
  readonly notes: readonly string[];
  /** Query by query. */
  readonly rankings: readonly ScoredQuery[];
  readonly answers: readonly JudgedAnswer[];
}
