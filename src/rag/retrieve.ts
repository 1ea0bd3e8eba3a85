import type { Clock } from "../clock.ts";
import { messageOf } from "../errors.ts";
import { analyzeQuery } from "./analyzer.ts";
import { embedWithin, mergeFresh, type FreshVector } from "./candidate-vectors.ts";
import type { ChunkId, ChunkStore, FoundChunk, StoredChunk, TermCounts, WordsFound } from "./chunk-store.ts";
import type { Filter } from "./filter.ts";
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
  /** What a reader should know: a retriever that failed or was late. */
  readonly notes: readonly string[];
}

export interface RetrieveRequest {
  readonly limit: number;
  /** Only documents of which it holds. */
  readonly filter?: Filter | undefined;
  /** In place of `embedBudgetMs`. */
  readonly budgetMs?: number;
}

/** Finds passages by words (of the page and of the passage) and by meaning, and joins what it found. */
export class Retriever {
  readonly #store: ChunkStore;
  readonly #embedder: Embedder | undefined;
  readonly #clock: Clock;
  readonly #keep: ((vectors: readonly FreshVector[]) => Promise<unknown>) | undefined;
  readonly #options: RetrieveOptions;

  /** @param deps.keep Keeps vectors that were made on the way; absent where nothing can be written. */
  constructor(
    deps: {
      readonly store: ChunkStore;
      readonly embedder?: Embedder | undefined;
      readonly clock: Clock;
      readonly keep?: ((vectors: readonly FreshVector[]) => Promise<unknown>) | undefined;
    },
    options: RetrieveOptions,
  ) {
    this.#store = deps.store;
    this.#embedder = deps.embedder;
    this.#clock = deps.clock;
    this.#keep = deps.keep;
    this.#options = options;
  }

  /**
   * The passages for `query`, at most `limit`. A failing or late embedder costs quality, never the answer.
   * @throws The signal's reason when aborted.
   */
  async retrieve(query: string, request: RetrieveRequest, signal?: AbortSignal): Promise<Retrieval> {
    signal?.throwIfAborted();
    const { listDepth } = this.#options;
    const search = {
      limit: Math.max(listDepth, request.limit),
      ...(request.filter ? { filter: request.filter } : {}),
    };
    const terms = analyzeQuery(query);
    const [words, question] = await Promise.all([
      this.#findWords(terms, search, signal),
      this.#embedQuestion(query, signal),
    ]);
    signal?.throwIfAborted();
    const { found, places } = words;
    const notes = [words.note, question.note].filter((note) => note !== undefined);

    let dense: readonly FoundChunk[] | undefined;
    let fresh: readonly FreshVector[] = [];
    if (question.vector) {
      const early = lexicalRankings(found, places, listDepth);
      fresh = await this.#embedCandidates(early, places, request.budgetMs, signal);
      const [list = []] = await this.#store.searchVectors([question.vector], search, signal);
      dense = mergeFresh(list, fresh, places, question.vector);
      for (const chunk of dense) if (!places.has(chunk.id)) places.set(chunk.id, chunk);
    } else if (words.error !== undefined) {
      throw words.error; // neither words nor meaning: there is nothing to go by
    }
    const lexical = lexicalRankings(found, places, listDepth);
    const fused = this.#fuse(lexical, places, dense, fresh);
    const ranks = [...lexical, ...(dense ? [{ retriever: "dense", hits: dense }] : [])].map(toRanks);
    const passages = new Passages(this.#store, signal);
    await passages.readAhead(
      [...fused.slice(0, request.limit), ...found.chunks.slice(0, 2)].map(({ id }) => id),
    );
    const selected = await this.#select(fused, places, passages, request.limit);
    const hits = selected.map(({ hit, chunk }) =>
      describe(hit, chunk, ranks, found.maxScore, this.#isProven),
    );
    const stats = await this.#store.stats(signal);
    return {
      query,
      hits,
      terms,
      ...(question.vector ? { vector: question.vector } : {}),
      ...(await lexicalFacts(found, (id) => passages.read(id))),
      coverage: stats.chunks > 0 ? stats.embedded / stats.chunks : 0,
      notes,
    };
  }

  get #isProven(): boolean {
    return this.#embedder?.isProven === true;
  }

  /** What the words find, in time; a store that fails here may still be searched by meaning. */
  async #findWords(
    terms: TermCounts,
    search: { readonly limit: number; readonly filter?: Filter },
    signal: AbortSignal | undefined,
  ): Promise<{
    readonly found: WordsFound;
    readonly places: Map<ChunkId, FoundChunk>;
    readonly note?: string;
    readonly error?: unknown;
  }> {
    try {
      return await within("Searching by words", this.#options.wordsTimeoutMs, signal, async (own) => {
        const [found = nothingFound] = await this.#store.searchWords([terms], search, own);
        return { found, places: await passagesFound(this.#store, terms, found, own) };
      });
    } catch (error) {
      const note = `Searching by words failed: ${messageOf(error)}`;
      return { found: nothingFound, places: new Map(), note, error };
    }
  }

  async #embedQuestion(
    query: string,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly vector?: Float32Array; readonly note?: string }> {
    const embedder = this.#embedder;
    if (!embedder) return {};
    try {
      const vector = await within(
        "Embedding the question",
        this.#options.denseTimeoutMs,
        signal,
        async (own) =>
          embedder.embedQuery ? embedder.embedQuery(query, own) : (await embedder.embed([query], own))[0],
      );
      return vector ? { vector } : { note: "The embedder gave no vector." };
    } catch (error) {
      // An abort is found by the caller, which throws its reason; anything else leaves the words to answer.
      return { note: messageOf(error) };
    }
  }

  /** Vectors for the best passages that have none, kept where the store can be written. */
  async #embedCandidates(
    lexical: readonly Ranking[],
    places: ReadonlyMap<ChunkId, FoundChunk>,
    budgetMs: number = this.#options.embedBudgetMs,
    signal?: AbortSignal,
  ): Promise<readonly FreshVector[]> {
    if (!this.#embedder || budgetMs <= 0) return [];
    const best = this.#fuse(lexical, places).slice(0, this.#options.embedCandidates);
    const missing = best.map(({ id }) => id).filter((id) => places.get(id)?.hasVector === false);
    const jobs = missing.length > 0 ? await this.#store.embeddingJobs(missing, signal) : [];
    const fresh = await embedWithin(budgetMs, jobs, { embedder: this.#embedder, clock: this.#clock }, signal);
    // Not kept is not lost: the backlog will come to them.
    if (fresh.length > 0) await this.#keep?.(fresh).catch(() => 0);
    return fresh;
  }

  #fuse(
    lexical: readonly Ranking[],
    places: ReadonlyMap<ChunkId, FoundChunk>,
    dense?: readonly FoundChunk[],
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
  async #select(
    fused: readonly FusedHit[],
    places: ReadonlyMap<ChunkId, FoundChunk>,
    passages: Passages,
    limit: number,
  ): Promise<Selected[]> {
    const seen = new Set<string>();
    const taken: Selected[] = [];
    const take = async (hit: FusedHit): Promise<boolean> => {
      const chunk = await passages.read(hit.id);
      const words = chunk && sameness(chunk);
      if (!chunk || words === undefined || seen.has(words)) return false;
      seen.add(words);
      taken.push({ hit, chunk });
      return true;
    };
    const ofPage = new Map<ChunkId | undefined, number>();
    const spare: FusedHit[] = [];
    for (const hit of fused) {
      if (taken.length >= limit) break;
      const page = places.get(hit.id)?.documentId;
      const count = ofPage.get(page) ?? 0;
      if (count >= this.#options.maxPerPage) spare.push(hit);
      else if (await take(hit)) ofPage.set(page, count + 1);
    }
    for (const hit of spare) {
      if (taken.length >= limit) break;
      await take(hit);
    }
    return taken.sort((one, other) => other.hit.score - one.hit.score);
  }
}

interface Selected {
  readonly hit: FusedHit;
  readonly chunk: StoredChunk;
}

const nothingFound: WordsFound = { chunks: [], documents: [], maxScore: 0 };

/** Passages of one search, each read once, and many in one call where it is known which. */
class Passages {
  readonly #store: Pick<ChunkStore, "chunks">;
  readonly #signal: AbortSignal | undefined;
  readonly #read = new Map<ChunkId, StoredChunk | undefined>();

  constructor(store: Pick<ChunkStore, "chunks">, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#signal = signal;
  }

  async readAhead(ids: readonly ChunkId[]): Promise<void> {
    const wanted = [...new Set(ids)].filter((id) => !this.#read.has(id));
    if (wanted.length === 0) return;
    for (const id of wanted) this.#read.set(id, undefined);
    for (const chunk of await this.#store.chunks(wanted, this.#signal)) this.#read.set(chunk.id, chunk);
  }

  async read(id: ChunkId): Promise<StoredChunk | undefined> {
    await this.readAhead([id]);
    return this.#read.get(id);
  }
}

/** How far an unproven embedder is let in for this question: by how many of the top tens agree. */
function gate(lexical: readonly Ranking[], dense: readonly FoundChunk[]): number {
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
  readonly places: ReadonlyMap<ChunkId, { readonly rank: number; readonly score: number }>;
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
