import type { ChunkId, FoundChunk, WordsFound } from "../chunk-store.ts";
import { compareIds } from "../chunk-store.ts";
import type { FusedHit, Ranking } from "../fusion.ts";
import { fusionHere } from "./fusion-place.ts";
import { fusions } from "../fusions/index.ts";
import { lexicalRankings } from "./lexical-rankings.ts";
import type { RetrieveOptions } from "./retrieve-options.ts";

/** Share of the vectors where nothing was measured. Proven: half, the best on five sets; else this at most, which never lost more than .009 nDCG. */
export const usualWeights = { proven: 0.5, unproven: 0.2 } as const;
/** Under it nothing that the words did not find can come first. */
const anchoredWeight = 0.45;
/** The gate on an embedder that is not trusted: in full when three of both top tens agree, a quarter when none do. */
const gateAgreement = 0.3;
const gateFloor = 0.25;

/** What the retrievers found for one wording of a question. */
export interface Findings {
  readonly words: WordsFound;
  /** Every passage found, by its id. */
  readonly places: ReadonlyMap<ChunkId, FoundChunk>;
  /** Absent where meaning could not be searched. */
  readonly dense: readonly FoundChunk[] | undefined;
}

/** How much the vectors are worth beside the words on this index, as it was measured, and by what. */
export interface CalibratedWeight {
  readonly denseWeight: number;
  readonly basis: "labels" | "pseudo-queries";
}

/** Rankings joined for one wording, and the rankings themselves, for telling why a hit is where it is. */
export interface Joined {
  readonly hits: readonly FusedHit[];
  readonly rankings: readonly Ranking[];
}

/**
 * Joins what words and meaning found by the strategy of the options.
 * @param trust.isProven Whether the embedder's vectors were checked.
 * @param calibrated The weight of the vectors as it was measured on this index, where it was.
 */
export function joinFindings(
  { words, places, dense }: Findings,
  trust: { readonly isProven: boolean; readonly hasEmbedder: boolean },
  options: Pick<RetrieveOptions, "fusion" | "denseWeight" | "listDepth">,
  calibrated?: CalibratedWeight,
): Joined {
  const lexical = lexicalRankings(words, places, options.listDepth);
  const isTrusted = trust.isProven || !trust.hasEmbedder || calibrated?.basis === "labels";
  const wanted = fusionHere(options.fusion);
  const fusion = wanted === "auto" ? (isTrusted ? "dbsf" : "acf") : wanted;
  if (!dense) return { hits: fusions[fusion === "acf" ? "dbsf" : fusion](lexical), rankings: lexical };
  const given = options.denseWeight ?? calibrated?.denseWeight;
  const meaning = (weight: number): Ranking => ({
    retriever: "dense",
    weight,
    hits: dense,
    confidence: Math.min(Math.max(dense[0]?.score ?? 0, 0), 1),
    knows: (id) => places.get(id)?.hasVector === true,
  });
  if (fusion === "acf") {
    const words = inUnits(lexical);
    // Who names a weight and not the fusion is taken at their word.
    const free = options.fusion === "auto" ? options.denseWeight : undefined;
    const cautious = Math.min(given ?? usualWeights.unproven, anchoredWeight) * gate(words.hits, dense);
    const ranking = meaning(free ?? cautious);
    const hits = fusions.weighted([{ ...words, weight: 1 - ranking.weight }, ranking]);
    return { hits, rankings: [...lexical, ranking] };
  }
  const ranking = meaning(given ?? (trust.isProven ? usualWeights.proven : usualWeights.unproven));
  const rankings = [
    ...lexical.map((list) => ({ ...list, weight: (1 - ranking.weight) * list.weight })),
    ranking,
  ];
  return { hits: fusions[fusion](rankings), rankings };
}

/**
 * The words' own ranking, what anchored fusion adds to: in the order that it has without an embedder, on BM25's scale, where
 * twice the score is twice the evidence. (On the scale of that order alone, far weaker passages come close to the best.)
 */
function inUnits(lexical: readonly Ranking[]): Omit<Ranking, "weight"> {
  const scores = fusions.weighted(lexical).map(({ score }) => score);
  const hits = fusions.dbsf(lexical).map(({ id }, at) => ({ id, score: scores[at] ?? 0 }));
  return { retriever: "words", hits, floor: 0 };
}

/** How far an embedder that is not trusted is let in for this question: by how many of the top tens agree. */
function gate(words: readonly { readonly id: ChunkId }[], dense: readonly FoundChunk[]): number {
  return Math.min(1, agreement(words, dense) / gateAgreement + gateFloor);
}

/** Share of the first ten of one list that are among the first ten of the other. */
function agreement(
  one: readonly { readonly id: ChunkId }[],
  other: readonly { readonly id: ChunkId }[],
): number {
  const ids = new Set(one.slice(0, 10).map(({ id }) => id));
  return other.slice(0, 10).filter(({ id }) => ids.has(id)).length / 10;
}

/**
 * Joins the rankings of a question and of its other wordings. The question's own counts 1, the others together 1 at
 * most, and one that found nothing of what the question found counts half: wordings made by a machine cannot outvote the user's.
 */
export function joinWordings(
  own: readonly FusedHit[],
  others: readonly { readonly hits: readonly FusedHit[]; readonly weight: number }[],
): readonly FusedHit[] {
  if (others.length === 0) return own;
  const total = others.reduce((sum, { weight }) => sum + weight, 0);
  const lists = [
    { hits: own, weight: 1 },
    ...others.map(({ hits, weight }) => ({
      hits,
      weight: (agreement(own, hits) > 0 ? 1 : 0.5) * (total > 1 ? weight / total : weight),
    })),
  ];
  const weights = lists.reduce((sum, { weight }) => sum + weight, 0);
  const joined = new Map<ChunkId, { score: number; parts: FusedHit["parts"] }>();
  for (const { hits, weight } of lists) {
    for (const { id, score, parts } of hits) {
      const held = joined.get(id);
      // The parts shown are those of the question's own ranking, where it has the passage.
      if (held) held.score += (weight * score) / weights;
      else joined.set(id, { score: (weight * score) / weights, parts });
    }
  }
  return [...joined]
    .map(([id, hit]) => ({ id, ...hit }))
    .sort((one, other) => other.score - one.score || compareIds(one.id, other.id));
}
