import type { Schemas } from "@qdrant/js-client-rest";
import { inverseDocumentFrequency, saturation } from "../../bm25.ts";
import {
  compareIds,
  type FoundChunk,
  type FusedQuery,
  type FusedSearchOptions,
  type ScoredId,
  type TermCounts,
} from "../../chunk-store.ts";
import { mostResults } from "./index-config.ts";
import { queryVector, shortNumbers } from "./numbers.ts";
import { sparseOf } from "./payload.ts";

type Search = Schemas["QueryRequest"];
type Hit = Schemas["ScoredPoint"];

/** What ranking needs to know of a chunk; the rest of its payload stays where it is. */
const rankedBy = ["doc_id", "embedded"];
/**
 * Candidates that the graph keeps in view: 128, or twice what is asked for. Below some 7,000 vectors of 384 numbers a
 * segment Qdrant builds no graph and compares them all; `exact` would do so always.
 */
const leastInView = 128;
/** Of each list that is fused. */
const leastFused = 100;
/** @see Cormack, Clarke and Büttcher, Reciprocal Rank Fusion outperforms Condorcet, SIGIR 2009. */
const usualConstant = 60;

/** Texts by BM25: chunks, or documents as whole pages. */
export function wordsSearch(
  terms: TermCounts,
  using: "bm25" | "page",
  limit: number,
  filter: Schemas["Filter"] | undefined,
): Search {
  return {
    query: queryVector(terms.ids),
    using,
    limit,
    ...(filter ? { filter } : {}),
    with_payload: using === "bm25" ? rankedBy : false,
  };
}

/** Chunks by cosine. */
export function vectorSearch(
  vector: Float32Array,
  limit: number,
  filter: Schemas["Filter"] | undefined,
): Search {
  return {
    query: shortNumbers(vector),
    using: "dense",
    limit,
    ...(filter ? { filter } : {}),
    with_payload: rankedBy,
    params: {
      hnsw_ef: Math.max(leastInView, 2 * limit),
      // Where vectors are kept as bytes, twice as many are compared again by their numbers.
      quantization: { rescore: true, oversampling: 2 },
    },
  };
}

/**
 * Chunks by words and vectors, fused by Qdrant, and beside that by each alone. The filter stands in each part, since one
 * beside the fusion is applied after the parts are cut; and each part is as long as it is worth, since Qdrant takes 10
 * where nothing is said.
 */
export function fusedSearches(
  { terms, vector }: FusedQuery,
  options: FusedSearchOptions,
  filter: Schemas["Filter"] | undefined,
): Search[] {
  const { limit } = options;
  const depth = Math.min(Math.max(leastFused, limit), mostResults);
  const parts = [wordsSearch(terms, "bm25", depth, filter), vectorSearch(vector, depth, filter)];
  const fused: Search = {
    prefetch: parts.map(({ with_payload: _shown, ...part }) => part),
    query: fusionQuery(options),
    limit,
    with_payload: rankedBy,
  };
  return [fused, ...parts.map((part) => ({ ...part, limit }))];
}

function fusionQuery({
  fusion,
  rankConstant = usualConstant,
  weights,
}: FusedSearchOptions): Schemas["Query"] {
  if (fusion === "dbsf") return { fusion };
  return {
    rrf: { k: rankConstant + 1, ...(weights ? { weights: [weights.words, weights.vectors] } : {}) },
  };
}

/**
 * The fused score of a chunk that comes first by words and by vectors; of `dbsf` that of one that stands three deviations
 * above both means.
 * @see Qdrant, `reciprocal_rank_fusion`: 1 / (k + place from 0), k = 2 unless it is said, so 61 is the paper's 60; a
 * weight divides the place and does not multiply the score.
 */
export function mostFused({ fusion, rankConstant = usualConstant, weights }: FusedSearchOptions): number {
  if (fusion === "dbsf") return 2;
  const { words, vectors } = weights ?? { words: 1, vectors: 1 };
  return 1 / (1 / words + rankConstant) + 1 / (1 / vectors + rankConstant);
}

/** Any text that holds a term. */
export function holderSearch(term: number): Search {
  return { query: queryVector([term]), using: "bm25", limit: 1, with_payload: false };
}

/** What {@link readRarity} reads a term's idf from: any text that holds it, with its weight. */
export function raritySearch(term: number): Search {
  return { ...holderSearch(term), with_vector: ["bm25"] };
}

/** The idf that Qdrant itself counts with: a score is weight times idf. Undefined where no text holds the term. */
export function readRarity(term: number, [hit]: readonly Hit[]): number | undefined {
  const vector = hit && sparseOf(hit, "bm25");
  const weight = vector?.values[vector.indices.indexOf(term)];
  return hit && weight ? hit.score / weight : undefined;
}

/** idf of a term that none of `total` texts holds. */
export function rarityOfUnknown(total: number): number {
  return inverseDocumentFrequency(total, 0);
}

/** @see WordsFound */
export function maxScoreOf(terms: TermCounts, idf: ReadonlyMap<number, number>): number {
  return terms.ids.reduce((sum, term) => sum + (idf.get(term) ?? 0) * (saturation + 1), 0);
}

/** Chunks that were found, best first; equal ones by id, since Qdrant gives them in any order. */
export function foundChunks(hits: readonly Hit[]): FoundChunk<string>[] {
  return hits
    .map(({ id, score, payload }) => ({
      id: String(id),
      score,
      documentId: String(payload?.["doc_id"]),
      hasVector: payload?.["embedded"] === true,
    }))
    .sort(byScore);
}

/** Documents that were found, as {@link foundChunks}. */
export function foundDocuments(hits: readonly Hit[]): ScoredId<string>[] {
  return hits.map(({ id, score }) => ({ id: String(id), score })).sort(byScore);
}

function byScore(one: ScoredId, other: ScoredId): number {
  return other.score - one.score || compareIds(one.id, other.id);
}
