import type { ChunkPlace, ChunkStore, LexicalRanking, StoredChunk, TermCounts } from "./chunk-store.ts";
import type { RankedHit, Ranking } from "./fusion.ts";

/** Pages this high in the ranking get a say though none of their passages is ranked. */
const lonePagesUpTo = 20;

/** Every passage that the words found: those ranked, and the best one of each high page ranked without any. */
export function passagesFound(
  store: Pick<ChunkStore, "places" | "bestChunk">,
  terms: TermCounts,
  chunkList: LexicalRanking,
  pageList: LexicalRanking,
): Map<number, ChunkPlace> {
  const ranked = store.places(chunkList.hits.map(({ id }) => id));
  const pages = new Set(ranked.map(({ documentId }) => documentId));
  const lone = pageList.hits
    .slice(0, lonePagesUpTo)
    .flatMap(({ id }) => (pages.has(id) ? [] : (store.bestChunk(id, terms) ?? [])));
  const places = [...ranked, ...store.places(lone.map(({ id }) => id))];
  return new Map(places.map((place) => [place.id, place]));
}

/** What the words say, as rankings of these passages, half of the weight each: a page's score stands for each of its passages. */
export function lexicalRankings(
  chunkList: LexicalRanking,
  pageList: LexicalRanking,
  places: ReadonlyMap<number, ChunkPlace>,
  depth: number,
): readonly Ranking[] {
  const byPage = Map.groupBy(places.values(), ({ documentId }) => documentId);
  const pageHits = pageList.hits.flatMap(({ id, score }, index): RankedHit[] =>
    (byPage.get(id) ?? []).map((place) => ({ id: place.id, score, rank: index + 1 })),
  );
  return [
    { retriever: "page", weight: 0.5, hits: pageHits, ...floorOf(pageList, depth) },
    { retriever: "chunk", weight: 0.5, hits: chunkList.hits, ...floorOf(chunkList, depth) },
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
export function lexicalFacts(
  { hits, maxScore }: LexicalRanking,
  passage: (id: number) => StoredChunk | undefined,
): LexicalFacts {
  const wordsOf = (id: number | undefined) => {
    const chunk = id === undefined ? undefined : passage(id);
    return chunk && sameness(chunk);
  };
  const best = hits[0]?.score ?? 0;
  const second = hits.find(({ id }) => wordsOf(id) !== wordsOf(hits[0]?.id))?.score ?? 0;
  return {
    lexicalShare: maxScore > 0 ? Math.min(best / maxScore, 1) : 0,
    lexicalMargin: best > 0 ? (best - second) / best : 0,
  };
}

/** BM25 falls to 0 where the list holds every match; a cut list's floor is its last score. */
function floorOf(list: LexicalRanking, depth: number): { readonly floor?: number } {
  return list.hits.length < depth ? { floor: 0 } : {};
}
