import type { Clock } from "../clock.ts";
import { within } from "../deadline.ts";
import { messageOf } from "../errors.ts";
import { analyzeQuery } from "./analyzer.ts";
import { embedWithin, type FreshVector, withMeaning } from "./candidate-vectors.ts";
import type { ChunkStore, FoundChunk, SearchOptions, TermCounts, WordsFound } from "./chunk-store.ts";
import { diversify } from "./diversify.ts";
import type { Embedder } from "./embedder.ts";
import type { Filter } from "./filter.ts";
import type { FusedHit } from "./fusion.ts";
import { orderByTime } from "./freshness.ts";
import { describeHit, type Hit, toRanks } from "./hits.ts";
import {
  type CalibratedWeight,
  type Findings,
  type Joined,
  joinFindings,
  joinWordings,
  usualWeights,
} from "./join-rankings.ts";
import { lexicalFacts, passagesFound, type LexicalFacts } from "./lexical-rankings.ts";
import { rerank, rerankDepth } from "./rerank.ts";
import type { Reranker } from "./reranker.ts";
import type { RetrieveOptions } from "./retrieve-options.ts";
import { serverFusion } from "./fusion-place.ts";
import { searchableText } from "./searchable-text.ts";
import { checkFuses, findFused } from "./server-fusion.ts";
import { Passages, selectHits } from "./select-hits.ts";
import { variantsOf, type Wording } from "./variants.ts";

export type { Hit, RetrieverName } from "./hits.ts";
export type { Wording } from "./variants.ts";

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
  /** Asked at the same time. */
  readonly wordings?: readonly Wording[] | undefined;
  /** Only documents of which it holds. */
  readonly filter?: Filter | undefined;
  /** In place of `embedBudgetMs`. */
  readonly budgetMs?: number;
}

/** What a retriever finds with. */
export interface RetrieverDeps {
  readonly store: ChunkStore;
  readonly embedder?: Embedder | undefined;
  readonly reranker?: Reranker | undefined;
  readonly clock: Clock;
  /** Keeps vectors that were made on the way; absent where nothing can be written. */
  readonly keep?: ((vectors: readonly FreshVector[]) => Promise<unknown>) | undefined;
  /** What was measured on this index, asked for at each question; a weight in the options goes before it. */
  readonly calibration?: (() => MeasuredOnIndex | undefined) | undefined;
}

/** What a calibration says of an index. */
export interface MeasuredOnIndex extends CalibratedWeight {
  /** Whether a reranker earned its place. */
  readonly reranker?: { readonly id: string; readonly isUsed: boolean } | undefined;
}

/** Finds passages by words (of the page and of the passage) and by meaning, and joins what it found. */
export class Retriever {
  readonly #store: ChunkStore;
  readonly #embedder: Embedder | undefined;
  readonly #reranker: Reranker | undefined;
  readonly #clock: Clock;
  readonly #keep: RetrieverDeps["keep"];
  readonly #calibration: RetrieverDeps["calibration"];
  readonly #options: RetrieveOptions;

  constructor(deps: RetrieverDeps, options: RetrieveOptions) {
    this.#store = deps.store;
    this.#embedder = deps.embedder;
    this.#reranker = deps.reranker;
    this.#clock = deps.clock;
    this.#keep = deps.keep;
    this.#calibration = deps.calibration;
    this.#options = options;
  }

  /**
   * The passages for `query`, at most `limit`: its wordings, each by words and by meaning, all at the same time, joined.
   * A retriever that fails or is late costs quality and is named in the notes.
   * @throws {StoreError} When neither words nor meaning could be searched; the signal's reason when aborted.
   */
  async retrieve(query: string, request: RetrieveRequest, signal?: AbortSignal): Promise<Retrieval> {
    signal?.throwIfAborted();
    const wordings = [
      { text: query, weight: 1 },
      ...(request.wordings ?? []),
      ...variantsOf(query, this.#options.variants),
    ];
    const search = {
      limit: Math.max(this.#options.listDepth, request.limit),
      ...(request.filter ? { filter: request.filter } : {}),
    };
    const terms = wordings.map(({ text }) => analyzeQuery(text));
    const asked = this.#embedQuestions(
      wordings.map(({ text }) => text),
      signal,
    );
    const wanted: Wanted = { query, terms, search, budgetMs: request.budgetMs };
    const found =
      (await this.#findFused(wanted, asked, signal)) ?? (await this.#findLists(wanted, asked, signal));
    const { vectors, note: questionNote } = await asked;
    const [vector] = vectors;
    const { findings } = found;
    const [own = nothingJoined, ...others] = found.joined;
    const fused = joinWordings(
      own.hits,
      others.map(({ hits }, at) => ({ hits, weight: wordings[at + 1]?.weight ?? 0 })),
    );
    const places = new Map(findings.flatMap((finding) => [...finding.places]));
    const { words: ownWords } = findings[0] ?? { words: nothingFound };
    const passages = new Passages(this.#store, signal);
    await passages.readAhead(
      [...fused.slice(0, request.limit), ...ownWords.chunks.slice(0, 2)].map(({ id }) => id),
    );
    const reranked = await this.#rerank(query, fused, passages, signal);
    const { diversity, freshnessWeight: weight } = this.#options;
    const { limit } = request;
    const nowMs = this.#clock.now();
    const inTime = await orderByTime(query, reranked.hits, passages, { limit, weight, nowMs });
    const varied = await diversify(inTime.hits, this.#store, { limit, diversity }, signal);
    const selected = await selectHits(varied, places, passages, limit, this.#options);
    const ranks = own.rankings.map(toRanks);
    const hits = selected.map(({ hit, chunk }) =>
      describeHit(hit, chunk, ranks, ownWords.maxScore, this.#isProvenOn(query), inTime.changes),
    );
    const stats = await this.#store.stats(signal);
    return {
      query,
      hits,
      terms: terms[0] ?? analyzeQuery(""),
      ...(vector ? { vector } : {}),
      ...(await lexicalFacts(ownWords, (id) => passages.read(id))),
      coverage: stats.chunks > 0 ? stats.embedded / stats.chunks : 0,
      notes: [
        ...found.notes,
        questionNote,
        vector && this.#embedder?.isProven && !this.#isProvenOn(query) ? uncheckedScript : undefined,
        reranked.note,
      ].filter((note) => note !== undefined),
    };
  }

  /** Whether the vectors were checked, for questions such as this one. */
  #isProvenOn(query: string): boolean {
    const embedder = this.#embedder;
    return embedder?.isProven === true && (embedder.isProvenOn?.(query) ?? true);
  }

  #join(query: string, findings: Findings): Joined {
    const trust = { isProven: this.#isProvenOn(query), hasEmbedder: this.#embedder !== undefined };
    return joinFindings(findings, trust, this.#options, this.#calibration?.());
  }

  /** What words and meaning find, each by itself, joined here. */
  async #findLists(
    { query, terms, search, budgetMs }: Wanted,
    asked: Promise<{ readonly vectors: readonly Float32Array[] }>,
    signal: AbortSignal | undefined,
  ): Promise<Found> {
    const [words, { vectors }] = await Promise.all([this.#findWords(terms, search, signal), asked]);
    signal?.throwIfAborted();
    const early = words.found.map((found) => ({ ...found, dense: undefined }));
    const fresh = vectors.length > 0 ? await this.#embedCandidates(query, early, budgetMs, signal) : [];
    const meanings = await this.#findMeanings(vectors, search, signal);
    signal?.throwIfAborted();
    if (words.error !== undefined && meanings.lists.length === 0) throw words.error;
    const findings = words.found.map((found, at) =>
      withMeaning(found, meanings.lists[at], fresh, vectors[at]),
    );
    const joined = findings.map((finding) => this.#join(query, finding));
    return { findings, joined, notes: [words.note, meanings.note] };
  }

  /** The same, joined by the store; undefined where it is not to do that, or a wording has no vector or no words. */
  async #findFused(
    { query, terms, search }: Wanted,
    asked: Promise<{ readonly vectors: readonly Float32Array[] }>,
    signal: AbortSignal | undefined,
  ): Promise<Found | undefined> {
    const fusion = serverFusion(this.#options.fusion);
    if (!fusion) return undefined;
    checkFuses(this.#store, fusion, this.#options.denseWeight);
    const { vectors } = await asked;
    signal?.throwIfAborted();
    const queries = terms.flatMap((terms, at) => {
      const vector = vectors[at];
      return vector && terms.ids.length > 0 ? [{ terms, vector }] : [];
    });
    if (queries.length < terms.length) return undefined;
    const { denseWeight, wordsTimeoutMs } = this.#options;
    const usual = this.#isProvenOn(query) ? usualWeights.proven : usualWeights.unproven;
    const usualWeight = this.#calibration?.()?.denseWeight ?? usual;
    const found = await within("Searching by words and meaning", wordsTimeoutMs, signal, (own) =>
      findFused(this.#store, queries, { ...search, fusion, denseWeight, usualWeight }, own),
    );
    return {
      findings: found.map(({ findings }) => findings),
      joined: found.map(({ joined }) => joined),
      notes: [],
    };
  }

  /** The best hits in an order of a second reading, in time; else as they were. */
  async #rerank(
    query: string,
    fused: readonly FusedHit[],
    passages: Passages,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly hits: readonly FusedHit[]; readonly note?: string }> {
    const reranker = this.#reranker;
    const measured = this.#calibration?.()?.reranker;
    const isLeftOut = measured?.id === reranker?.id && measured?.isUsed === false;
    if (!reranker || isLeftOut || fused.length === 0) return { hits: fused };
    const first = fused.slice(0, rerankDepth).map(({ id }) => id);
    await passages.readAhead(first);
    const chunks = await Promise.all(first.map((id) => passages.read(id)));
    const texts = chunks.map((chunk) => chunk && searchableText(chunk.headingPath, chunk.text));
    try {
      const hits = await within("Reranking", this.#options.rerankTimeoutMs, signal, (own) =>
        rerank(query, fused, texts, reranker, own),
      );
      return { hits };
    } catch (error) {
      signal?.throwIfAborted();
      return { hits: fused, note: messageOf(error) };
    }
  }

  /** What the words find, in time; a store that fails here may still be searched by meaning. */
  async #findWords(
    queries: readonly TermCounts[],
    search: SearchOptions,
    signal: AbortSignal | undefined,
  ): Promise<{
    readonly found: readonly Omit<Findings, "dense">[];
    readonly note?: string;
    readonly error?: unknown;
  }> {
    try {
      const found = await within("Searching by words", this.#options.wordsTimeoutMs, signal, async (own) => {
        const lists = await this.#store.searchWords(queries, search, own);
        return await Promise.all(
          lists.map(async (words, at) => ({
            words,
            places: await passagesFound(this.#store, queries[at] ?? analyzeQuery(""), words, own),
          })),
        );
      });
      return { found };
    } catch (error) {
      const nothing = { words: nothingFound, places: new Map() };
      const note = `Searching by words failed: ${messageOf(error)}`;
      return { found: queries.map(() => nothing), note, error };
    }
  }

  async #embedQuestions(
    texts: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<{ readonly vectors: readonly Float32Array[]; readonly note?: string }> {
    const embedder = this.#embedder;
    if (!embedder) return { vectors: [] };
    try {
      const vectors = await within(
        "Embedding the question",
        this.#options.denseTimeoutMs,
        signal,
        async (own) =>
          embedder.embedQuery
            ? await Promise.all(texts.map(async (text) => embedder.embedQuery?.(text, own)))
            : await embedder.embed(texts, own),
      );
      const made = vectors.filter((vector) => vector !== undefined);
      return made.length === texts.length
        ? { vectors: made }
        : { vectors: [], note: "The embedder gave no vector." };
    } catch (error) {
      // An abort is found by the caller, which throws its reason; anything else leaves the words to answer.
      return { vectors: [], note: messageOf(error) };
    }
  }

  /** What has a meaning close to the question's, in time. */
  async #findMeanings(
    vectors: readonly Float32Array[],
    search: SearchOptions,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly lists: readonly (readonly FoundChunk[])[]; readonly note?: string }> {
    if (vectors.length === 0) return { lists: [] };
    try {
      const lists = await within("Searching by meaning", this.#options.denseTimeoutMs, signal, (own) =>
        this.#store.searchVectors(vectors, search, own),
      );
      return { lists };
    } catch (error) {
      return { lists: [], note: `Searching by meaning failed: ${messageOf(error)}` };
    }
  }

  /** Vectors for the best passages that have none, kept where the store can be written. */
  async #embedCandidates(
    query: string,
    found: readonly Findings[],
    budgetMs: number = this.#options.embedBudgetMs,
    signal?: AbortSignal,
  ): Promise<readonly FreshVector[]> {
    const [own] = found;
    if (!this.#embedder || !own || budgetMs <= 0) return [];
    const best = this.#join(query, own).hits.slice(0, this.#options.embedCandidates);
    const missing = best.map(({ id }) => id).filter((id) => own.places.get(id)?.hasVector === false);
    if (missing.length === 0) return [];
    try {
      const jobs = await this.#store.embeddingJobs(missing, signal);
      const deps = { embedder: this.#embedder, clock: this.#clock };
      const fresh = await embedWithin(budgetMs, jobs, deps, signal);
      // Not kept is not lost: the backlog will come to them.
      if (fresh.length > 0) await this.#keep?.(fresh).catch(() => 0);
      return fresh;
    } catch {
      return []; // they stay unknown; an abort is found by the caller
    }
  }
}

/** What is to be found: the question first, then its other wordings. */
interface Wanted {
  readonly query: string;
  readonly terms: readonly TermCounts[];
  readonly search: SearchOptions;
  readonly budgetMs: number | undefined;
}

/** What was found for each wording, and what a reader should know of it. */
interface Found {
  readonly findings: readonly Findings[];
  readonly joined: readonly Joined[];
  readonly notes: readonly (string | undefined)[];
}

const uncheckedScript = "The embedder was not checked on text in this script, so that words count for more.";
const nothingFound: WordsFound = { chunks: [], documents: [], maxScore: 0 };
const nothingJoined: Joined = { hits: [], rankings: [] };
