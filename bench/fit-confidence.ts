// Fits the weights of src/rag/answering/confidence.ts, and says how they do on a manual that they were not fitted on:
//   node bench/fit-confidence.ts SET=DIR [SET=DIR ...] [--words]     SET: a development set in bench/questions; DIR: its index
// Two steps: of all questions, which does the manual answer (logistic)? Then, how often is the first quote right (Platt)?
// --words: without an embedder.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { OptionsError } from "../src/errors.ts";
import { silentLog } from "../src/log.ts";
import { AnswerOptions } from "../src/rag/answering/answer-options.ts";
import { answerSigns, foundSigns } from "../src/rag/answering/answer-signs.ts";
import { chancesOf } from "../src/rag/answering/quote-run.ts";
import { quotesOf } from "../src/rag/answering/quotes.ts";
import { sentenceScore, supportWeights, wordWeights } from "../src/rag/answering/sentence-score.ts";
import { fitLogistic, fitPlatt } from "../src/rag/calibration/logistic.ts";
import {
  type AnswerSigns,
  type ConfidenceSign,
  type ConfidenceWeights,
  supportConfidence,
  weighedConfidence,
  weighedSigns,
  wordConfidence,
} from "../src/rag/answering/confidence.ts";
import { createLocalOnnxEmbedder } from "../src/rag/embedders/local-onnx.ts";
import { LocalOnnxOptions } from "../src/rag/embedders/local-onnx-options.ts";
import { type ReadForQuestion, Manual } from "./fit/manual.ts";
import { areaUnderRoc, calibrationError } from "../src/rag/evaluation/confidence-metrics.ts";

/** Of either shape: a list, where `expected` is null for what the pages do not say, or a set with its role and kinds. */
const Asked = z.object({
  query: z.string(),
  kind: z.enum(["answerable", "near", "absent"]).optional(),
  expected: z.string().nullish(),
  isNear: z.boolean().default(false),
});
const Sets = z.union([
  z.array(Asked).transform((questions) => ({ role: "development", questions })),
  z.object({ role: z.string(), questions: z.array(Asked) }),
]);
/** Half the squared weight of a standardised sign costs this much beside the questions' losses. */
const ridge = 1;

/** A question's first quote: what it is judged by, and whether it holds the answer. */
interface Judged {
  readonly kind: "answerable" | "near" | "absent";
  readonly isRight: boolean;
  readonly signs: Record<ConfidenceSign, number>;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { words: { type: "boolean", default: false } },
});
const { leastConfidence } = AnswerOptions.parse({});
const inCode = values.words ? wordConfidence : supportConfidence;
const names = Object.keys(inCode).filter((name): name is ConfidenceSign => name !== "intercept");
await using embedder = await createLocalOnnxEmbedder({ log: silentLog }, LocalOnnxOptions.parse({}));
const manuals = new Map<string, readonly Judged[]>();
for (const [set = "", folder = ""] of positionals.map((pair) => pair.split("=")))
  manuals.set(set, await judge(set, folder));
const columns = ["near", "absent", "error", "answerable", "right", "near", "absent"];
console.log(`${" ".repeat(30)}AUC${" ".repeat(17)}refused at ${leastConfidence}`);
console.log(line("left out", columns));
const rows: number[][] = [];
for (const [held, judged] of manuals) {
  const others = [...manuals].flatMap(([set, own]) => (set === held && manuals.size > 1 ? [] : own));
  const row = measure(judged, fit(others));
  rows.push(row);
  console.log(line(held, row.map(decimals)));
}
const means = columns.map((_, at) => rows.reduce((sum, row) => sum + (row[at] ?? 0), 0) / rows.length);
console.log(line("mean", means.map(decimals)));
const all = [...manuals.values()].flat();
const counts = Object.entries(Object.groupBy(all, ({ kind }) => kind)).map(
  ([kind, own]) => `${own.length} ${kind}`,
);
console.log(
  `fitted on all, ${counts.join(", ")}, ${all.filter(({ isRight }) => isRight).length} quotes right:`,
);
const fitted = fit(all);
console.log(line("", ["fitted", "in code"]));
for (const name of [...names, "intercept"] as const)
  console.log(
    line(
      name,
      [fitted[name], inCode[name]].map((weight = 0) => weight.toFixed(2)),
    ),
  );

async function judge(set: string, folder: string): Promise<Judged[]> {
  const file = join(import.meta.dirname, "questions", `${set}.json`);
  const { role, questions } = Sets.parse(JSON.parse(await readFile(file, "utf8")));
  if (role !== "development") throw new OptionsError(set, `it is ${role}: fit on development sets alone`);
  using manual = new Manual(folder, { embedder, isWords: values.words });
  const judged: Judged[] = [];
  for (const { query, expected, isNear, kind } of questions) {
    const first = firstQuote(await manual.readFor(query));
    // Where no sentence is read there is nothing to be sure of.
    if (!first) continue;
    const isAnswered = typeof expected === "string";
    judged.push({
      kind: kind ?? (isAnswered ? "answerable" : isNear ? "near" : "absent"),
      isRight: isAnswered && new RegExp(expected, "u").test(first.text.replace(/\s+/g, " ").trim()),
      signs: weighedSigns(first.signs),
    });
  }
  return judged;
}

/** As the Answerer finds it; sources of one site do not contradict each other here. */
function firstQuote({
  question,
  passages,
  candidates,
}: ReadForQuestion): { readonly text: string; readonly signs: AnswerSigns } | undefined {
  const weights = values.words ? wordWeights : supportWeights;
  const chances = chancesOf(candidates.map(({ signs }) => sentenceScore(signs, weights)));
  const scored = candidates
    .map((candidate, index) => ({ ...candidate, chance: chances[index] ?? 0 }))
    .sort((one, other) => other.chance - one.chance);
  const [first] = quotesOf(question, scored, passages);
  return (
    first && {
      text: first.text,
      signs: answerSigns(question, foundSigns(question, passages), first.text, first.best),
    }
  );
}

/** Weights for the signs as they are, of a model of standardised ones. */
function fit(judged: readonly Judged[]): ConfidenceWeights {
  const columnsOf = names.map((name) => judged.map(({ signs }) => signs[name]));
  const centres = columnsOf.map(mean);
  const scales = columnsOf.map(
    (column, at) => Math.sqrt(mean(column.map((value) => (value - (centres[at] ?? 0)) ** 2))) || 1,
  );
  const standardised = judged.map(({ signs }) =>
    names.map((name, at) => (signs[name] - (centres[at] ?? 0)) / (scales[at] ?? 1)),
  );
  const answerable = fitLogistic(
    standardised,
    judged.map(({ kind }) => Number(kind === "answerable")),
    { ridge },
  );
  const scores = standardised.map((row) =>
    row.reduce((sum, value, at) => sum + value * (answerable.weights[at] ?? 0), answerable.intercept),
  );
  const platt = fitPlatt(
    scores,
    judged.map(({ isRight }) => isRight),
  );
  const slope = platt.weights[0] ?? 1;
  const own = answerable.weights.map((weight, at) => (slope * weight) / (scales[at] ?? 1));
  const shift = own.reduce((sum, weight, at) => sum + weight * (centres[at] ?? 0), 0);
  return {
    ...(Object.fromEntries(names.map((name, at) => [name, own[at] ?? 0])) as Record<ConfidenceSign, number>),
    intercept: platt.intercept + slope * answerable.intercept - shift,
  };
}

/** One number a column. */
function measure(judged: readonly Judged[], weights: ConfidenceWeights): number[] {
  const stated = judged.map((one) => ({ ...one, confidence: weighedConfidence(one.signs, weights) }));
  const of = (kind: Judged["kind"]) =>
    stated.filter((one) => one.kind === kind).map(({ confidence }) => confidence);
  const right = stated.filter(({ isRight }) => isRight).map(({ confidence }) => confidence);
  const [answerable, near, absent] = [of("answerable"), of("near"), of("absent")];
  return [
    areaUnderRoc(answerable, near) ?? Number.NaN,
    areaUnderRoc(answerable, absent) ?? Number.NaN,
    calibrationError(stated) ?? Number.NaN,
    ...[answerable, right, near, absent].map(refusedShare),
  ];
}

function refusedShare(confidences: readonly number[]): number {
  return mean(confidences.map((confidence) => Number(confidence < leastConfidence)));
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function decimals(value: number): string {
  return value.toFixed(3);
}

function line(name: string, cells: readonly string[]): string {
  return name.padEnd(18) + cells.map((cell) => cell.padStart(12)).join("");
}
