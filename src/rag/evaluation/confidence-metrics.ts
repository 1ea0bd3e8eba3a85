/** A stated confidence, and whether what was said was right. */
export interface Stated {
  /** 0 to 1. */
  readonly confidence: number;
  readonly isRight: boolean;
}

/**
 * The chance that one of `positives` lies above one of `negatives`, a tie counting half: the area under the ROC curve.
 * @returns Undefined when either is empty.
 * @see Hanley and McNeil, The meaning and use of the area under a ROC curve, Radiology 1982.
 */
export function areaUnderRoc(positives: readonly number[], negatives: readonly number[]): number | undefined {
  if (positives.length === 0 || negatives.length === 0) return undefined;
  const all = [
    ...positives.map((value) => ({ value, isPositive: true })),
    ...negatives.map((value) => ({ value, isPositive: false })),
  ].sort((one, other) => one.value - other.value);
  let below = 0;
  let wins = 0;
  for (const tied of groupTies(all, ({ value }) => value)) {
    const up = tied.filter(({ isPositive }) => isPositive).length;
    const down = tied.length - up;
    wins += up * (below + down / 2);
    below += down;
  }
  return wins / (positives.length * negatives.length);
}

/** One bar of a reliability diagram. */
export interface ReliabilityBin {
  /** Of the stated confidences; the last bin holds its upper end, too. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly right: number;
  /** Mean of the stated confidences; 0 in an empty bin. */
  readonly meanConfidence: number;
}

/** Ten bins of equal width: the usual number. */
const binCount = 10;

/** What was stated, by how sure it was. */
export function reliabilityBins(stated: readonly Stated[]): ReliabilityBin[] {
  const bins = Array.from({ length: binCount }, () => ({ count: 0, right: 0, sum: 0 }));
  for (const { confidence, isRight } of stated) {
    const bin = bins[Math.min(Math.max(Math.floor(confidence * binCount), 0), binCount - 1)];
    if (!bin) continue;
    bin.count += 1;
    bin.right += Number(isRight);
    bin.sum += confidence;
  }
  return bins.map(({ count, right, sum }, index) => ({
    from: index / binCount,
    to: (index + 1) / binCount,
    count,
    right,
    meanConfidence: count > 0 ? sum / count : 0,
  }));
}

/**
 * Expected calibration error: how far, on average, the stated confidence lies from the share that was right.
 * @returns Undefined when nothing was stated.
 * @see Guo, Pleiss, Sun and Weinberger, On Calibration of Modern Neural Networks, ICML 2017, equation 3.
 */
export function calibrationError(stated: readonly Stated[]): number | undefined {
  if (stated.length === 0) return undefined;
  const gaps = reliabilityBins(stated).map(({ count, right, meanConfidence }) =>
    Math.abs(right - count * meanConfidence),
  );
  return gaps.reduce((sum, gap) => sum + gap, 0) / stated.length;
}

/** A point of the risk-coverage curve: answering whatever is at least so sure. */
export interface RiskPoint {
  readonly threshold: number;
  /** Share that is answered. */
  readonly coverage: number;
  /** Share of those that is wrong. */
  readonly risk: number;
}

/**
 * What answering costs, the surest first: a point for each confidence that was stated.
 * @see El-Yaniv and Wiener, On the Foundations of Noise-free Selective Classification, JMLR 2010.
 */
export function riskCoverage(stated: readonly Stated[]): RiskPoint[] {
  let count = 0;
  let wrong = 0;
  return surestFirst(stated).map((tied) => {
    count += tied.length;
    wrong += wrongIn(tied);
    return { threshold: tied[0]?.confidence ?? 0, coverage: count / stated.length, risk: wrong / count };
  });
}

/**
 * The share that is wrong among the surest `coverage` of what was stated, rounded up to a whole number of answers; equally
 * sure ones count by their average.
 * @returns Undefined when nothing was stated.
 */
export function riskAt(stated: readonly Stated[], coverage: number): number | undefined {
  const wanted = Math.max(1, Math.ceil(coverage * stated.length - 1e-9));
  return cumulativeRisks(stated)[wanted - 1];
}

/**
 * Area under the risk-coverage curve: the mean of the risks at 1, 2, ... all answers. Lower is better; equally sure
 * answers count by their average, so their order is of no account.
 * @returns Undefined when nothing was stated.
 * @see Geifman, Uziel and El-Yaniv, Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers, ICLR 2019.
 */
export function areaUnderRiskCoverage(stated: readonly Stated[]): number | undefined {
  if (stated.length === 0) return undefined;
  return cumulativeRisks(stated).reduce((sum, risk) => sum + risk, 0) / stated.length;
}

function cumulativeRisks(stated: readonly Stated[]): number[] {
  let count = 0;
  let wrong = 0;
  return surestFirst(stated).flatMap((tied) => {
    const share = wrongIn(tied) / tied.length;
    return tied.map(() => {
      count += 1;
      wrong += share;
      return wrong / count;
    });
  });
}

function surestFirst(stated: readonly Stated[]): Stated[][] {
  const sorted = stated.toSorted((one, other) => other.confidence - one.confidence);
  return groupTies(sorted, ({ confidence }) => confidence);
}

function wrongIn(stated: readonly Stated[]): number {
  return stated.filter(({ isRight }) => !isRight).length;
}

/** Runs of equal value in what is sorted by it. */
function groupTies<T>(sorted: readonly T[], valueOf: (item: T) => number): T[][] {
  const groups: T[][] = [];
  let last: number | undefined;
  for (const item of sorted) {
    const value = valueOf(item);
    if (value === last) groups.at(-1)?.push(item);
    else groups.push([item]);
    last = value;
  }
  return groups;
}
