import { sigmoid } from "../sigmoid.ts";

/**
 * How likely a passage is about the question, 0 to 1. Logistic models fitted on the 1,280 best hits of the judged
 * queries of two public collections (CISI, CACM), the shipped embedder's cosines.
 * @param lexicalShare BM25 of the passage over the highest there could be.
 * @param cosine Of question and passage by a proven embedder, when the passage has a vector.
 */
export function hitConfidence(lexicalShare: number, cosine: number | undefined): number {
  return sigmoid(
    cosine === undefined ? 3.02 * lexicalShare - 0.95 : 2.78 * lexicalShare + 3.61 * cosine - 2.83,
  );
}
