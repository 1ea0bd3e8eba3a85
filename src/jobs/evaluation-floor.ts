import type { Clock } from "../clock.ts";
import type { ChunkStore } from "../rag/chunk-store.ts";
import type { Embedder } from "../rag/embedder.ts";
import type { StrategyName } from "../rag/evaluation/strategies.ts";
import { Retriever } from "../rag/retrieve.ts";
import type { RetrieveOptions } from "../rag/retrieve-options.ts";
import { ask, type AskFloor } from "./ask.ts";
import type { EvaluationFloor } from "./evaluate.ts";

/** What each strategy sets; both kinds of words, of page and passage, are BM25 here. */
const settings: Readonly<Record<StrategyName, Partial<RetrieveOptions>>> = {
  bm25: { fusion: "dbsf", denseWeight: 0 },
  dense: { fusion: "dbsf", denseWeight: 1 },
  rrf: { fusion: "rrf", denseWeight: 0.5 },
  dbsf: { fusion: "dbsf", denseWeight: 0.5 },
  default: {},
  acf: { fusion: "acf" },
};

/** An index and what answers from it, made ready to be judged: nothing is embedded on the way, and every page counts once. */
export function evaluationFloor(
  deps: {
    readonly store: ChunkStore;
    readonly embedder: Embedder | undefined;
    readonly clock: Clock;
    readonly askFloor: AskFloor;
    readonly pages: () => Iterable<string> | AsyncIterable<string>;
  },
  options: RetrieveOptions,
): EvaluationFloor {
  const { store, embedder, clock } = deps;
  return {
    strategies: embedder ? (Object.keys(settings) as StrategyName[]) : ["bm25", "default"],
    async search(query, strategy, limit, context) {
      const given = { ...options, ...settings[strategy], embedBudgetMs: 0, maxPerPage: 1, maxHostShare: 1 };
      const { hits, notes } = await new Retriever({ store, embedder, clock }, given).retrieve(
        query,
        { limit },
        context.signal,
      );
      return { urls: hits.map(({ chunk }) => chunk.url), notes };
    },
    ask: (question, context) => ask(deps.askFloor, question, {}, context),
    pages: deps.pages,
  };
}
