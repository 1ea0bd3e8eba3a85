import type { Schemas } from "@qdrant/js-client-rest";
import { lengthPenalty, saturation, termWeight } from "../../bm25.ts";
import type { TermCounts } from "../../chunk-store.ts";
import { highestKeptCount } from "../../postings.ts";

/**
 * A text's terms with their BM25 weights; Qdrant puts the idf to it when it searches.
 * @param meanLength The collection's frozen one.
 * @returns Undefined for a text without terms: an empty vector would count among the texts.
 */
export function sparseVector(terms: TermCounts, meanLength: number): Schemas["SparseVector"] | undefined {
  if (terms.ids.length === 0) return undefined;
  const weights = Array.from(terms.counts, (count) =>
    termWeight(Math.min(count, highestKeptCount), terms.length, meanLength),
  );
  return { indices: Array.from(terms.ids), values: shortNumbers(weights) };
}

/** The counts that {@link sparseVector} made the weights from: 32 bits tell 255 from 254 at every length. */
export function termCounts(
  vector: Schemas["SparseVector"] | undefined,
  length: number,
  meanLength: number,
): TermCounts {
  const { indices, values } = vector ?? { indices: [], values: [] };
  const norm = saturation * (1 - lengthPenalty + (lengthPenalty * length) / meanLength);
  const counts = values.map((weight) => Math.round((weight * norm) / (saturation + 1 - weight)));
  return { ids: Uint32Array.from(indices), counts: Uint16Array.from(counts), length };
}

/** A query's terms, each of the same weight. */
export function queryVector(ids: Iterable<number>): Schemas["SparseVector"] {
  const indices = Array.from(ids);
  return { indices, values: indices.map(() => 1) };
}

/** Numbers of 32 bits as JSON: nine digits name each, where JavaScript would write seventeen. */
export function shortNumbers(values: Iterable<number>): number[] {
  return Array.from(values, (value) => Number(value.toPrecision(9)));
}
