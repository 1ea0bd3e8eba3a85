import type { Lookup } from "../agents/researcher.ts";
import type { RunContext } from "../context.ts";
import type { AgentRef } from "../coordination/workforce.ts";
import type { Filter } from "../rag/filter.ts";
import type { Freshness } from "../rag/retrieval/freshness.ts";
import type { Correction, Retrieval } from "../rag/retrieval/retrieve.ts";

/** A passage, and why it is where it is. */
export interface SearchHit {
  readonly url: string;
  readonly title: string;
  readonly heading: string;
  readonly text: string;
  /** Range of the document's text. */
  readonly start: number;
  readonly end: number;
  readonly score: number;
  readonly confidence: number;
  /** Rank and score in each retriever that found it. */
  readonly retrievers: Readonly<Record<string, { readonly rank: number; readonly score: number }>>;
  /** What the page's date did to the score, where the question is about a moment. */
  readonly freshness?: Freshness;
}

export interface SearchResult {
  readonly query: string;
  /** Words of the query that the pages write otherwise, and that were searched for so; absent where there are none. */
  readonly corrections?: readonly Correction[];
  readonly hits: readonly SearchHit[];
  /** What a reader should know: a retriever that was missing or late. */
  readonly notes: readonly string[];
}

/** Ranked passages for a query. */
export async function search(
  floor: { readonly researcher: AgentRef<Lookup, Retrieval[]> },
  query: string,
  options: { readonly limit: number; readonly filter?: Filter | undefined },
  context: RunContext,
): Promise<SearchResult> {
  const [retrieval] = await floor.researcher.run({ parts: [query], ...options }, context);
  const hits = retrieval?.hits.map(({ chunk, score, confidence, retrievers, freshness }) => ({
    url: chunk.url,
    title: chunk.title,
    heading: chunk.headingPath,
    text: chunk.text,
    start: chunk.start,
    end: chunk.end,
    score,
    confidence,
    retrievers,
    ...(freshness ? { freshness } : {}),
  }));
  return {
    query,
    ...(retrieval?.corrections ? { corrections: retrieval.corrections } : {}),
    hits: hits ?? [],
    notes: retrieval?.notes ?? [],
  };
}
