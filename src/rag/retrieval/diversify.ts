import type { ChunkId, ChunkStore } from "../chunk-store.ts";
import type { FusedHit } from "../fusion.ts";
import { maximalMarginalRelevance } from "./mmr.ts";

/** The best stay where they are: what is asked for comes before what else there is. */
const keptPlaces = 4;
/** Times the results wanted: hits further down are too far off, however different. */
const windowFactor = 4;

/**
 * Puts hits from the fifth place on in an order in which each says something that those before it do not.
 * @param diversity 0: as they are; 1: by difference alone (lambda is 1 less it).
 */
export async function diversify(
  fused: readonly FusedHit[],
  store: Pick<ChunkStore, "vectors">,
  { limit, diversity }: { readonly limit: number; readonly diversity: number },
  signal: AbortSignal | undefined,
): Promise<readonly FusedHit[]> {
  const window = fused.slice(0, limit * windowFactor);
  if (diversity <= 0 || window.length <= keptPlaces) return fused;
  const vectors: ReadonlyMap<ChunkId, Float32Array> = await store.vectors(
    window.map(({ id }) => id),
    signal,
  );
  const [highest, lowest] = [window[0]?.score ?? 0, window.at(-1)?.score ?? 0];
  const candidates = window.map(({ id, score }) => ({
    relevance: highest > lowest ? (score - lowest) / (highest - lowest) : 1,
    vector: vectors.get(id),
  }));
  const order = maximalMarginalRelevance(candidates, {
    lambda: 1 - diversity,
    limit: window.length,
    kept: keptPlaces,
  });
  return [...order.flatMap((place) => window[place] ?? []), ...fused.slice(window.length)];
}
