import { OptionsError } from "../../errors.ts";
import {
  type ChunkStore,
  compareIds,
  type FoundChunk,
  type FusedFound,
  type FusedQuery,
  type FusedSearchOptions,
  type SearchOptions,
} from "../chunk-store.ts";
import type { Findings, Joined } from "./join-rankings.ts";

/** What was found for a wording, and joined already. */
export interface FoundJoined {
  readonly findings: Findings;
  readonly joined: Joined;
}

/** The share of the vectors where they are worth as much as the words. */
const even = 0.5;

/** @throws {OptionsError} When the store has no fusion of its own, or none with this weight. */
export function checkFuses(
  store: Pick<ChunkStore, "name" | "searchFused">,
  fusion: FusedSearchOptions["fusion"],
  denseWeight: number | undefined,
): void {
  const name = `server-${fusion}`;
  if (!store.searchFused) {
    const problem = `${name} is Qdrant's, and ${store.name} is searched. Set QDRANT_URL, or take ${fusion}.`;
    throw new OptionsError("retrieve.fusion", problem);
  }
  if (fusion === "dbsf" && (denseWeight ?? even) !== even) {
    const problem = `${name} takes no weights. Leave it out, or take server-rrf or dbsf.`;
    throw new OptionsError("retrieve.denseWeight", problem);
  }
}

/**
 * What each question finds by words and meaning, joined by the store itself, in one round trip; see {@link checkFuses}.
 * @param options.denseWeight Share of the vectors, where it was said.
 * @param options.usualWeight Where it was not.
 */
export async function findFused(
  store: Pick<ChunkStore, "searchFused">,
  queries: readonly FusedQuery[],
  options: SearchOptions & {
    readonly fusion: FusedSearchOptions["fusion"];
    readonly denseWeight: number | undefined;
    readonly usualWeight: number;
  },
  signal?: AbortSignal,
): Promise<FoundJoined[]> {
  const { denseWeight, usualWeight, fusion, ...search } = options;
  const weight = fusion === "dbsf" ? even : (denseWeight ?? usualWeight);
  // Qdrant's weights divide places, so that their size matters: alike they are 1.
  const weights = { words: 2 * (1 - weight), vectors: 2 * weight };
  const given = { ...search, fusion, ...(weight === even ? {} : { weights }) };
  const found = await store.searchFused?.(queries, given, signal);
  return (found ?? []).map((one) => joinedBy(one));
}

function joinedBy({ chunks, words, vectors, mostScore }: FusedFound): FoundJoined {
  const places = new Map<FoundChunk["id"], FoundChunk>(
    [...chunks, ...words.chunks, ...vectors].map((chunk) => [chunk.id, chunk]),
  );
  const hits = chunks.map(({ id, score }) => ({ id, score: score / mostScore, parts: {} }));
  return {
    findings: { words, places, dense: vectors },
    joined: {
      hits: hits.toSorted((one, other) => other.score - one.score || compareIds(one.id, other.id)),
      rankings: [
        { retriever: "chunk", weight: 0.5, hits: words.chunks },
        { retriever: "dense", weight: 0.5, hits: vectors },
      ],
    },
  };
}
