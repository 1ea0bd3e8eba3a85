import { bootstrap, type Estimate } from "./bootstrap.ts";
import {
  areaUnderRiskCoverage,
  areaUnderRoc,
  calibrationError,
  type ReliabilityBin,
  reliabilityBins,
  riskAt,
  riskCoverage,
  type RiskPoint,
} from "./confidence-metrics.ts";

/** An answer, held against what is known. */
export interface JudgedAnswer {
  readonly id: string;
  readonly class?: string;
  readonly confidence: number;
  readonly abstained: boolean;
  readonly isAnswerable: boolean;
  /** What was said, or would have been said, is right; never for a question that the pages do not answer. */
  readonly isRight: boolean;
}

/** How well the system knows what it knows. Null is what the questions do not tell. */
export interface AbstentionReport {
  readonly answerable: number;
  readonly unanswerable: number;
  /** That an answerable question gets more confidence than an unanswerable one. */
  readonly auc: Estimate | null;
  /** The same, against the unanswerable questions of each class. */
  readonly aucByClass: Readonly<Record<string, Estimate>>;
  /** Expected calibration error of the stated confidence, abstained answers included. */
  readonly calibrationError: Estimate | null;
  /** Area under the risk-coverage curve, and what a perfect order of the same answers would leave. */
  readonly aurc: Estimate | null;
  readonly bestAurc: number | null;
  /** Share right when everything, the surest nine tenths, or the surest half is answered. */
  readonly accuracyAt: Readonly<Record<"100" | "90" | "50", number | null>>;
  /** As it is configured: the share answered, and the share of those that is right. */
  readonly answeredShare: number;
  readonly answeredAccuracy: number | null;
  /** Of the unanswerable, the share that got an answer all the same. */
  readonly falseAnswerRate: Estimate | null;
  /** Of the answerable, the share that got none. */
  readonly falseRefusalRate: Estimate | null;
  readonly bins: readonly ReliabilityBin[];
  readonly curve: readonly RiskPoint[];
}

/** Sums up what was answered. @returns Undefined when nothing was asked. */
export function reportAbstention(
  answers: readonly JudgedAnswer[],
  seed: number,
): AbstentionReport | undefined {
  if (answers.length === 0) return undefined;
  const answerable = answers.filter(({ isAnswerable }) => isAnswerable);
  const unanswerable = answers.filter(({ isAnswerable }) => !isAnswerable);
  const given = answers.filter(({ abstained }) => !abstained);
  const accuracyAt = (coverage: number) => complement(riskAt(answers, coverage));
  return {
    answerable: answerable.length,
    unanswerable: unanswerable.length,
    auc: bootstrap(answers, auc, seed) ?? null,
    aucByClass: aucByClass(answerable, unanswerable, seed),
    calibrationError: bootstrap(answers, calibrationError, seed) ?? null,
    aurc: bootstrap(answers, areaUnderRiskCoverage, seed) ?? null,
    bestAurc: areaUnderRiskCoverage(answers.map(perfectlySure)) ?? null,
    accuracyAt: { "100": accuracyAt(1), "90": accuracyAt(0.9), "50": accuracyAt(0.5) },
    answeredShare: given.length / answers.length,
    answeredAccuracy: given.length > 0 ? share(given, ({ isRight }) => isRight) : null,
    falseAnswerRate: bootstrapShare(unanswerable, ({ abstained }) => !abstained, seed),
    falseRefusalRate: bootstrapShare(answerable, ({ abstained }) => abstained, seed),
    bins: reliabilityBins(answers),
    curve: riskCoverage(answers),
  };
}

function auc(answers: readonly JudgedAnswer[]): number | undefined {
  const confidences = (isAnswerable: boolean) =>
    answers.filter((answer) => answer.isAnswerable === isAnswerable).map(({ confidence }) => confidence);
  return areaUnderRoc(confidences(true), confidences(false));
}

function aucByClass(
  answerable: readonly JudgedAnswer[],
  unanswerable: readonly JudgedAnswer[],
  seed: number,
): Record<string, Estimate> {
  const names = [...new Set(unanswerable.flatMap((answer) => answer.class ?? []))].sort();
  return Object.fromEntries(
    names.flatMap((name) => {
      const own = unanswerable.filter((answer) => answer.class === name);
      const estimate = bootstrap([...answerable, ...own], auc, seed);
      return estimate ? [[name, estimate]] : [];
    }),
  );
}

function perfectlySure({ isRight }: JudgedAnswer) {
  return { confidence: Number(isRight), isRight };
}

function bootstrapShare(
  answers: readonly JudgedAnswer[],
  holds: (answer: JudgedAnswer) => boolean,
  seed: number,
): Estimate | null {
  return bootstrap(answers, (sample) => (sample.length > 0 ? share(sample, holds) : undefined), seed) ?? null;
}

function share(answers: readonly JudgedAnswer[], holds: (answer: JudgedAnswer) => boolean): number {
  return answers.filter(holds).length / answers.length;
}

function complement(risk: number | undefined): number | null {
  return risk === undefined ? null : 1 - risk;
}
