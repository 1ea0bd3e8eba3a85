import { normalizeUrl } from "../browser/url.ts";
import type { RunContext } from "../context.ts";
import type { Answer } from "../rag/answering/answer.ts";
import { type JudgedAnswer, reportAbstention } from "../rag/evaluation/abstention-report.ts";
import { resamples } from "../rag/evaluation/bootstrap.ts";
import { DocumentNames } from "../rag/evaluation/document-names.ts";
import { isJudged, type JudgedQuery } from "../rag/evaluation/judged-query.ts";
import { scoreRanking } from "../rag/evaluation/ranking-metrics.ts";
import type { EvaluationReport } from "../rag/evaluation/report.ts";
import { reportRetrieval, type ScoredQuery } from "../rag/evaluation/retrieval-report.ts";
import { strategies, type StrategyName } from "../rag/evaluation/strategies.ts";

/** Pages that a strategy is asked for: as deep as the deepest figure looks. */
const rankingDepth = 100;
/** Of names that are not as they should be, so many are shown. */
const namesShown = 3;
/** Of different things that went wrong on the way, so many. */
const troublesShown = 10;

/** What an evaluation stands on. */
export interface EvaluationFloor {
  /** The strategies that this index and machine allow. */
  readonly strategies: readonly StrategyName[];
  /** URLs of pages, best first, by one strategy alone; passages of one page may repeat it. */
  readonly search: (
    query: string,
    strategy: StrategyName,
    limit: number,
    context: RunContext,
  ) => Promise<{ readonly urls: readonly string[]; readonly notes: readonly string[] }>;
  readonly ask: (question: string, context: RunContext) => Promise<Answer>;
  /** URLs of all indexed pages. */
  readonly pages: () => Iterable<string> | AsyncIterable<string>;
}

export interface EvaluateOptions {
  readonly seed: number;
  readonly forager: EvaluationReport["forager"];
  /** Told after each query. */
  readonly onQuery?: (done: number, of: number) => void;
}

/** Asks every judged query of every strategy, and for an answer, and says how good both are. */
export async function evaluate(
  floor: EvaluationFloor,
  queries: readonly JudgedQuery[],
  options: EvaluateOptions,
  context: RunContext,
): Promise<EvaluationReport> {
  const { seed, forager, onQuery } = options;
  const names = new DocumentNames(
    queries.flatMap(({ grades }) => [...grades.keys()]),
    keyOf,
  );
  for await (const url of floor.pages()) names.add(url);
  const judged = queries.filter(isJudged);
  const rankings: ScoredQuery[] = [];
  const answers: JudgedAnswer[] = [];
  const troubles = new Map<string, number>();
  const take = (who: string, told: readonly string[]) => {
    for (const note of told) troubles.set(`${who}: ${note}`, (troubles.get(`${who}: ${note}`) ?? 0) + 1);
  };
  for (const [index, query] of judged.entries()) {
    context.signal.throwIfAborted();
    if (hasRelevant(query)) rankings.push(await rank(floor, query, names, take, context));
    const isAnswerable = query.isAnswerable ?? (hasRelevant(query) || query.expected !== undefined);
    if (isAnswerable || query.isAnswerable === false) {
      const answer = await floor.ask(query.text, context);
      take("answers", answer.notes);
      answers.push(judgeAnswer(answer, { ...query, isAnswerable }, names));
    }
    onQuery?.(index + 1, judged.length);
  }
  return {
    forager,
    seed,
    resamples,
    queries: {
      total: queries.length,
      judged: judged.length,
      scored: rankings.length,
      asked: answers.length,
    },
    retrieval: reportRetrieval(floor.strategies, rankings, seed),
    abstention: reportAbstention(answers, seed) ?? null,
    notes: [...describeGaps(floor, queries, judged, names), ...describeTroubles(troubles)],
    rankings,
    answers,
  };
}

async function rank(
  floor: EvaluationFloor,
  query: JudgedQuery,
  names: DocumentNames,
  take: (who: string, notes: readonly string[]) => void,
  context: RunContext,
): Promise<ScoredQuery> {
  const scores: ScoredQuery["scores"][StrategyName][] = [];
  for (const strategy of floor.strategies) {
    const found = await floor.search(query.text, strategy, rankingDepth, context);
    take(strategies[strategy], found.notes);
    const { ranking, grades } = names.align(found.urls, query.grades);
    scores.push(scoreRanking(ranking, grades));
  }
  const named = floor.strategies.map((strategy, index) => [strategy, scores[index]]);
  return { ...labelOf(query), scores: Object.fromEntries(named) as ScoredQuery["scores"] };
}

/**
 * Right is an answer that matches what is expected, in its text or a quote; where nothing is expected, one whose first
 * quote is from a relevant page. Of what was not answered, the nearest quote is taken for what would have been said.
 */
export function judgeAnswer(
  answer: Answer,
  query: JudgedQuery & { readonly isAnswerable: boolean },
  names: DocumentNames,
): JudgedAnswer {
  const { confidence, abstained, citations } = answer;
  const quotes = (abstained ? citations.slice(0, 1) : citations).map(({ quote }) => quote);
  const said = abstained ? quotes : [answer.answer, ...quotes];
  return {
    ...labelOf(query),
    confidence,
    abstained,
    isAnswerable: query.isAnswerable,
    isRight: query.isAnswerable && isRight(said, citations[0]?.url, query, names),
  };
}

function isRight(
  said: readonly string[],
  url: string | undefined,
  query: JudgedQuery,
  names: DocumentNames,
): boolean {
  const { expected } = query;
  if (expected) return said.some((text) => expected.test(text));
  if (!hasRelevant(query)) return url !== undefined;
  const { ranking, grades } = names.align(url === undefined ? [] : [url], query.grades);
  return ranking.some((name) => (grades.get(name) ?? 0) >= 1);
}

function describeGaps(
  floor: EvaluationFloor,
  queries: readonly JudgedQuery[],
  judged: readonly JudgedQuery[],
  names: DocumentNames,
): string[] {
  const absent = (Object.keys(strategies) as StrategyName[]).filter(
    (name) => !floor.strategies.includes(name),
  );
  const byPage = judged.filter(
    (query) => query.isAnswerable !== false && !query.expected && hasRelevant(query),
  );
  const loose = judged.filter(
    (query) => query.isAnswerable === true && !query.expected && !hasRelevant(query),
  );
  const lines: readonly (readonly [number, string])[] = [
    [absent.length, `not compared here: ${absent.map((name) => strategies[name]).join(", ")}`],
    [
      queries.length - judged.length,
      `${queries.length - judged.length} of ${queries.length} queries have no judgement and were left out`,
    ],
    [
      names.missing.length,
      `${names.missing.length} judged documents are not in the index and count as not found: ${shown(names.missing)}`,
    ],
    [
      names.ambiguous.length,
      `${names.ambiguous.length} judged documents fit several pages, any of which counts: ${shown(names.ambiguous)}`,
    ],
    [
      byPage.length,
      `of ${byPage.length} questions no expected answer is given: right is an answer whose first quote is from a relevant page`,
    ],
    [
      loose.length,
      `${loose.length} questions tell neither an expected answer nor a relevant page: any answer to them counts as right`,
    ],
  ];
  return lines.flatMap(([count, text]) => (count > 0 ? [text] : []));
}

/** What went wrong, the most frequent first. */
function describeTroubles(troubles: ReadonlyMap<string, number>): string[] {
  return [...troubles]
    .sort(([, one], [, other]) => other - one)
    .slice(0, troublesShown)
    .map(([note, count]) => `${note} (${count} ${count === 1 ? "query" : "queries"})`);
}

function shown(names: readonly string[]): string {
  return `${names.slice(0, namesShown).join(", ")}${names.length > namesShown ? ", ..." : ""}`;
}

/** Whether any page is known to be relevant. */
export function hasRelevant({ grades }: JudgedQuery): boolean {
  return [...grades.values()].some((grade) => grade >= 1);
}

function labelOf(query: JudgedQuery): { readonly id: string; readonly class?: string } {
  return { id: query.id, ...(query.class === undefined ? {} : { class: query.class }) };
}

/** Equal for two URLs of one page. */
export function keyOf(url: string): string {
  const normalized = normalizeUrl(url);
  return normalized.kind === "url" ? normalized.key : url;
}
