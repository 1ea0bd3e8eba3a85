import type { Clock } from "../clock.ts";
import { messageOf } from "../errors.ts";
import { analyzeQuery } from "./analyzer.ts";
import type { ChunkStore, LexicalRanking, ScoredId, StoredChunk, TermCounts } from "./chunk-store.ts";
import { hitConfidence } from "./confidence.ts";
import { within } from "./deadline.ts";
import type { Embedder } from "./embedder.ts";
import type { FusedHit, RankedHit, Ranking } from "./fusion.ts";
import { fusions } from "./fusions/index.ts";
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
export interface Retrieval {
  readonly query: string;
  /** Best first. */
  readonly hits: readonly Hit[];
  readonly terms: TermCounts;
  /** The question's vector, when it was to be had. */
  readonly vector?: Float32Array;
  /** BM25 of the best passage over the highest there could be, 0 to 1. */
  readonly lexicalShare: number;
  /** (best - second) / best of the passages' BM25, 0 to 1. */
  readonly lexicalMargin: number;
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
    const lexical = this.#lexicalRankings(terms, chunkList, this.#store.searchDocuments(terms, search));
    const question = await asked;
    signal?.throwIfAborted();

    const chunks = new Map(lexical.chunks);
    let dense: readonly ScoredId[] | undefined;
    let fresh: ReadonlyMap<number, Float32Array> = new Map();
    if (question?.vector) {
      const budgetMs = request.budgetMs ?? this.#options.embedBudgetMs;
      fresh = await this.#embedCandidates(lexical.rankings, budgetMs, signal);
      dense = merge(this.#store.searchVectors(question.vector, search), fresh, question.vector);
      for (const chunk of this.#store.chunks(dense.map(({ id }) => id).filter((id) => !chunks.has(id)))) {
        chunks.set(chunk.id, chunk);
      }
    }
    const fused = this.#fuse(lexical.rankings, dense, fresh);
    const ranks = [...lexical.rankings, ...(dense ? [{ retriever: "dense", hits: dense }] : [])].map(toRanks);
    const hits = this.#select(fused, chunks, request.limit).map((hit) =>
      describe(hit, chunks.get(hit.id) as StoredChunk, ranks, chunkList.maxScore),
    );
    const stats = this.#store.stats();
    return {
      query,
      hits,
      terms,
      ...(question?.vector ? { vector: question.vector } : {}),
      ...lexicalFacts(chunkList, chunks),
      coverage: stats.chunks > 0 ? stats.embedded / stats.chunks : 0,
      ...(question?.degraded === undefined ? {} : { degraded: question.degraded }),
    };
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

  /** Page and passage rankings over passages: a page's score stands for each of its passages found, or for its best one. */
  #lexicalRankings(
    terms: TermCounts,
    chunkList: LexicalRanking,
    pageList: LexicalRanking,
  ): { readonly rankings: Ranking[]; readonly chunks: ReadonlyMap<number, StoredChunk> } {
    const chunks = new Map(
      this.#store.chunks(chunkList.hits.map(({ id }) => id)).map((chunk) => [chunk.id, chunk]),
    );
    const byPage = Map.groupBy(chunks.values(), ({ documentId }) => documentId);
    const lone = pageList.hits.flatMap(({ id }) =>
      byPage.has(id) ? [] : (this.#store.bestChunk(id, terms) ?? []),
    );
    for (const chunk of this.#store.chunks(lone.map(({ id }) => id))) {
      chunks.set(chunk.id, chunk);
      byPage.set(chunk.documentId, [chunk]);
    }
    const pageHits = pageList.hits.flatMap(({ id, score }, index): RankedHit[] =>
      (byPage.get(id) ?? []).map((chunk) => ({ id: chunk.id, score, rank: index + 1 })),
    );
    const rankings = [
      { retriever: "page", weight: 0.5, hits: pageHits, ...floorOf(pageList, this.#options.listDepth) },
      {
        retriever: "chunk",
        weight: 0.5,
        hits: chunkList.hits,
        ...floorOf(chunkList, this.#options.listDepth),
      },
    ];
    return { rankings, chunks };
  }

  /**
   * Embeds the best candidates that have no vector, one lane a processor, while the budget lasts, and keeps what it made.
   * @see retrieval notes, anytime dense retrieval: 20 passages a question are worth a fifth of the index.
   */
  async #embedCandidates(
    lexical: readonly Ranking[],
    budgetMs: number,
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<number, Float32Array>> {
    const embedder = this.#embedder;
    const made = new Map<number, Float32Array>();
    if (!embedder || budgetMs <= 0) return made;
    const missing = this.#fuse(lexical, undefined, made)
      .map(({ id }) => id)
      .slice(0, this.#options.embedCandidates)
      .filter((id) => !this.#store.hasVector(id));
    const jobs = this.#store.embeddingJobs(missing);
    const kept: { hash: string; vector: Float32Array }[] = [];
    const endsAt = this.#clock.now() + budgetMs;
    const groupSize = Math.max(1, Math.floor(embedder.batchSize / 4));
    const lane = async (): Promise<void> => {
      while (jobs.length > 0 && this.#clock.now() < endsAt) {
        const group = jobs.splice(0, groupSize);
        const vectors = await within("Embedding passages", endsAt - this.#clock.now(), signal, (own) =>
          embedder.embed(
            group.map(({ text }) => text),
            own,
          ),
        );
        for (const [index, { chunkId, hash }] of group.entries()) {
          const vector = vectors[index];
          if (!vector) continue;
          made.set(chunkId, vector);
          kept.push({ hash, vector });
        }
      }
    };
    // A lane that fails or runs out of time ends with what it has: the words still rank the rest.
    await Promise.allSettled(Array.from({ length: embedder.concurrency }, lane));
    signal?.throwIfAborted();
    if (kept.length > 0) await this.#write?.(() => this.#store.putVectors(kept)).catch(() => 0);
    return made;
  }

  #fuse(
    lexical: readonly Ranking[],
    dense: readonly ScoredId[] | undefined,
    fresh: ReadonlyMap<number, Float32Array>,
  ): FusedHit[] {
    const isProven = this.#embedder?.isProven === true;
    const { fusion, denseWeight } = this.#options;
    const fuse = fusions[fusion === "auto" ? (isProven || !this.#embedder ? "dbsf" : "weighted") : fusion];
    if (!dense) return fuse(lexical);
    const weight = denseWeight ?? (isProven ? provenWeight : unprovenWeight * gate(lexical, dense));
    return fuse([
      ...lexical.map((ranking) => ({ ...ranking, weight: (1 - weight) * ranking.weight })),
      {
        retriever: "dense",
        weight,
        hits: dense,
        knows: (id) => fresh.has(id) || this.#store.hasVector(id),
      },
    ]);
  }

  /** The best, without repeated passages, with at most so many of a page; those left out fill what stays empty. */
  #select(fused: readonly FusedHit[], chunks: ReadonlyMap<number, StoredChunk>, limit: number): FusedHit[] {
    const seen = new Set<string>();
    const ofPage = new Map<number, number>();
    const taken: FusedHit[] = [];
    const spare: FusedHit[] = [];
    for (const hit of fused) {
      const chunk = chunks.get(hit.id);
      if (!chunk || seen.has(sameness(chunk))) continue;
      seen.add(sameness(chunk));
      const count = ofPage.get(chunk.documentId) ?? 0;
      ofPage.set(chunk.documentId, count + 1);
      (count < this.#options.maxPerPage ? taken : spare).push(hit);
      if (taken.length === limit) return taken;
    }
    return [...taken, ...spare.slice(0, limit - taken.length)].sort((one, other) => other.score - one.score);
  }
}

/** Passages with the same words are one, whatever page or heading they stand under. */
function sameness(chunk: StoredChunk): string {
  return chunk.text.toLowerCase().replace(/\s+/g, " ").trim();
}

/** BM25 falls to 0 where the list holds every match; a cut list's floor is its last score. */
function floorOf(list: LexicalRanking, depth: number): { readonly floor?: number } {
  return list.hits.length < depth ? { floor: 0 } : {};
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

/** The dense list with the passages embedded just now put in their places. */
function merge(
  found: readonly ScoredId[],
  fresh: ReadonlyMap<number, Float32Array>,
  question: Float32Array,
): readonly ScoredId[] {
  if (fresh.size === 0) return found;
  const added = [...fresh].map(([id, vector]) => ({
    id,
    score: vector.reduce((sum, value, column) => sum + value * (question[column] ?? 0), 0),
  }));
  const others = found.filter(({ id }) => !fresh.has(id));
  return [...others, ...added].sort((one, other) => other.score - one.score || one.id - other.id);
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

function describe(hit: FusedHit, chunk: StoredChunk, ranks: readonly Ranks[], maxScore: number): Hit {
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
    confidence: hitConfidence(lexicalShare, retrievers.dense?.score),
    retrievers,
  };
}

/** The second passage is the first that says something else: mirrored pages must not look like doubt. */
function lexicalFacts(
  { hits, maxScore }: LexicalRanking,
  chunks: ReadonlyMap<number, StoredChunk>,
): Pick<Retrieval, "lexicalShare" | "lexicalMargin"> {
  const wordsOf = (id: number | undefined) => {
    const chunk = id === undefined ? undefined : chunks.get(id);
    return chunk && sameness(chunk);
  };
  const best = hits[0]?.score ?? 0;
  const second = hits.find(({ id }) => wordsOf(id) !== wordsOf(hits[0]?.id))?.score ?? 0;
  return {
    lexicalShare: maxScore > 0 ? Math.min(best / maxScore, 1) : 0,
    lexicalMargin: best > 0 ? (best - second) / best : 0,
  };
}
