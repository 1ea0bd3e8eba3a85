// Fits the weights of src/rag/answering/sentence-score.ts, and says how they do on a manual that they were not fitted on:
//   node bench/fit-sentences.ts SET=DIR [SET=DIR ...] [--words]     SET: a development set in bench/questions; DIR: its index
// A conditional logit: of all sentences read for a question, which holds its answer? --words: without an embedder.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { silentLog } from "../src/log.ts";
import { sentenceScore, supportWeights, wordWeights } from "../src/rag/answering/sentence-score.ts";
import type { SentenceSigns } from "../src/rag/answering/sentence-signs.ts";
import { chancesOf, likeliestRun } from "../src/rag/answering/quote-run.ts";
import { createLocalOnnxEmbedder } from "../src/rag/embedders/local-onnx.ts";
import { LocalOnnxOptions } from "../src/rag/embedders/local-onnx-options.ts";
import { Manual } from "./fit/manual.ts";

/** Of either shape: a list, or a set with its role. */
const Asked = z.object({ query: z.string(), expected: z.string().nullish() });
const Sets = z.union([
  z.array(Asked),
  z.object({ role: z.literal("development"), questions: z.array(Asked) }),
]);
/** Half the squared weight of a standardised sign costs this much beside the questions' losses. */
const ridge = 5;
const steps = 3_000;
const stepSize = 0.5;

interface Sentence {
  readonly url: string;
  readonly start: number;
  readonly end: number;
  readonly isRow: boolean;
  readonly opensEntry: boolean;
  readonly signs: SentenceSigns;
  readonly isRight: boolean;
}
interface Task {
  readonly sentences: readonly Sentence[];
  readonly texts: ReadonlyMap<string, string>;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { words: { type: "boolean", default: false } },
});
const names = Object.keys(values.words ? wordWeights : supportWeights) as (keyof SentenceSigns)[];
await using embedder = await createLocalOnnxEmbedder({ log: silentLog }, LocalOnnxOptions.parse({}));
const manuals = new Map<string, readonly Task[]>();
for (const [set = "", folder = ""] of positionals.map((pair) => pair.split("=")))
  manuals.set(set, await readTasks(set, folder));
for (const [held, tasks] of manuals) {
  const others = [...manuals].flatMap(([set, own]) => (set === held && manuals.size > 1 ? [] : own));
  const weights = fit(others);
  const [first, run] = [
    share(tasks, (task) => isFirstRight(task, weights)),
    share(tasks, (task) => isRunRight(task, weights)),
  ];
  console.log(`${held}: ${tasks.length} questions; first sentence ${first}, run ${run}`);
}
console.log(
  Object.fromEntries(
    Object.entries(fit([...manuals.values()].flat())).map(([name, weight]) => [
      name,
      Number(weight.toFixed(2)),
    ]),
  ),
);

async function readTasks(set: string, folder: string): Promise<Task[]> {
  const file = join(import.meta.dirname, "questions", `${set}.json`);
  const parsed = Sets.parse(JSON.parse(await readFile(file, "utf8")));
  using manual = new Manual(folder, { embedder, isWords: values.words });
  const tasks: Task[] = [];
  for (const { query, expected } of Array.isArray(parsed) ? parsed : parsed.questions) {
    if (typeof expected !== "string") continue;
    const pattern = new RegExp(expected, "u");
    const { passages, candidates } = await manual.readFor(query);
    tasks.push({
      sentences: candidates.map((sentence) => ({
        ...sentence,
        isRight: pattern.test(sentence.quote.replace(/\s+/g, " ")),
      })),
      texts: new Map(passages.map(({ stored }) => [stored.url, stored.document.text])),
    });
  }
  return tasks;
}

/** Gradient descent on standardised signs: the loss is convex. */
function fit(tasks: readonly Task[]): Record<keyof SentenceSigns, number> {
  const useful = tasks.filter(({ sentences }) => sentences.some(({ isRight }) => isRight));
  const all = useful.flatMap(({ sentences }) => sentences);
  const scales = names.map((name) => {
    const mean = all.reduce((sum, { signs }) => sum + signs[name], 0) / all.length;
    return Math.sqrt(all.reduce((sum, { signs }) => sum + (signs[name] - mean) ** 2, 0) / all.length) || 1;
  });
  const rows = useful.map(({ sentences }) =>
    sentences.map(({ signs, isRight }) => ({
      row: names.map((name, at) => signs[name] / (scales[at] ?? 1)),
      isRight,
    })),
  );
  let weights = names.map(() => 0);
  for (let step = 0; step < steps; step++) {
    const gradient = weights.map((weight) => ridge * weight);
    for (const question of rows) {
      const chances = chancesOf(
        question.map(({ row }) => row.reduce((sum, value, at) => sum + value * (weights[at] ?? 0), 0)),
      );
      const right = question.reduce(
        (sum, { isRight }, index) => sum + (isRight ? (chances[index] ?? 0) : 0),
        0,
      );
      for (const [index, { row, isRight }] of question.entries()) {
        const chance = chances[index] ?? 0;
        const pull = chance - (isRight ? chance / Math.max(right, 1e-12) : 0);
        for (const [at, value] of row.entries()) gradient[at] = (gradient[at] ?? 0) + pull * value;
      }
    }
    const size = stepSize / rows.length;
    weights = weights.map((weight, at) => weight - size * (gradient[at] ?? 0));
    if (Math.hypot(...gradient) < 0.01) break;
  }
  const named = names.map((name, at) => [name, (weights[at] ?? 0) / (scales[at] ?? 1)]);
  return Object.fromEntries(named) as Record<keyof SentenceSigns, number>;
}

function withChances({ sentences }: Task, weights: Record<keyof SentenceSigns, number>) {
  const chances = chancesOf(sentences.map(({ signs }) => sentenceScore(signs, weights)));
  return sentences.map((sentence, index) => ({ ...sentence, chance: chances[index] ?? 0 }));
}

function isFirstRight(task: Task, weights: Record<keyof SentenceSigns, number>): boolean {
  return withChances(task, weights).sort((one, other) => other.chance - one.chance)[0]?.isRight === true;
}

function isRunRight(task: Task, weights: Record<keyof SentenceSigns, number>): boolean {
  const run = likeliestRun(withChances(task, weights), (url) => task.texts.get(url) ?? "");
  return run.some(({ isRight }) => isRight);
}

function share(tasks: readonly Task[], test: (task: Task) => boolean): string {
  return (tasks.filter(test).length / tasks.length).toFixed(3);
}
