import type { FusedHit } from "../fusion.ts";
import type { Reranker } from "../reranker.ts";
import { sigmoid } from "../sigmoid.ts";

/** Hits that are read again: what a cross-encoder manages in a second or two on two processors. */
export const rerankDepth = 20;
/** Share of the reranker; the rest is the joined rankings'. */
const rerankShare = 0.5;

/**
 * The first hits in the order of half their joined score and half the reranker's, the others after them.
 * @param texts Of the first hits, in their order; what has none keeps its joined score.
 * @throws What the reranker throws, and when it does not give a number a text.
 */
export async function rerank(
  query: string,
  fused: readonly FusedHit[],
  texts: readonly (string | undefined)[],
  reranker: Reranker,
  signal: AbortSignal | undefined,
): Promise<readonly FusedHit[]> {
  const known = texts.flatMap((text, at) => (text === undefined ? [] : [{ text, at }]));
  const logits = await reranker.score(
    query,
    known.map(({ text }) => text),
    signal,
  );
  if (logits.length !== known.length || !logits.every(Number.isFinite))
    throw new Error(`The reranker ${reranker.id} did not give a number a text.`);
  const scores = new Map(known.map(({ at }, index) => [at, sigmoid(logits[index] ?? 0)]));
  const first = fused.slice(0, texts.length).map((hit, at) => {
    const own = scores.get(at);
    return own === undefined ? hit : { ...hit, score: (1 - rerankShare) * hit.score + rerankShare * own };
  });
  // Those that were not read stay behind those that were: their scores are of another kind.
  const lowest = Math.min(...first.map(({ score }) => score));
  const rest = fused.slice(texts.length).map((hit) => ({ ...hit, score: Math.min(hit.score, lowest) }));
  return [...first.toSorted((one, other) => other.score - one.score), ...rest];
}
