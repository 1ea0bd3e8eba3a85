import type { Clock } from "../clock.ts";
import { messageOf } from "../errors.ts";
import { analyzeQuery } from "./analyzer.ts";
import { embedWithin, mergeFresh, type FreshVector } from "./candidate-vectors.ts";
import type { ChunkPlace, ChunkStore, ScoredId, StoredChunk, TermCounts } from "./chunk-store.ts";
import { hitConfidence } from "./confidence.ts";
import { within } from "../deadline.ts";
import type { Embedder } from "./embedder.ts";
import type { FusedHit, Ranking } from "./fusion.ts";
import { fusions } from "./fusions/index.ts";
import {
  lexicalFacts,
  lexicalRankings,
  passagesFound,
  sameness,
  type LexicalFacts,
} from "./lexical-rankings.ts";
import type { RetrieveOptions } from "./retrieve-options.ts";

/** Weight of a proven embedder: half, measured on five sets; of another: this at most, which never lost more than .009 nDCG. */
const provenWeight = 0.5;
const unprovenWeight = 0.2;
/** The gate on an unproven embedder: full trust when three of both top tens agree, a quarter when none do. */
const gateAgreement = 0.3;
const gateFloor = 0.25;

/** Which retrievers a hit's rank and score come from. */
export type RetrieverName = "page" | "chunk" | "dense";

/** A passage that was found, and why. */
export interface Hit {
  readonly chunk: StoredChunk;
  /** Joined score: 1 is about the best there is; comparable within one result. */
  readonly score: number;
  /** 0 to 1: how likely the passage is about the question. */
  readonly confidence: number;
  /** Rank from 1 and the retriever's own score: BM25 of page and passage, cosine. */
  readonly retrievers: Readonly<
    Partial<Record<RetrieverName, { readonly rank: number; readonly score: number }>>
  >;
}

/** What a search found, with the facts that answering and confidence stand on. */
export interface Retrieval extends LexicalFacts {
  readonly query: string;
  /** Best first. */
  readonly hits: readonly Hit[];
  readonly terms: TermCounts;
  /** The question's vector, when it was to be had. */
  readonly vector?: Float32Array;
  /** Share of all passages that have vectors. */
  readonly coverage: number;
  /** Why the vectors had no say, when they should have had one. */
  readonly degraded?: string;
}

export interface RetrieveRequest {
  readonly limit: number;
  /** Only pages of this host. */
  readonly host?: string;
  /** In place of `embedBudgetMs`. */
  readonly budgetMs?: number;
}

/** Finds passages by words (of the page and of the passage) and by meaning, and joins what it found. */
export class Retriever {
  readonly #store: ChunkStore;
  readonly #embedder: Embedder | undefined;
  readonly #clock: Clock;
  readonly #write: (<T>(work: () => T) => Promise<T>) | undefined;
  readonly #options: RetrieveOptions;

  /** @param deps.write Runs work in a transaction; absent where the store is read-only, and vectors made on the way are not kept. */
  constructor(
    deps: {
      readonly store: ChunkStore;
      readonly embedder?: Embedder | undefined;
      readonly clock: Clock;
      readonly write?: (<T>(work: () => T) => Promise<T>) | undefined;
    },
    options: RetrieveOptions,
  ) {
    this.#store = deps.store;
    this.#embedder = deps.embedder;
    this.#clock = deps.clock;
    this.#write = deps.write;
    this.#options = options;
  }

  /**
   * The passages for `query`, at most `limit`. A failing or late embedder costs quality, never the answer.
   * @throws The signal's reason when aborted.
   */
  async retrieve(query: string, request: RetrieveRequest, signal?: AbortSignal): Promise<Retrieval> {
    signal?.throwIfAborted();
    const asked = this.#embedder ? this.#embedQuestion(this.#embedder, query, signal) : undefined;
    const search = {
      limit: Math.max(this.#options.listDepth, request.limit),
      ...(request.host === undefined ? {} : { host: request.host }),
    };
    const terms = analyzeQuery(query);
    const chunkList = this.#store.searchChunks(terms, search);
    const pageList = this.#store.searchDocuments(terms, search);
    const places = passagesFound(this.#store, terms, chunkList, pageList);
    const rankings = () => lexicalRankings(chunkList, pageList, places, this.#options.listDepth);
    const question = await asked;
    signal?.throwIfAborted();

    let dense: readonly ScoredId[] | undefined;
    let fresh: readonly FreshVector[] = [];
    if (question?.vector) {
      fresh = await this.#embedCandidates(rankings(), places, request.budgetMs, signal);
      dense = mergeFresh(this.#store.searchVectors(question.vector, search), fresh, question.vector);
      const others = dense.map(({ id }) => id).filter((id) => !places.has(id));
      for (const place of this.#store.places(others)) places.set(place.id, place);
    }
    const lexical = rankings();
    const fused = this.#fuse(lexical, places, dense, fresh);
    const ranks = [...lexical, ...(dense ? [{ retriever: "dense", hits: dense }] : [])].map(toRanks);
    const passage = passageReader(this.#store);
    const hits = this.#select(fused, places, passage, request.limit).map(({ hit, chunk }) =>
      describe(hit, chunk, ranks, chunkList.maxScore, this.#isProven),
    );
    const stats = this.#store.stats();
    return {
      query,
      hits,
      terms,
      ...(question?.vector ? { vector: question.vector } : {}),
      ...lexicalFacts(chunkList, passage),
      coverage: stats.chunks > 0 ? stats.embedded / stats.chunks : 0,
      ...(question?.degraded === undefined ? {} : { degraded: question.degraded }),
    };
  }

  get #isProven(): boolean {
    return this.#embedder?.isProven === true;
  }

  async #embedQuestion(
    embedder: Embedder,
    query: string,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly vector?: Float32Array; readonly degraded?: string }> {
    try {
      const vector = await within(
        "Embedding the question",
        this.#options.denseTimeoutMs,
        signal,
        async (own) =>
          embedder.embedQuery ? embedder.embedQuery(query, own) : (await embedder.embed([query], own))[0],
      );
      return vector ? { vector } : { degraded: "The embedder gave no vector." };
    } catch (error) {
      // An abort is found by the caller, which throws its reason; anything else leaves the words to answer.
      return { degraded: messageOf(error) };
    }
  }

  /** Vectors for the best passages that have none, kept where the store can be written. */
  async #embedCandidates(
    lexical: readonly Ranking[],
    places: ReadonlyMap<number, ChunkPlace>,
    budgetMs: number = this.#options.embedBudgetMs,
    signal?: AbortSignal,
  ): Promise<readonly FreshVector[]> {
    if (!this.#embedder || budgetMs <= 0) return [];
    const best = this.#fuse(lexical, places).slice(0, this.#options.embedCandidates);
    const missing = best.map(({ id }) => id).filter((id) => places.get(id)?.hasVector === false);
    const jobs = this.#store.embeddingJobs(missing);
    const fresh = await embedWithin(budgetMs, jobs, { embedder: this.#embedder, clock: this.#clock }, signal);
    // Not kept is not lost: the backlog will come to them.
    if (fresh.length > 0) await this.#write?.(() => this.#store.putVectors(fresh)).catch(() => 0);
    return fresh;
  }

  #fuse(
    lexical: readonly Ranking[],
    places: ReadonlyMap<number, ChunkPlace>,
    dense?: readonly ScoredId[],
    fresh: readonly FreshVector[] = [],
  ): FusedHit[] {
    const isProven = this.#isProven;
    const { fusion, denseWeight } = this.#options;
    const fuse = fusions[fusion === "auto" ? (isProven || !this.#embedder ? "dbsf" : "weighted") : fusion];
    if (!dense) return fuse(lexical);
    const weight = denseWeight ?? (isProven ? provenWeight : unprovenWeight * gate(lexical, dense));
    const justMade = new Set(fresh.map(({ chunkId }) => chunkId));
    return fuse([
      ...lexical.map((ranking) => ({ ...ranking, weight: (1 - weight) * ranking.weight })),
      {
        retriever: "dense",
        weight,
        hits: dense,
        knows: (id) => justMade.has(id) || places.get(id)?.hasVector === true,
      },
    ]);
  }

  /** The best, without repeated passages, with at most so many of a page; those left out fill what stays empty. */
  #select(
    fused: readonly FusedHit[],
    places: ReadonlyMap<number, ChunkPlace>,
    passage: (id: number) => StoredChunk | undefined,
    limit: number,
  ): Selected[] {
    const seen = new Set<string>();
    const taken: Selected[] = [];
    const take = (hit: FusedHit): boolean => {
      const chunk = taken.length < limit ? passage(hit.id) : undefined;
      const words = chunk && sameness(chunk);
      if (!chunk || words === undefined || seen.has(words)) return false;
      seen.add(words);
      taken.push({ hit, chunk });
      return true;
    };
    const ofPage = new Map<number, number>();
    const spare = fused.filter((hit) => {
      const page = places.get(hit.id)?.documentId ?? 0;
      const count = ofPage.get(page) ?? 0;
      if (count >= this.#options.maxPerPage) return true;
      if (take(hit)) ofPage.set(page, count + 1);
      return false;
    });
    for (const hit of spare) take(hit);
    return taken.sort((one, other) => other.hit.score - one.hit.score);
  }
}

interface Selected {
  readonly hit: FusedHit;
  readonly chunk: StoredChunk;
}

/** Reads passages as they are asked for, each once. */
function passageReader(store: Pick<ChunkStore, "chunks">): (id: number) => StoredChunk | undefined {
  const read = new Map<number, StoredChunk | undefined>();
  return (id) => {
    if (!read.has(id)) read.set(id, store.chunks([id])[0]);
    return read.get(id);
  };
}

/** How far an unproven embedder is let in for this question: by how many of the top tens agree. */
function gate(lexical: readonly Ranking[], dense: readonly ScoredId[]): number {
  const words = new Set(
    lexical
      .find(({ retriever }) => retriever === "chunk")
      ?.hits.slice(0, 10)
      .map(({ id }) => id),
  );
  const agreement = dense.slice(0, 10).filter(({ id }) => words.has(id)).length / 10;
  return Math.min(1, agreement / gateAgreement + gateFloor);
}

interface Ranks {
  readonly retriever: string;
  readonly places: ReadonlyMap<number, { readonly rank: number; readonly score: number }>;
}

function toRanks({ retriever, hits }: Pick<Ranking, "retriever" | "hits">): Ranks {
  return {
    retriever,
    places: new Map(hits.map(({ id, score, rank }, index) => [id, { rank: rank ?? index + 1, score }])),
  };
}

function describe(
  hit: FusedHit,
  chunk: StoredChunk,
  ranks: readonly Ranks[],
  maxScore: number,
  isProven: boolean,
): Hit {
  const retrievers: Hit["retrievers"] = Object.fromEntries(
    ranks.flatMap(({ retriever, places }) => {
      const place = places.get(hit.id);
      return place ? [[retriever, place]] : [];
    }),
  );
  const lexicalShare = maxScore > 0 ? (retrievers.chunk?.score ?? 0) / maxScore : 0;
  return {
    chunk,
    score: hit.score,
    confidence: hitConfidence(lexicalShare, isProven ? retrievers.dense?.score : undefined),
    retrievers,
  };
}
