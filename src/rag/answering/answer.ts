import type { ChunkId, ChunkStore } from "../chunk-store.ts";
import { answerSigns, foundSigns } from "./answer-signs.ts";
import { answerSpan } from "./answer-span.ts";
import { chancesOf } from "./quote-run.ts";
import { completionOf, type Quote, quoteOf, quotesOf, type Scored } from "./quotes.ts";
import { sentenceScore, supportWeights, wordWeights } from "./sentence-score.ts";
import { supportOf, type PassageSupport } from "./word-support.ts";
import { settleContradictions } from "./settle-contradictions.ts";
import type { Arbitrate, ResolvedBy, ResolvedConflict } from "../conflicts/resolve.ts";
import type { AnswerOptions } from "./answer-options.ts";
import { answerConfidence } from "./confidence.ts";
import { within } from "../../deadline.ts";
import { messageOf } from "../../errors.ts";
import type { Embedder } from "../embedder.ts";
import { quotedText } from "./quoted-text.ts";
import { Question } from "./question.ts";
import { trustInReading } from "../retrieval/respell.ts";
import type { Hit, Retrieval } from "../retrieval/retrieve.ts";
import { candidateSentences, partsOf, readPassages, type ReadPassage } from "./answer-candidates.ts";
import type { Range } from "../text/sentences.ts";

/** What an answer says when it has none. */
export const notFound = "Not found in the indexed pages.";

/** A verbatim quote and where it stands: `document.text.slice(start, end) === quote`. */
export interface Citation {
  readonly url: string;
  readonly title: string;
  readonly quote: string;
  readonly start: number;
  readonly end: number;
  /** 0 to 1: the chance that this quote answers the question. */
  readonly score: number;
  /** Where in the document's text the value stands that was asked for, when that can be told: within `start` to `end`. */
  readonly answer?: Range;
}

/** Sources that contradict each other on one point: what each side says, and which side the answer follows. */
export interface Conflict {
  readonly about: string;
  /** Each with its quotes, the weightiest side first. */
  readonly sides: readonly {
    readonly value: string;
    readonly citations: readonly Citation[];
    /** Summed chance of its sources, copies counted once. */
    readonly weight: number;
  }[];
  /** Index of the side that the answer follows ... */
  readonly chosen: number;
  /** ... and why: its sources are likelier, more, newer, or a chat model said so. */
  readonly by: ResolvedBy;
}

export interface AnswerRequest {
  /** Decides between sources that contradict each other; without it, rules do. */
  readonly arbitrate?: Arbitrate | undefined;
}

/** An answer made of quotes, or the honest absence of one. */
export interface Answer {
  readonly question: string;
  readonly answer: string;
  readonly confidence: number;
  /** True when nothing was found: the citations are then only the nearest sources. */
  readonly abstained: boolean;
  readonly citations: readonly Citation[];
  readonly conflicts: readonly Conflict[];
  /** What a reader should know: a part of the work that failed or was late. */
  readonly notes: readonly string[];
}

/** A further quote is at least this likely, beside the first, to hold the answer ... */
const closeness = 0.35;
/** ... or brings at least this share of the question that the answer lacks, and is this likely. */
const leastGain = 0.15;
const gainCloseness = 0.1;
/** Sources shown beside "not found". */
const nearestSources = 3;

/** Answers by quoting: no language model, every word from an indexed page. */
export class Answerer {
  readonly #store: ChunkStore;
  readonly #embedder: Embedder | undefined;
  readonly #correct: (confidence: number) => number;
  readonly #options: AnswerOptions;

  /** @param deps.correct Brings the stated confidence to what was measured on this index. */
  constructor(
    deps: {
      readonly store: ChunkStore;
      readonly embedder?: Embedder | undefined;
      readonly correct?: ((confidence: number) => number) | undefined;
    },
    options: AnswerOptions,
  ) {
    this.#correct = deps.correct ?? ((confidence) => confidence);
    this.#store = deps.store;
    this.#embedder = deps.embedder;
    this.#options = options;
  }

  /**
   * The best one to three sentences of what was retrieved, or "not found" with the nearest sources.
   * @throws The signal's reason when aborted.
   */
  async answer(
    text: string,
    retrieval: Retrieval,
    signal?: AbortSignal,
    { arbitrate }: AnswerRequest = {},
  ): Promise<Answer> {
    const hits = this.#hitsToRead(retrieval);
    const pages = [...new Set(hits.map(({ chunk }) => chunk.documentId))];
    const [question, documents] = await Promise.all([
      // As it was searched for: where a word was misspelt, by the right one.
      Question.weigh(retrieval.query, this.#store, signal),
      this.#store.documents(pages, signal),
    ]);
    const passages = readPassages(
      question,
      hits,
      new Map(documents.map((document) => [document.id, document])),
    );
    const { supports, notes } = await this.#supports(question, passages, retrieval.notes, signal);
    const scored = score(question, passages, supports);
    const found = foundSigns(question, passages);
    const trustIn = (quote: string, sentence: Scored) =>
      trustInReading(retrieval.corrections) *
      this.#correct(answerConfidence(answerSigns(question, found, quote, sentence)));
    const { kept, conflicts } = await settleContradictions(
      retrieval.query,
      scored,
      passages,
      (sentence) => trustIn(sentence.quote, sentence),
      arbitrate,
      signal,
    );
    const quotes = quotesOf(question, kept, passages);
    const [first] = quotes;
    if (!first) return abstention(text, 0, [], notes);
    const confidenceOf = (quote: Quote) => trustIn(quote.text, quote.best);
    const confidence = confidenceOf(first);
    const cite = (quote: Quote) => citation(question, quote, confidenceOf(quote));
    if (confidence < this.#options.leastConfidence)
      return abstention(text, confidence, nearestOf(quotes).map(cite), notes);
    const citations = this.#choose(question, quotes, kept, passages).map(cite);
    return {
      question: text,
      answer: quotedText(citations),
      // Sources that disagree leave as much of it as the chosen side has weight.
      confidence: confidence * Math.min(1, ...conflicts.map(shareOfChosen)),
      abstained: false,
      citations,
      conflicts: conflicts.map(describeConflict),
      notes,
    };
  }

  /** The best passages of the best pages. */
  #hitsToRead({ hits }: Retrieval): Hit[] {
    const pages = new Set<ChunkId>();
    return hits.filter(({ chunk }) => {
      if (pages.size < this.#options.maxPages) pages.add(chunk.documentId);
      return pages.has(chunk.documentId);
    });
  }

  /** What the first passages say to the question's words; nothing, and a note, when that cannot be had in time. */
  async #supports(
    question: Question,
    passages: readonly ReadPassage[],
    notes: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<{ readonly supports?: PassageSupport[]; readonly notes: readonly string[] }> {
    const embedder = this.#embedder;
    if (!embedder?.embedTokens || !embedder.isProven || passages.length === 0) return { notes };
    const embedTokens = embedder.embedTokens.bind(embedder);
    const parts = passages.slice(0, this.#options.comparePassages).map(partsOf);
    try {
      const supports = await within("Comparing passages", this.#options.compareBudgetMs, signal, (own) =>
        supportOf(question.words, parts, embedTokens, own),
      );
      return { supports, notes };
    } catch (error) {
      // Late or failing: words alone decide, with the models made for that.
      signal?.throwIfAborted();
      return { notes: [...notes, `Words alone chose the quotes: ${messageOf(error)}`] };
    }
  }

  /** The likeliest quote, and others that may hold the answer or add to it: a reader who stops after one has read the best. */
  #choose(
    question: Question,
    [first, ...others]: readonly Quote[],
    scored: readonly Scored[],
    passages: readonly ReadPassage[],
  ): Quote[] {
    if (!first) return [];
    const completion = completionOf(question, first, scored);
    if (completion) return [first, quoteOf(question, [completion], passages)];
    const chosen = [first];
    const covered = question.termsIn(first.text);
    for (const quote of others) {
      if (chosen.length >= this.#options.maxSentences) break;
      if (chosen.some(({ text }) => text === quote.text)) continue;
      const terms = question.termsIn(quote.text);
      const gain = question.coverage(new Set([...terms].filter((term) => !covered.has(term))));
      const share = quote.best.chance / first.best.chance;
      if (share < closeness && !(gain >= leastGain && share >= gainCloseness)) continue;
      chosen.push(quote);
      for (const term of terms) covered.add(term);
    }
    return chosen;
  }
}

/** Best first: by the support of the question's words where the passages could be compared, else by words alone. */
function score(
  question: Question,
  passages: readonly ReadPassage[],
  supports: readonly PassageSupport[] | undefined,
): Scored[] {
  const candidates = candidateSentences(question, passages, supports);
  const weights = supports ? supportWeights : wordWeights;
  const chances = chancesOf(candidates.map(({ signs }) => sentenceScore(signs, weights)));
  return candidates
    .map((candidate, index) => ({ ...candidate, chance: chances[index] ?? 0 }))
    .sort((one, other) => other.chance - one.chance);
}

/** The best quote of each of the nearest pages. */
function nearestOf(quotes: readonly Quote[]): Quote[] {
  const ofPages = Map.groupBy(quotes, ({ best }) => best.url);
  return [...ofPages.values()].flatMap(([first]) => (first ? [first] : [])).slice(0, nearestSources);
}

function citation(question: Question, { best, start, end, text }: Quote, score: number): Citation {
  const span = answerSpan(question.text, text, (sentence) => question.worthOf(sentence));
  return {
    url: best.url,
    title: best.title,
    quote: text,
    start,
    end,
    score,
    ...(span ? { answer: { start: start + span.start, end: start + span.end } } : {}),
  };
}

function describeConflict({ about, sides, resolved, by }: ResolvedConflict): Conflict {
  return {
    about,
    sides: sides.map(({ value, weight, evidence }) => ({
      value,
      weight,
      citations: evidence.map(({ url, title, quote, start, end, score }) => ({
        url,
        title,
        quote,
        start,
        end,
        score,
      })),
    })),
    chosen: resolved,
    by,
  };
}

function shareOfChosen({ sides, resolved }: ResolvedConflict): number {
  const total = sides.reduce((sum, { weight }) => sum + weight, 0);
  return total > 0 ? (sides[resolved]?.weight ?? 0) / total : 1;
}

function abstention(
  question: string,
  confidence: number,
  citations: readonly Citation[],
  notes: readonly string[],
): Answer {
  return { question, answer: notFound, confidence, abstained: true, citations, conflicts: [], notes };
}
