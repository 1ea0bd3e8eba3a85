import type { RunContext } from "../context.ts";
import { StoreError } from "../errors.ts";
import type { Calibration } from "../rag/calibration/calibration.ts";
import {
  chooseCurve,
  leastAnswers,
  leastWrong,
  type KnownAnswer,
} from "../rag/calibration/confidence-curve.ts";
import {
  chooseDenseWeight,
  denseWeights,
  leastJudgedQueries,
  measureGain,
} from "../rag/calibration/dense-weight.ts";
import type { Embedder } from "../rag/embedder.ts";
import { DocumentNames } from "../rag/evaluation/document-names.ts";
import type { JudgedQuery } from "../rag/evaluation/judged-query.ts";
import { ndcg } from "../rag/evaluation/ranking-metrics.ts";
import { usualWeights } from "../rag/retrieval/join-rankings.ts";
import type { Reranker } from "../rag/reranker.ts";
import { Retriever } from "../rag/retrieval/retrieve.ts";
import type { CalibrateOptions, CalibrationFloor } from "./calibration-floor.ts";
import { hasRelevant, judgeAnswer, keyOf } from "./evaluate.ts";

/** nDCG looks so deep. */
const depth = 10;
/** What judged queries say. */
export interface LabelsMeasure {
  /** Absent where too few queries tell a relevant page. */
  readonly weight?: {
    readonly denseWeight: number;
    readonly queries: number;
    readonly gain: NonNullable<Calibration["gain"]>;
  };
  readonly confidence?: Calibration["confidence"];
  readonly reranker?: Calibration["reranker"];
  readonly reasons: readonly string[];
}

/** Tries each weight on the judged queries, and asks them for answers, to see how far the stated confidence holds. */
export async function calibrateByLabels(
  floor: CalibrationFloor,
  queries: readonly JudgedQuery[],
  options: CalibrateOptions,
  context: RunContext,
): Promise<LabelsMeasure> {
  const names = new DocumentNames(
    queries.flatMap(({ grades }) => [...grades.keys()]),
    keyOf,
  );
  for (const { url } of floor.archive.documents()) {
    context.signal.throwIfAborted();
    names.add(url);
  }
  const found = await chooseWeight(floor, queries.filter(hasRelevant), names, options, context);
  const sure = await chooseConfidence(floor, queries, names, options, context);
  return { ...found, ...sure, reasons: [...found.reasons, ...sure.reasons] };
}

async function chooseWeight(
  floor: CalibrationFloor,
  queries: readonly JudgedQuery[],
  names: DocumentNames,
  { onProgress }: CalibrateOptions,
  context: RunContext,
): Promise<Omit<LabelsMeasure, "confidence">> {
  if (queries.length < leastJudgedQueries) {
    const reason = `${queries.length} of the queries tell a relevant page, ${leastJudgedQueries} are needed to choose by them.`;
    return { reasons: [reason] };
  }
  const embedder = remembering(floor.embedder);
  const rounds = denseWeights.length + (floor.reranker ? 1 : 0);
  let done = 0;
  const run = async (denseWeight: number, reranker?: Reranker): Promise<number[]> => {
    const { store, clock } = floor;
    // A fresh index, and an embedder of unknown strength, are anchored; what labels choose is not.
    const fusion = floor.retrieve.fusion === "auto" ? "dbsf" : floor.retrieve.fusion;
    const given = {
      ...floor.retrieve,
      fusion,
      denseWeight,
      embedBudgetMs: 0,
      maxPerPage: 1,
      maxHostShare: 1,
    };
    const retriever = new Retriever({ store, embedder, reranker, clock }, given);
    const scores: number[] = [];
    for (const query of queries) {
      const { hits, notes } = await retriever.retrieve(query.text, { limit: depth }, context.signal);
      // It would be measured as if it had nothing to say.
      if (notes.length > 0)
        throw new StoreError(`A part of the search failed while it was measured: ${notes.join("; ")}`, {
          retryable: true,
        });
      const { ranking, grades } = names.align(
        hits.map(({ chunk }) => chunk.url),
        query.grades,
      );
      scores.push(ndcg(ranking, grades, depth));
      onProgress?.({ step: "queries", done: (done += 1), of: rounds * queries.length });
    }
    return scores;
  };
  const trials: { weight: number; scores: readonly number[] }[] = [];
  for (const weight of denseWeights) trials.push({ weight, scores: await run(weight) });
  const choice = chooseDenseWeight(trials, floor.embedder.isProven ? usualWeights.proven : 0);
  if (choice.kind === "too-few") return { reasons: [] };
  const scoresAt = (weight: number) => trials.find((trial) => trial.weight === weight)?.scores ?? [];
  const { gain, standardError } = measureGain(scoresAt(choice.weight), scoresAt(0));
  const told = `On ${queries.length} judged queries, that weight is worth ${signed(gain)} ± ${standardError.toFixed(3)} nDCG@10 over words alone.`;
  const reranked = floor.reranker
    ? await tryReranker(floor.reranker, scoresAt(choice.weight), () => run(choice.weight, floor.reranker))
    : undefined;
  return {
    weight: {
      denseWeight: choice.weight,
      queries: queries.length,
      gain: { mean: gain, standardError },
    },
    ...(reranked ? { reranker: reranked.reranker } : {}),
    reasons: [told, ...(reranked ? [reranked.reason] : [])],
  };
}

/** A reranker stays where what it gains is no luck. */
async function tryReranker(
  { id }: Reranker,
  without: readonly number[],
  run: () => Promise<number[]>,
): Promise<{ readonly reranker: NonNullable<Calibration["reranker"]>; readonly reason: string }> {
  const { gain, standardError, isSure } = measureGain(await run(), without);
  const reason = `The reranker is ${isSure ? "used" : "left out"}: it gains ${signed(gain)} ± ${standardError.toFixed(3)}.`;
  return { reranker: { id, isUsed: isSure }, reason };
}

async function chooseConfidence(
  floor: CalibrationFloor,
  queries: readonly JudgedQuery[],
  names: DocumentNames,
  { seed, onProgress }: CalibrateOptions,
  context: RunContext,
): Promise<Pick<LabelsMeasure, "confidence" | "reasons">> {
  const labelled = queries.filter((query) => query.isAnswerable !== undefined);
  if (!floor.ask || labelled.length === 0) return { reasons: [] };
  const answers: KnownAnswer[] = [];
  if (labelled.length >= leastAnswers) {
    for (const query of labelled) {
      context.signal.throwIfAborted();
      const answer = await floor.ask(query.text, context);
      const { confidence, isRight } = judgeAnswer(
        answer,
        { ...query, isAnswerable: query.isAnswerable === true },
        names,
      );
      answers.push({ id: query.id, confidence, isRight });
      onProgress?.({ step: "answers", done: answers.length, of: labelled.length });
    }
  }
  const choice = chooseCurve(answers, seed);
  switch (choice.kind) {
    case "chosen": {
      const { slope, intercept } = choice.curve;
      const reason = `The confidence of answers is corrected by ${answers.length} of them: log-odds times ${slope.toFixed(2)}, and ${signed(intercept)}.`;
      return { confidence: choice.curve, reasons: [reason] };
    }
    case "kept":
      return {
        reasons: [
          `The confidence of answers stays as it is: on ${answers.length} answers no curve fits better.`,
        ],
      };
    case "too-few": {
      const reason =
        answers.length === 0
          ? `${labelled.length} queries say whether they can be answered, ${leastAnswers} are needed to correct the confidence.`
          : `${choice.wrong} of ${choice.answers} answers are wrong; to correct the confidence it takes ${leastWrong} of either kind.`;
      return { reasons: [reason] };
    }
  }
}

/** Asks for each query's vector once, whatever is tried. */
function remembering(embedder: Embedder): Embedder {
  const known = new Map<string, Promise<Float32Array>>();
  const ask = async (text: string, signal?: AbortSignal) => {
    if (embedder.embedQuery) return await embedder.embedQuery(text, signal);
    const [vector] = await embedder.embed([text], signal);
    return vector ?? new Float32Array(embedder.dimensions);
  };
  const { id, dimensions, maxTokens, concurrency, batchSize } = embedder;
  return {
    id,
    dimensions,
    maxTokens,
    concurrency,
    batchSize,
    isProven: embedder.isProven,
    embed: (texts, signal) => embedder.embed(texts, signal),
    embedQuery(text, signal) {
      const vector = known.get(text) ?? ask(text, signal);
      known.set(text, vector);
      vector.catch(() => known.delete(text)); // one that failed is asked for again
      return vector;
    },
    async [Symbol.asyncDispose]() {}, // it stays its owner's
  };
}

function signed(value: number): string {
  return `${value >= 0 ? "+" : ""}${value.toFixed(3)}`;
}
