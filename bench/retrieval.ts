// How good is each way to join words and meaning, and what is a part of the vectors worth? Over indexes made before with
// `forager crawl ... --embed all`; nothing is embedded but the questions, nothing is written:
//   node bench/retrieval.ts NAME=DATA_FOLDER:bench/questions/apache.json NAME=DATA_FOLDER:QUERIES.jsonl ...
//     [--part strategies,coverage] [--seed 1] [--typos SEED]
// --typos: one slip of the keys in each question.
// Prints two tables in Markdown: nDCG@10 over pages, and its difference to BM25, the same queries drawn on both sides.
import { parseArgs } from "node:util";
import { systemClock } from "../src/clock.ts";
import { createLocalOnnxEmbedder } from "../src/rag/embedders/local-onnx.ts";
import { LocalOnnxOptions } from "../src/rag/embedders/local-onnx-options.ts";
import type { ChunkStore } from "../src/rag/chunk-store.ts";
import { bootstrapDifference, bootstrapMean, type Estimate } from "../src/rag/evaluation/bootstrap.ts";
import { RetrieveOptions } from "../src/rag/retrieval/retrieve-options.ts";
import { Retriever } from "../src/rag/retrieval/retrieve.ts";
import { silentLog } from "../src/log.ts";
import { JudgedSet } from "./retrieval/judged-set.ts";
import { typist } from "./typos.ts";

/** Pages a ranking is asked for. */
const depth = 100;
const shares = [0.05, 0.2, 0.5, 1];

/** One row: what it sets, and what it does not see. */
interface Way {
  readonly name: string;
  readonly options: Partial<RetrieveOptions>;
  readonly withoutPages?: true;
  readonly withoutVectors?: true;
}

/** The question as it stands; the default asks long ones sentence by sentence too, and words that no page has by near ones. */
const plain: Partial<RetrieveOptions> = { variants: [], respelling: false };
const bm25: Way = { name: "BM25 (pages and passages)", options: plain, withoutVectors: true };
const ways: readonly Way[] = [
  bm25,
  { name: "BM25 (passages only)", options: plain, withoutPages: true, withoutVectors: true },
  { name: "BM25, sentence by sentence too", options: {}, withoutVectors: true },
  { name: "dense", options: { ...plain, fusion: "dbsf", denseWeight: 1 } },
  {
    name: "RRF of two: passages' BM25, dense",
    options: { ...plain, fusion: "rrf", denseWeight: 1 / 3 },
    withoutPages: true,
  },
  {
    name: "DBSF of two: passages' BM25, dense",
    options: { ...plain, fusion: "dbsf", denseWeight: 1 / 3 },
    withoutPages: true,
  },
  { name: "RRF of three, .5", options: { ...plain, fusion: "rrf", denseWeight: 0.5 } },
  { name: "weighted, .3", options: { ...plain, fusion: "weighted", denseWeight: 0.3 } },
  { name: "weighted, .5", options: { ...plain, fusion: "weighted", denseWeight: 0.5 } },
  { name: "best", options: { ...plain, fusion: "best", denseWeight: 0.5 } },
  { name: "consensus", options: { ...plain, fusion: "consensus", denseWeight: 0.5 } },
  { name: "hybrid", options: { ...plain, fusion: "hybrid", denseWeight: 0.5 } },
  { name: "ACF (an embedder of unknown strength)", options: { ...plain, fusion: "acf" } },
  { name: "DBSF of three, .5: the default, the question as it stands", options: plain },
  { name: "**default**", options: {} },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    part: { type: "string", default: "strategies,coverage" },
    seed: { type: "string", default: "1" },
    typos: { type: "string" },
  },
});
const seed = Number(values.seed);
await using embedder = await createLocalOnnxEmbedder({ log: silentLog }, LocalOnnxOptions.parse({}));
using opened = new DisposableStack();
const sets: JudgedSet[] = [];
for (const described of positionals) sets.push(opened.use(await JudgedSet.open(described, embedder)));

const baselines = await Promise.all(sets.map((set) => run(set, bm25)));
if (values.part.includes("strategies")) {
  console.log(header("way"));
  for (const way of ways) await printRow(way.name, (set) => run(set, way));
}
if (values.part.includes("coverage")) {
  console.log(`\n${header("vectors")}`);
  for (const [name, options] of [
    ["default", plain],
    ["ACF", { ...plain, fusion: "acf" }],
  ] as const) {
    for (const embedBudgetMs of [0, 500]) {
      for (const share of [0, ...shares]) {
        if (share === 1 && embedBudgetMs > 0) continue;
        const title = `${name}, ${share * 100} %${embedBudgetMs > 0 ? " and 20 a question" : ""}`;
        await printRow(title, (set) =>
          run(set, { name, options: { ...options, embedBudgetMs } }, set.vectors.hide(set.store, share)),
        );
      }
    }
  }
}

/** nDCG@10 of each query. */
async function run(set: JudgedSet, way: Way, store: ChunkStore = set.store): Promise<number[]> {
  const options = RetrieveOptions.parse({ embedBudgetMs: 0, ...way.options, maxPerPage: 1, maxHostShare: 1 });
  const seen = way.withoutPages ? withoutPages(store) : store;
  const retriever = new Retriever(
    { store: seen, embedder: way.withoutVectors ? undefined : set.embedder, clock: systemClock },
    options,
  );
  const scores: number[] = [];
  const typed = values.typos === undefined ? (text: string) => text : typist(Number(values.typos));
  for (const query of set.queries) {
    const { hits } = await retriever.retrieve(typed(query.text), { limit: depth });
    scores.push(
      set.score(
        query,
        hits.map(({ chunk }) => chunk.url),
      ).ndcg10,
    );
  }
  return scores;
}

function withoutPages(store: ChunkStore): ChunkStore {
  const searchWords: ChunkStore["searchWords"] = async (...given) =>
    (await store.searchWords(...given)).map((found) => ({ ...found, documents: [] }));
  return new Proxy(store, {
    get: (target, key) => {
      const value: unknown = key === "searchWords" ? searchWords : Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

async function printRow(name: string, measure: (set: JudgedSet) => Promise<number[]>): Promise<void> {
  const cells: string[] = [];
  for (const [at, set] of sets.entries()) {
    const scores = await measure(set);
    const base = baselines[at] ?? [];
    const mean = bootstrapMean(scores, seed);
    const difference = bootstrapDifference(scores, base, seed);
    const isBaseline = scores.every((score, index) => score === base[index]);
    cells.push(`${shown(mean?.value)}${isBaseline || !difference ? "" : ` ${signed(difference)}`}`);
  }
  console.log(`| ${name} | ${cells.join(" | ")} |`);
}

function header(first: string): string {
  const names = sets.map(({ name, queries }) => `${name} (${queries.length})`);
  return `| ${[first, ...names].join(" | ")} |\n|${"---|".repeat(names.length + 1)}`;
}

function shown(value = Number.NaN): string {
  return value.toFixed(3).replace(/^(-?)0/, "$1");
}

function signed({ value, interval90, interval95 }: Estimate): string {
  const range = ([low, high]: readonly [number, number]) => `${sign(low)}, ${sign(high)}`;
  return `${sign(value)} [${range(interval90)}] [${range(interval95)}]`;
}

function sign(value: number): string {
  return `${value >= 0 ? "+" : ""}${shown(value)}`;
}
