import { within } from "../../deadline.ts";
import { messageOf } from "../../errors.ts";
import type { TermCounts } from "../chunk-store.ts";
import { diversify } from "./diversify.ts";
import type { Filter } from "../filter.ts";
import { Finder, type FinderDeps, type Found } from "./finder.ts";
import { orderByTime } from "./freshness.ts";
import type { FusedHit } from "../fusion.ts";
import { describeHit, type Hit, toRanks } from "./hits.ts";
import { type CalibratedWeight, joinWordings } from "./join-rankings.ts";
import { lexicalFacts, type LexicalFacts } from "./lexical-rankings.ts";
import { rerank, rerankDepth } from "./rerank.ts";
import type { Reranker } from "../reranker.ts";
import { type Correction, type Respelt, Respelling } from "./respell.ts";
import type { RetrieveOptions } from "./retrieve-options.ts";
import { searchableText } from "../text/searchable-text.ts";
import { Passages, selectHits } from "./select-hits.ts";
import { variantsOf, type Wording } from "./variants.ts";

export type { Hit, RetrieverName } from "./hits.ts";
export type { Correction } from "./respell.ts";
export type { Wording } from "./variants.ts";

/** What a search found, with the facts that answering and confidence stand on. */
export interface Retrieval extends LexicalFacts {
  /** As it was searched for: as it was asked, or as the pages write it. */
  readonly query: string;
  /** Words of the question that the pages write otherwise; absent where there are none. */
  readonly corrections?: readonly Correction[];
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

/** What a retriever works with. */
export interface RetrieverDeps extends FinderDeps {
  readonly reranker?: Reranker | undefined;
  readonly calibration?: (() => MeasuredOnIndex | undefined) | undefined;
}

/** What a calibration says of an index. */
export interface MeasuredOnIndex extends CalibratedWeight {
  /** Whether a reranker earned its place. */
  readonly reranker?: { readonly id: string; readonly isUsed: boolean } | undefined;
}

const uncheckedScript = "The embedder was not checked on text in this script, so that words count for more.";

/** Passages that a question's words are compared with: where the right word is, and few others that are near. */
const comparedPassages = 50;

/** What was found, in one order. */
interface Fused {
  readonly found: Found;
  readonly hits: readonly FusedHit[];
}

/** Finds passages by words (of the page and of the passage) and by meaning, joins what it found, and picks what is shown. */
export class Retriever {
  readonly #deps: RetrieverDeps;
  readonly #options: RetrieveOptions;
  readonly #finder: Finder;

  constructor(deps: RetrieverDeps, options: RetrieveOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#finder = new Finder(deps, options);
  }

  /**
   * The passages for `query`, at most `limit`: its wordings, each by words and by meaning, all at the same time, joined.
   * Once more where the pages write a word of it otherwise. A retriever that fails or is late costs quality and is named
   * in the notes.
   * @throws {StoreError} When neither words nor meaning could be searched; the signal's reason when aborted.
   */
  async retrieve(query: string, request: RetrieveRequest, signal?: AbortSignal): Promise<Retrieval> {
    signal?.throwIfAborted();
    const { store, clock } = this.#deps;
    const passages = new Passages(store, signal);
    const endsAt = clock.now() + (request.budgetMs ?? this.#options.embedBudgetMs);
    const [asked, respelling] = await Promise.all([
      this.#find(query, request, signal),
      this.#doubt(query, signal),
    ]);
    const respelt = respelling && (await this.#respell(respelling, asked, passages, signal));
    if (!respelt) return await this.#show(query, asked, request.limit, passages, signal);
    const budgetMs = Math.max(0, endsAt - clock.now());
    const found = await this.#find(respelt.text, { ...request, budgetMs }, signal);
    const shown = await this.#show(respelt.text, found, request.limit, passages, signal);
    const notes = respelt.corrections.map(describeCorrection);
    return { ...shown, corrections: respelt.corrections, notes: [...notes, ...shown.notes] };
  }

  /** What was found for a question and its other wordings, in one order. */
  async #find(query: string, request: RetrieveRequest, signal: AbortSignal | undefined): Promise<Fused> {
    const { limit, filter, budgetMs } = request;
    const wordings = [...(request.wordings ?? []), ...variantsOf(query, this.#options.variants)];
    const search = { limit: Math.max(this.#options.listDepth, limit), ...(filter ? { filter } : {}) };
    const texts = [query, ...wordings.map(({ text }) => text)];
    const found = await this.#finder.find({ texts, search, budgetMs }, signal);
    const others = found.others.map(({ hits }, at) => ({ hits, weight: wordings[at]?.weight ?? 0 }));
    return { found, hits: joinWordings(found.own.hits, others) };
  }

  /** The question's words, where the pages may write one otherwise. */
  async #doubt(query: string, signal: AbortSignal | undefined): Promise<Respelling | undefined> {
    if (!this.#options.respelling) return undefined;
    const { store, embedder } = this.#deps;
    const respelling = new Respelling(query, {
      lookUp: (terms) =>
        within("Looking words up", this.#options.wordsTimeoutMs, signal, (own) =>
          store.knownTerms(terms, own),
        ),
      isWord: async (word) => (await embedder?.knowsWord?.(word)) ?? false,
    });
    try {
      return (await respelling.isWorthATry()) ? respelling : undefined;
    } catch {
      return undefined; // asked as it stands; that the store fails is told by the search, an abort is found by it
    }
  }

  /** The question as the passages found write it. */
  async #respell(
    respelling: Respelling,
    { hits }: Fused,
    passages: Passages,
    signal: AbortSignal | undefined,
  ): Promise<Respelt | undefined> {
    const best = hits.slice(0, comparedPassages).map(({ id }) => id);
    await passages.readAhead(best);
    const chunks = await Promise.all(best.map((id) => passages.read(id)));
    const texts = chunks.flatMap((chunk) => (chunk ? searchableText(chunk.headingPath, chunk.text) : []));
    try {
      return await respelling.by(texts);
    } catch {
      signal?.throwIfAborted();
      return undefined;
    }
  }

  /** The best of what was found, with what a reader should know. */
  async #show(
    query: string,
    { found, hits: fused }: Fused,
    limit: number,
    passages: Passages,
    signal: AbortSignal | undefined,
  ): Promise<Retrieval> {
    const { store } = this.#deps;
    const { own, vector } = found;
    const { words } = own.findings;
    await passages.readAhead([...fused.slice(0, limit), ...words.chunks.slice(0, 2)].map(({ id }) => id));
    const reranked = await this.#rerank(query, fused, passages, signal);
    const hits = await this.#pick(query, reranked.hits, found, passages, limit, signal);
    const stats = await store.stats(signal);
    const isUnchecked = vector && this.#deps.embedder?.isProven && !this.#finder.isProvenOn(query);
    return {
      query,
      hits,
      terms: own.terms,
      ...(vector ? { vector } : {}),
      ...(await lexicalFacts(words, (id) => passages.read(id))),
      coverage: stats.chunks > 0 ? stats.embedded / stats.chunks : 0,
      notes: [...found.notes, isUnchecked ? uncheckedScript : undefined, reranked.note].filter(
        (note) => note !== undefined,
      ),
    };
  }

  /** The best hits in an order of a second reading, in time; else as they were. */
  async #rerank(
    query: string,
    fused: readonly FusedHit[],
    passages: Passages,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly hits: readonly FusedHit[]; readonly note?: string }> {
    const { reranker, calibration } = this.#deps;
    const measured = calibration?.()?.reranker;
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

  /** What is shown of the ranking: in time's order where the question is about a moment, varied, each thing once. */
  async #pick(
    query: string,
    ranked: readonly FusedHit[],
    { own, others }: Found,
    passages: Passages,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<Hit[]> {
    const { store, clock } = this.#deps;
    const { diversity, freshnessWeight: weight } = this.#options;
    const inTime = await orderByTime(query, ranked, passages, { limit, weight, nowMs: clock.now() });
    const varied = await diversify(inTime.hits, store, { limit, diversity }, signal);
    const places = new Map([own, ...others].flatMap(({ findings }) => [...findings.places]));
    const selected = await selectHits(varied, places, passages, limit, this.#options);
    const ranks = own.rankings.map(toRanks);
    const { maxScore } = own.findings.words;
    const isProven = this.#finder.isProvenOn(query);
    return selected.map(({ hit, chunk }) =>
      describeHit(hit, chunk, ranks, maxScore, isProven, inTime.changes),
    );
  }
}

function describeCorrection({ written, read, kind }: Correction): string {
  const why = { spelling: "which no page has", joining: "as the pages write it" };
  return `Searched for "${read}" in place of "${written}", ${why[kind]}.`;
}
