import type { ChunkId, ChunkStore, FoundChunk, StoredChunk, TermCounts, WordsFound } from "../chunk-store.ts";
import type { RankedHit, Ranking } from "../fusion.ts";

/** Pages this high in the ranking get a say though none of their passages is ranked. */
const lonePagesUpTo = 20;

/** Every passage that the words found: those ranked, and the best one of each high page ranked without any. */
export async function passagesFound(
  store: Pick<ChunkStore, "bestChunks">,
  terms: TermCounts,
  { chunks, documents }: WordsFound,
  signal: AbortSignal | undefined,
): Promise<Map<ChunkId, FoundChunk>> {
  const pages = new Set(chunks.map(({ documentId }) => documentId));
  const lone = documents.slice(0, lonePagesUpTo).flatMap(({ id }) => (pages.has(id) ? [] : [id]));
  const best = lone.length > 0 ? await store.bestChunks(lone, terms, signal) : [];
  return new Map([...chunks, ...best].map((chunk) => [chunk.id, chunk]));
}

/** What the words say, as rankings of these passages, half of the weight each: a page's score stands for each of its passages. */
export function lexicalRankings(
  { chunks, documents, maxScore }: WordsFound,
  places: ReadonlyMap<ChunkId, FoundChunk>,
  depth: number,
): readonly Ranking[] {
  const confidence = maxScore > 0 ? Math.min((chunks[0]?.score ?? 0) / maxScore, 1) : 0;
  const byPage = Map.groupBy(places.values(), ({ documentId }) => documentId);
  const pageHits = documents.flatMap(({ id, score }, index): RankedHit[] =>
    (byPage.get(id) ?? []).map((place) => ({ id: place.id, score, rank: index + 1 })),
  );
  return [
    { retriever: "page", weight: 0.5, hits: pageHits, confidence, ...floorOf(documents, depth) },
    { retriever: "chunk", weight: 0.5, hits: chunks, confidence, ...floorOf(chunks, depth) },
  ];
}

/** Passages with the same words are one, whatever page or heading they stand under. */
export function sameness(chunk: StoredChunk): string {
  return chunk.text.toLowerCase().replace(/\s+/g, " ").trim();
}

/** How well the best passage fits by words alone, for confidence. */
export interface LexicalFacts {
  /** BM25 of the best passage over the highest there could be, 0 to 1. */
  readonly lexicalShare: number;
  /** (best - second) / best of the passages' BM25, 0 to 1. */
  readonly lexicalMargin: number;
}

/**
 * The second passage is the first that says something else: mirrored pages must not look like doubt.
 * @param passage Reads one; asked for the first two as a rule, and never for more than there are repetitions.
 */
export async function lexicalFacts(
  { chunks, maxScore }: WordsFound,
  passage: (id: ChunkId) => Promise<StoredChunk | undefined>,
): Promise<LexicalFacts> {
  const [first] = chunks;
  if (!first) return { lexicalShare: 0, lexicalMargin: 0 };
  const wordsOf = async (id: ChunkId) => {
    const chunk = await passage(id);
    return chunk && sameness(chunk);
  };
  const words = await wordsOf(first.id);
  let second = 0;
  for (const { id, score } of chunks.slice(1)) {
    if ((await wordsOf(id)) === words) continue;
    second = score;
    break;
  }
  return {
    lexicalShare: maxScore > 0 ? Math.min(first.score / maxScore, 1) : 0,
    lexicalMargin: first.score > 0 ? (first.score - second) / first.score : 0,
  };
}

/** BM25 falls to 0 where the list holds every match; a cut list's floor is its last score. */
function floorOf(list: readonly unknown[], depth: number): { readonly floor?: number } {
  return list.length < depth ? { floor: 0 } : {};
}
