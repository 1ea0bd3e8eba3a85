import { AsyncLocalStorage } from "node:async_hooks";
import type { CallbackManagerForRetrieverRun } from "@langchain/core/callbacks/manager";
import type { Document } from "@langchain/core/documents";
import { BaseRetriever, type BaseRetrieverInput } from "@langchain/core/retrievers";
import { type RunnableConfig, ensureConfig } from "@langchain/core/runnables";
import type { Forager } from "../forager.ts";
import type { Filter } from "../rag/filter.ts";
import { type PassageMetadata, toPassageDocument } from "./passage.ts";

/** What a {@link ForagerRetriever} searches, and how. */
export interface ForagerRetrieverInput extends BaseRetrieverInput {
  readonly forager: Pick<Forager, "search">;
  /** Passages at most; 4. */
  readonly k?: number;
  readonly filter?: Filter;
  /** 0 to 1: passages that are less likely to be about the question are left out; 0. */
  readonly minConfidence?: number;
}

/** Forager's hybrid search as a LangChain retriever. A run's signal and timeout end the search. The forager stays the caller's to close. */
export class ForagerRetriever extends BaseRetriever<PassageMetadata> {
  readonly k: number;
  readonly minConfidence: number;
  readonly filter: Filter | undefined;
  override lc_namespace = ["forager", "langchain"];
  readonly #forager: Pick<Forager, "search">;
  /** LangChain hands a retriever's own method no signal: it travels beside the call. */
  readonly #signal = new AsyncLocalStorage<AbortSignal | undefined>();

  constructor(input: ForagerRetrieverInput) {
    const { forager, k, filter, minConfidence, ...base } = input;
    super(base);
    this.#forager = forager;
    this.k = k ?? 4;
    this.filter = filter;
    this.minConfidence = minConfidence ?? 0;
  }

  static override lc_name(): string {
    return "ForagerRetriever";
  }

  override async invoke(
    input: string,
    options?: Partial<RunnableConfig>,
  ): Promise<Document<PassageMetadata>[]> {
    // It makes a signal of a timeout, and takes what surrounds the call into account.
    const config = ensureConfig(options);
    return this.#signal.run(config.signal, () => super.invoke(input, config));
  }

  override async _getRelevantDocuments(
    query: string,
    _run?: CallbackManagerForRetrieverRun,
  ): Promise<Document<PassageMetadata>[]> {
    const options = { limit: this.k, ...(this.filter ? { filter: this.filter } : {}) };
    const { hits, notes } = await this.#forager.search(query, options, this.#signal.getStore());
    return hits
      .filter(({ confidence }) => confidence >= this.minConfidence)
      .map((hit) => toPassageDocument(hit, notes));
  }
}
