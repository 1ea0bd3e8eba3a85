import type { Clock } from "../../clock.ts";
import { within } from "../../deadline.ts";
import { messageOf } from "../../errors.ts";
import { analyzeQuery } from "../text/analyzer.ts";
import { embedWithin, type FreshVector, withMeaning } from "./candidate-vectors.ts";
import type { ChunkStore, FoundChunk, SearchOptions, TermCounts, WordsFound } from "../chunk-store.ts";
import type { Embedder } from "../embedder.ts";
import { serverFusion } from "./fusion-place.ts";
import {
  type CalibratedWeight,
  type Findings,
  type Joined,
  joinFindings,
  usualWeights,
} from "./join-rankings.ts";
import { passagesFound } from "./lexical-rankings.ts";
import type { RetrieveOptions } from "./retrieve-options.ts";
import { checkFuses, findFused } from "./server-fusion.ts";

/** What passages are found with. */
export interface FinderDeps {
  readonly store: ChunkStore;
  readonly embedder?: Embedder | undefined;
  readonly clock: Clock;
  /** Keeps vectors that were made on the way; absent where nothing can be written. */
  readonly keep?: ((vectors: readonly FreshVector[]) => Promise<unknown>) | undefined;
  /** What was measured on this index, asked for at each question; a weight in the options goes before it. */
  readonly calibration?: (() => CalibratedWeight | undefined) | undefined;
}

/** What is to be found. */
export interface Wanted {
  /** The question, then its other wordings. */
  readonly texts: readonly string[];
  readonly search: SearchOptions;
  /** For embedding passages on the way; absent: as configured. */
  readonly budgetMs: number | undefined;
}

/** What one wording found by words and by meaning, and joined. */
export interface FoundFor extends Joined {
  readonly findings: Findings;
  readonly terms: TermCounts;
}

/** What was found, and what a reader should know of it. */
export interface Found {
  /** The question's own. */
  readonly own: FoundFor;
  /** Its other wordings', in their order. */
  readonly others: readonly FoundFor[];
  /** Of the question, when it was to be had. */
  readonly vector: Float32Array | undefined;
  readonly notes: readonly (string | undefined)[];
}

/** The question and its other wordings, as the retrievers take them. */
interface Asked {
  readonly text: string;
  readonly terms: readonly TermCounts[];
  readonly vectors: Promise<Vectors>;
}

/** As many as there are wordings, or none. */
interface Vectors {
  readonly vectors: readonly Float32Array[];
  readonly note?: string;
}

/** What was found for each wording, before it is put together. */
interface Lists {
  readonly findings: readonly Findings[];
  readonly joined: readonly Joined[];
  readonly notes: readonly (string | undefined)[];
}

const nothingFound: WordsFound = { chunks: [], documents: [], maxScore: 0 };
const nothing: FoundFor = {
  findings: { words: nothingFound, places: new Map(), dense: undefined },
  terms: { ids: new Uint32Array(), counts: new Uint16Array(), length: 0 },
  hits: [],
  rankings: [],
};

/** Asks the retrievers, by words and by meaning, all at the same time; one that fails or is late is named in the notes. */
export class Finder {
  readonly #deps: FinderDeps;
  readonly #options: RetrieveOptions;

  constructor(deps: FinderDeps, options: RetrieveOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** @throws {StoreError} When neither words nor meaning could be searched; the signal's reason when aborted. */
  async find({ texts, search, budgetMs }: Wanted, signal: AbortSignal | undefined): Promise<Found> {
    const [text = ""] = texts;
    const terms = texts.map((wording) => analyzeQuery(wording));
    const asked = { text, terms, vectors: this.#embedQuestions(texts, signal) };
    const lists =
      (await this.#findFused(asked, search, signal)) ??
      (await this.#findLists(asked, search, budgetMs, signal));
    const { vectors, note } = await asked.vectors;
    const found = lists.findings.map((findings, at) => ({
      findings,
      terms: terms[at] ?? nothing.terms,
      ...(lists.joined[at] ?? nothing),
    }));
    const [own = nothing, ...others] = found;
    return { own, others, vector: vectors[0], notes: [...lists.notes, note] };
  }

  /** Whether the vectors were checked, for questions such as this one. */
  isProvenOn(question: string): boolean {
    const { embedder } = this.#deps;
    return embedder?.isProven === true && (embedder.isProvenOn?.(question) ?? true);
  }

  /** What words and meaning find, each by itself, joined here. */
  async #findLists(
    { text, terms, vectors: embedded }: Asked,
    search: SearchOptions,
    budgetMs: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Lists> {
    const [words, { vectors }] = await Promise.all([this.#findWords(terms, search, signal), embedded]);
    signal?.throwIfAborted();
    const early = words.found.map((found) => ({ ...found, dense: undefined }));
    const fresh = vectors.length > 0 ? await this.#embedCandidates(text, early[0], budgetMs, signal) : [];
    const meanings = await this.#findMeanings(vectors, search, signal);
    signal?.throwIfAborted();
    if (words.error !== undefined && meanings.lists.length === 0) throw words.error;
    const findings = words.found.map((found, at) =>
      withMeaning(found, meanings.lists[at], fresh, vectors[at]),
    );
    const joined = findings.map((finding) => this.#join(text, finding));
    return { findings, joined, notes: [words.note, meanings.note] };
  }

  /** The same, joined by the store; undefined where it is not to do that, or a wording has no vector or no words. */
  async #findFused(
    { text, terms, vectors: embedded }: Asked,
    search: SearchOptions,
    signal: AbortSignal | undefined,
  ): Promise<Lists | undefined> {
    const { denseWeight, wordsTimeoutMs, fusion: wanted } = this.#options;
    const { store, calibration } = this.#deps;
    const fusion = serverFusion(wanted);
    if (!fusion) return undefined;
    checkFuses(store, fusion, denseWeight);
    const { vectors } = await embedded;
    signal?.throwIfAborted();
    const queries = terms.flatMap((terms, at) => {
      const vector = vectors[at];
      return vector && terms.ids.length > 0 ? [{ terms, vector }] : [];
    });
    if (queries.length < terms.length) return undefined;
    const usual = this.isProvenOn(text) ? usualWeights.proven : usualWeights.unproven;
    const usualWeight = calibration?.()?.denseWeight ?? usual;
    const found = await within("Searching by words and meaning", wordsTimeoutMs, signal, (own) =>
      findFused(store, queries, { ...search, fusion, denseWeight, usualWeight }, own),
    );
    return {
      findings: found.map(({ findings }) => findings),
      joined: found.map(({ joined }) => joined),
      notes: [],
    };
  }

  #join(question: string, findings: Findings): Joined {
    const { embedder, calibration } = this.#deps;
    const trust = { isProven: this.isProvenOn(question), hasEmbedder: embedder !== undefined };
    return joinFindings(findings, trust, this.#options, calibration?.());
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
    const { store } = this.#deps;
    try {
      const found = await within("Searching by words", this.#options.wordsTimeoutMs, signal, async (own) => {
        const lists = await store.searchWords(queries, search, own);
        return await Promise.all(
          lists.map(async (words, at) => ({
            words,
            places: await passagesFound(store, queries[at] ?? nothing.terms, words, own),
          })),
        );
      });
      return { found };
    } catch (error) {
      const note = `Searching by words failed: ${messageOf(error)}`;
      return { found: queries.map(() => nothing.findings), note, error };
    }
  }

  async #embedQuestions(texts: readonly string[], signal: AbortSignal | undefined): Promise<Vectors> {
    const { embedder } = this.#deps;
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
        this.#deps.store.searchVectors(vectors, search, own),
      );
      return { lists };
    } catch (error) {
      return { lists: [], note: `Searching by meaning failed: ${messageOf(error)}` };
    }
  }

  /** Vectors for the best passages that have none, kept where the store can be written. */
  async #embedCandidates(
    question: string,
    found: Findings | undefined,
    budgetMs: number = this.#options.embedBudgetMs,
    signal?: AbortSignal,
  ): Promise<readonly FreshVector[]> {
    const { embedder, store, clock, keep } = this.#deps;
    if (!embedder || !found || budgetMs <= 0) return [];
    const best = this.#join(question, found).hits.slice(0, this.#options.embedCandidates);
    const missing = best.map(({ id }) => id).filter((id) => found.places.get(id)?.hasVector === false);
    if (missing.length === 0) return [];
    try {
      const jobs = await store.embeddingJobs(missing, signal);
      const fresh = await embedWithin(budgetMs, jobs, { embedder, clock }, signal);
      // Not kept is not lost: the backlog will come to them.
      if (fresh.length > 0) await keep?.(fresh).catch(() => 0);
      return fresh;
    } catch {
      return []; // they stay unknown; an abort is found by the caller
    }
  }
}
