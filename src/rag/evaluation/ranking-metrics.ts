/** What people judged of one query: the grade of each document, by its name; what is missing, and what is below 1, is not relevant. */
export type Grades = ReadonlyMap<string, number>;

/** How good one ranking is, each 0 to 1. */
export interface RankingScores {
  readonly ndcg10: number;
  readonly recall5: number;
  readonly recall20: number;
  readonly recall100: number;
  readonly mrr10: number;
  readonly averagePrecision: number;
}

/**
 * Scores a ranking of documents; a document that comes again brings nothing and takes no place.
 * @returns Undefined where no document is relevant: there is nothing to find.
 */
export function scoreRanking(ranking: readonly string[], grades: Grades): RankingScores | undefined {
  if (relevantCount(grades) === 0) return undefined;
  const distinct = [...new Set(ranking)];
  return {
    ndcg10: ndcg(distinct, grades, 10),
    recall5: recall(distinct, grades, 5),
    recall20: recall(distinct, grades, 20),
    recall100: recall(distinct, grades, 100),
    mrr10: reciprocalRank(distinct, grades, 10),
    averagePrecision: averagePrecision(distinct, grades),
  };
}

/**
 * Normalised discounted cumulative gain of the first `depth`: the gain is the grade itself, the discount log2(rank + 1), the
 * ideal goes over all judged documents. As trec_eval's ndcg_cut, not the form with 2^grade - 1; for grades of 0 and 1 they agree.
 * @param ranking Each document once.
 * @see Järvelin and Kekäläinen, Cumulated gain-based evaluation of IR techniques, TOIS 2002; trec_eval 9, m_ndcg_cut.c.
 */
export function ndcg(ranking: readonly string[], grades: Grades, depth: number): number {
  const ideal = [...grades.values()].map(gain).sort((one, other) => other - one);
  const best = discounted(ideal.slice(0, depth));
  return best > 0 ? discounted(ranking.slice(0, depth).map((name) => gain(grades.get(name)))) / best : 0;
}

/** Share of all relevant documents among the first `depth`. */
export function recall(ranking: readonly string[], grades: Grades, depth: number): number {
  const found = ranking.slice(0, depth).filter((name) => gain(grades.get(name)) > 0).length;
  return found / Math.max(relevantCount(grades), 1);
}

/** One over the rank of the first relevant document, 0 when it is not among the first `depth`. */
export function reciprocalRank(ranking: readonly string[], grades: Grades, depth: number): number {
  const index = ranking.slice(0, depth).findIndex((name) => gain(grades.get(name)) > 0);
  return index < 0 ? 0 : 1 / (index + 1);
}

/** Mean, over the relevant documents, of the precision where each was found; 0 for those that were not. As trec_eval's map. */
export function averagePrecision(ranking: readonly string[], grades: Grades): number {
  let found = 0;
  let sum = 0;
  for (const [index, name] of ranking.entries()) {
    if (gain(grades.get(name)) <= 0) continue;
    found += 1;
    sum += found / (index + 1);
  }
  return sum / Math.max(relevantCount(grades), 1);
}

function gain(grade: number | undefined): number {
  return grade === undefined || grade < 1 ? 0 : grade;
}

function relevantCount(grades: Grades): number {
  return [...grades.values()].filter((grade) => gain(grade) > 0).length;
}

function discounted(gains: readonly number[]): number {
  return gains.reduce((sum, value, index) => sum + value / Math.log2(index + 2), 0);
}
