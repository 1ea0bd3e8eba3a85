// Okapi BM25 with the parameters and the idf of Lucene and Qdrant.
// Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009, section 3; Qdrant lib/bm25.

/** How soon repeating a term stops to count. */
export const saturation = 1.2;
/** How much a text's length counts against it. */
export const lengthPenalty = 0.75;

/** What a term is worth that `containing` of `total` texts hold; never negative, so common terms still count a little. */
export function inverseDocumentFrequency(total: number, containing: number): number {
  return Math.log(1 + (total - containing + 0.5) / (containing + 0.5));
}

/** A term's share of a text's score before its idf: 0 to `saturation + 1`. */
export function termWeight(count: number, length: number, averageLength: number): number {
  const norm = saturation * (1 - lengthPenalty + (lengthPenalty * length) / averageLength);
  return (count * (saturation + 1)) / (count + norm);
}
