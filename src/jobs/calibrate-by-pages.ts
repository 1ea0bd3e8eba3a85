import { setImmediate } from "node:timers/promises";
import type { RunContext } from "../context.ts";
import { analyzeQuery } from "../rag/text/analyzer.ts";
import { leastPseudoQueries } from "../rag/calibration/dense-weight.ts";
import { type PseudoQuery, PseudoQueries } from "../rag/calibration/pseudo-queries.ts";
import type { FoundChunk } from "../rag/chunk-store.ts";
import type { CalibrateOptions, CalibrationFloor } from "./calibration-floor.ts";
import { keyOf } from "./evaluate.ts";

/** Pages that queries are made from: beyond, more of them change little. */
const mostPages = 5_000;
/** MRR looks so deep. */
const depth = 10;
/** Queries of one round trip. */
const batchSize = 16;

/** What the pages' own queries say of the vectors. */
export interface PagesMeasure {
  readonly queries: number;
  /** MRR@10 of the vectors over BM25's; absent where there were too few queries to tell. */
  readonly ratio?: number;
  readonly reason: string;
}

/** Asks words and vectors for what the pages say of themselves. @see retrieval by known items. */
export async function measureByPages(
  floor: CalibrationFloor,
  options: CalibrateOptions,
  context: RunContext,
): Promise<PagesMeasure> {
  const queries = await makeQueries(floor, options, context);
  if (queries.length < leastPseudoQueries) {
    const reason = `The pages gave ${queries.length} queries of their own, ${leastPseudoQueries} are needed.`;
    return { queries: queries.length, reason };
  }
  let [words, meaning] = [0, 0];
  for (let start = 0; start < queries.length; start += batchSize) {
    context.signal.throwIfAborted();
    const ranks = await ask(floor, queries.slice(start, start + batchSize), context.signal);
    words += ranks.words;
    meaning += ranks.meaning;
    options.onProgress?.({
      step: "queries",
      done: Math.min(start + batchSize, queries.length),
      of: queries.length,
    });
  }
  const kinds = Map.groupBy(queries, ({ kind }) => kind);
  const made = (["anchor", "heading", "sentence"] as const)
    .filter((kind) => kinds.has(kind))
    .map((kind) => `${kinds.get(kind)?.length} from ${sources[kind]}`);
  const from = `${queries.length} queries made from the pages (${made.join(", ")})`;
  const mean = (sum: number) => (sum / queries.length).toFixed(2);
  if (words === 0) return { queries: queries.length, reason: `Words found nothing for ${from}.` };
  const ratio = meaning / words;
  return {
    queries: queries.length,
    ratio,
    reason: `For ${from}, the vectors' mean reciprocal rank is ${mean(meaning)} and the words' ${mean(words)}: ${ratio.toFixed(2)} times as high.`,
  };
}

const sources = { anchor: "texts of links", heading: "headings", sentence: "words of sentences" } as const;

async function makeQueries(
  { archive }: CalibrationFloor,
  { seed, onProgress }: CalibrateOptions,
  { signal }: RunContext,
): Promise<PseudoQuery[]> {
  const made = new PseudoQueries(keyOf, seed);
  const indexed = new Set<string>();
  for (const { url, document } of archive.documents()) {
    signal.throwIfAborted();
    made.add({ url, document });
    indexed.add(keyOf(url));
    if (indexed.size % batchSize === 0) {
      onProgress?.({ step: "pages", done: indexed.size });
      await setImmediate(); // lets an abort, and everything else, in
    }
    if (indexed.size >= mostPages) break;
  }
  return made.take((url) => indexed.has(keyOf(url)), leastPseudoQueries);
}

/** Sums of reciprocal ranks. */
async function ask(
  { store, embedder }: CalibrationFloor,
  queries: readonly PseudoQuery[],
  signal: AbortSignal,
): Promise<{ readonly words: number; readonly meaning: number }> {
  const texts = queries.map(({ text }) => text);
  const [found, vectors] = await Promise.all([
    store.searchWords(texts.map(analyzeQuery), { limit: depth }, signal),
    embedder.embed(texts, signal),
  ]);
  const near = await store.searchVectors(vectors, { limit: depth }, signal);
  const lists = [...found.map(({ chunks }) => chunks), ...near];
  const ids = [...new Set(lists.flat().map(({ id }) => id))];
  const chunks = new Map((await store.chunks(ids, signal)).map((chunk) => [chunk.id, chunk]));
  const isRight = ({ url, start, end }: PseudoQuery, { id }: FoundChunk) => {
    const chunk = chunks.get(id);
    return chunk !== undefined && keyOf(chunk.url) === keyOf(url) && chunk.start < end && chunk.end > start;
  };
  const reciprocal = (query: PseudoQuery, list: readonly FoundChunk[] = []) => {
    const place = list.findIndex((one) => isRight(query, one));
    return place < 0 ? 0 : 1 / (place + 1);
  };
  const sum = (listOf: (at: number) => readonly FoundChunk[] | undefined) =>
    queries.reduce((total, query, at) => total + reciprocal(query, listOf(at)), 0);
  return { words: sum((at) => found[at]?.chunks), meaning: sum((at) => near[at]) };
}
