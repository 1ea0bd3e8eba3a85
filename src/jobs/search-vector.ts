import { OptionsError } from "../errors.ts";
import type { ChunkStore, StoredChunk } from "../rag/chunk-store.ts";
import type { Embedder } from "../rag/embedder.ts";
import type { Filter } from "../rag/filter.ts";

/** A passage near a vector. */
export interface VectorHit {
  readonly url: string;
  readonly title: string;
  readonly heading: string;
  readonly text: string;
  /** Range of the document's text. */
  readonly start: number;
  readonly end: number;
  /** Cosine, -1 to 1. */
  readonly score: number;
  /** The passage's own vector, L2 norm 1. */
  readonly vector: Float32Array;
}

/**
 * The passages nearest to a vector of the index's own embedder, among those that have one. For a question in words,
 * `search` finds more.
 * @throws {OptionsError} When the vector is not one of this embedder.
 */
export async function searchVector(
  floor: {
    readonly store: Pick<ChunkStore, "searchVectors" | "chunks" | "vectors">;
    readonly embedder: Embedder | undefined;
  },
  vector: ArrayLike<number>,
  options: { readonly limit: number; readonly filter?: Filter | undefined },
  signal?: AbortSignal,
): Promise<VectorHit[]> {
  const { store } = floor;
  const { limit, filter } = options;
  const asked = unitOf(vector, floor.embedder);
  const [found = []] = await store.searchVectors([asked], filter ? { limit, filter } : { limit }, signal);
  const ids = found.map(({ id }) => id);
  const [chunks, vectors] = [await store.chunks(ids, signal), await store.vectors(ids, signal)];
  const byId = new Map(chunks.map((chunk) => [chunk.id, chunk]));
  return found.flatMap(({ id, score }) => {
    const [chunk, own] = [byId.get(id), vectors.get(id)];
    return chunk && own ? [describe(chunk, score, own)] : [];
  });
}

function describe(chunk: StoredChunk, score: number, vector: Float32Array): VectorHit {
  const { url, title, headingPath, text, start, end } = chunk;
  return { url, title, heading: headingPath, text, start, end, score, vector };
}

function unitOf(vector: ArrayLike<number>, embedder: Embedder | undefined): Float32Array {
  if (!embedder) throw new OptionsError("vector", "this index has no embedder; search it by words");
  if (vector.length !== embedder.dimensions) {
    throw new OptionsError(
      "vector",
      `${vector.length} numbers where ${embedder.id} gives ${embedder.dimensions}`,
    );
  }
  const norm = Math.hypot(...Array.from(vector));
  if (!(norm > 0 && Number.isFinite(norm)))
    throw new OptionsError("vector", "has to be finite and not all zeros");
  return Float32Array.from(vector, (value) => value / norm);
}
