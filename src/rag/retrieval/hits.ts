import type { ChunkId, StoredChunk } from "../chunk-store.ts";
import { hitConfidence } from "./hit-confidence.ts";
import type { Freshness } from "./freshness.ts";
import type { FusedHit, Ranking } from "../fusion.ts";

/** Which retrievers a hit's rank and score come from. */
export type RetrieverName = "page" | "chunk" | "dense";

/** A passage that was found, and why. */
export interface Hit {
  readonly chunk: StoredChunk;
  /** Joined score: 1 is about the best there is; comparable within one result. */
  readonly score: number;
  /** 0 to 1: how likely the passage is about the question. */
  readonly confidence: number;
  /** Rank from 1 and the retriever's own score: BM25 of page and passage, cosine. */
  readonly retrievers: Readonly<
    Partial<Record<RetrieverName, { readonly rank: number; readonly score: number }>>
  >;
  /** What its date did to its score, where the question is about a moment and the page says when it was published. */
  readonly freshness?: Freshness;
}

/** Where each passage stands with one retriever. */
export interface Ranks {
  readonly retriever: string;
  readonly places: ReadonlyMap<ChunkId, { readonly rank: number; readonly score: number }>;
}

/** A ranking, to be looked up by passage. */
export function toRanks({ retriever, hits }: Pick<Ranking, "retriever" | "hits">): Ranks {
  return {
    retriever,
    places: new Map(hits.map(({ id, score, rank }, index) => [id, { rank: rank ?? index + 1, score }])),
  };
}

/** A passage that was found, with why. */
export function describeHit(
  hit: FusedHit,
  chunk: StoredChunk,
  ranks: readonly Ranks[],
  maxScore: number,
  isProven: boolean,
  changes: ReadonlyMap<ChunkId, Freshness>,
): Hit {
  const freshness = changes.get(hit.id);
  const retrievers: Hit["retrievers"] = Object.fromEntries(
    ranks.flatMap(({ retriever, places }) => {
      const place = places.get(hit.id);
      return place ? [[retriever, place]] : [];
    }),
  );
  const lexicalShare = maxScore > 0 ? (retrievers.chunk?.score ?? 0) / maxScore : 0;
  return {
    chunk,
    score: hit.score,
    confidence: hitConfidence(lexicalShare, isProven ? retrievers.dense?.score : undefined),
    retrievers,
    ...(freshness ? { freshness } : {}),
  };
}
