import type { StrategyName } from "../rag/evaluation/strategies.ts";
import { Retriever, type RetrieverDeps } from "../rag/retrieval/retrieve.ts";
import type { RetrieveOptions } from "../rag/retrieval/retrieve-options.ts";
import { ask, type AskFloor } from "./ask.ts";
import type { EvaluationFloor } from "./evaluate.ts";

/** The question as it stands. */
const plain: Partial<RetrieveOptions> = { variants: [], respelling: false };
/** What each strategy sets; both kinds of words, of page and passage, are BM25 here. */
const settings: Readonly<Record<StrategyName, Partial<RetrieveOptions>>> = {
  bm25: { fusion: "dbsf", ...plain },
  dense: { fusion: "dbsf", denseWeight: 1, ...plain },
  rrf: { fusion: "rrf", denseWeight: 0.5, ...plain },
  dbsf: { fusion: "dbsf", denseWeight: 0.5, ...plain },
  default: {},
  acf: { fusion: "acf", ...plain },
};

/** An index and what answers from it, made ready to be judged: nothing is embedded on the way, and every page counts once. */
export function evaluationFloor(
  deps: {
    /** What the default searches with; the others do without its reranker and what was measured on the index. */
    readonly retriever: RetrieverDeps;
    readonly askFloor: AskFloor;
    readonly pages: () => Iterable<string> | AsyncIterable<string>;
  },
  options: RetrieveOptions,
): EvaluationFloor {
  const { store, embedder, clock, reranker, calibration } = deps.retriever;
  const means: Readonly<Record<StrategyName, RetrieverDeps>> = {
    bm25: { store, clock },
    dense: { store, embedder, clock },
    rrf: { store, embedder, clock },
    dbsf: { store, embedder, clock },
    default: { store, embedder, clock, reranker, calibration },
    acf: { store, embedder, clock },
  };
  return {
    strategies: embedder ? (Object.keys(settings) as StrategyName[]) : ["bm25", "default"],
    async search(query, strategy, limit, context) {
      const given = { ...options, ...settings[strategy], embedBudgetMs: 0, maxPerPage: 1, maxHostShare: 1 };
      const retriever = new Retriever(means[strategy], given);
      const { hits, notes } = await retriever.retrieve(query, { limit }, context.signal);
      return { urls: hits.map(({ chunk }) => chunk.url), notes };
    },
    ask: (question, context) => ask(deps.askFloor, question, {}, context),
    pages: deps.pages,
  };
}
