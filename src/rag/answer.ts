import type { ChunkId, ChunkStore } from "./chunk-store.ts";
import type { AnswerOptions } from "./answer-options.ts";
import { answerConfidence } from "./confidence.ts";
import { within } from "../deadline.ts";
import type { Embedder } from "./embedder.ts";
import { Question } from "./question.ts";
import type { Hit, Retrieval } from "./retrieve.ts";
import { candidateSentences, type Candidate } from "./answer-candidates.ts";
import { dot } from "./vector-math.ts";

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
}

/** Sources that contradict each other on one point. */
export interface Conflict {
  readonly about: string;
  readonly citations: readonly Citation[];
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
  /** What a reader should know: a retriever that failed or was late. */
  readonly notes: readonly string[];
}

/** A candidate with all that its score stands on. */
interface Scored extends Candidate {
  readonly cosine: number | undefined;
  readonly score: number;
}

/**
 * Weights of the sentence score beside the question's coverage, which has 1: between the best on 1,190 questions over
 * single paragraphs (.5, 1, 1.5, .2: right sentence first .791) and the best on 60 over whole manual pages.
 */
const cosineWeight = 0.75;
const contextWeight = 1.25;
const passageWeight = 2;
const kindWeight = 0.2;
/** What a sentence that says the meaning of the question's words gains, where the question asks for that. */
const meaningWeight = 0.4;
const fragmentPenalty = 0.5;
/** Share of its weight that a question's term has when the sentence's heading or entry holds it and the sentence does not. */
const placeShare = 0.6;
/** A further sentence must bring at least this share of the question that the answer lacks ... */
const leastGain = 0.15;
/** ... and score this close to the best; or, from the same passage, this close. */
const gainCloseness = 0.8;
const passageCloseness = 0.96;
/** UTF-16 units from a sentence to the one that completes it: two or three sentences. */
const completionReach = 300;
/** Sources shown beside "not found". */
const nearestSources = 3;

/** Answers by quoting: no language model, every word from an indexed page. */
export class Answerer {
  readonly #store: ChunkStore;
  readonly #embedder: Embedder | undefined;
  readonly #options: AnswerOptions;

  constructor(
    deps: { readonly store: ChunkStore; readonly embedder?: Embedder | undefined },
    options: AnswerOptions,
  ) {
    this.#store = deps.store;
    this.#embedder = deps.embedder;
    this.#options = options;
  }

  /**
   * The best one to three sentences of what was retrieved, or "not found" with the nearest sources.
   * @throws The signal's reason when aborted.
   */
  async answer(text: string, retrieval: Retrieval, signal?: AbortSignal): Promise<Answer> {
    const hits = this.#hitsToRead(retrieval);
    const pages = [...new Set(hits.map(({ chunk }) => chunk.documentId))];
    const [question, documents] = await Promise.all([
      Question.weigh(text, this.#store, signal),
      this.#store.documents(pages, signal),
    ]);
    const byId = new Map(documents.map((document) => [document.id, document]));
    const candidates = candidateSentences(question, hits, byId);
    const scored = await this.#score(question, candidates, retrieval, signal);
    const [best] = scored;
    if (!best) return abstention(text, 0, [], retrieval.notes);
    const confidenceOf = (candidate: Scored) =>
      answerConfidence({
        lexicalShare: retrieval.lexicalShare,
        lexicalMargin: retrieval.lexicalMargin,
        sentenceCoverage: question.coverage(candidate.terms),
        passageCoverage: candidate.passageCoverage,
        ...(candidate.cosine === undefined ? {} : { sentenceCosine: candidate.cosine }),
      });
    const confidence = confidenceOf(best);
    const cite = (candidate: Scored) => citation(candidate, confidenceOf(candidate));
    if (confidence < this.#options.leastConfidence) {
      return abstention(text, confidence, nearestOf(scored).map(cite), retrieval.notes);
    }
    const isSure = (candidate: Scored) => confidenceOf(candidate) >= this.#options.leastConfidence;
    const completion = completionOf(question, best, scored);
    const chosen = completion ? [best, completion] : this.#choose(question, best, scored.filter(isSure));
    return {
      question: text,
      answer: chosen.map(({ quote }) => quote.replace(/\s+/g, " ").trim()).join(" "),
      confidence,
      abstained: false,
      citations: chosen.map(cite),
      conflicts: [],
      notes: retrieval.notes,
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

  /** Best first. The cosines are those of the best by words; where there are any, the rest cannot win. */
  async #score(
    question: Question,
    candidates: readonly Candidate[],
    retrieval: Retrieval,
    signal: AbortSignal | undefined,
  ): Promise<Scored[]> {
    const byWords = candidates
      .map((candidate) => ({ candidate, score: this.#wordScore(question, candidate) }))
      .sort((one, other) => other.score - one.score);
    const embedded = byWords.slice(0, this.#options.embedSentences);
    const cosines = await this.#cosines(
      embedded.map(({ candidate }) => candidate),
      retrieval,
      signal,
    );
    const scored = cosines
      ? embedded.map(({ candidate, score }, index) => {
          const { alone, inContext } = cosines[index] as Cosines;
          return {
            ...candidate,
            cosine: alone,
            score: score + cosineWeight * alone + contextWeight * inContext,
          };
        })
      : byWords.map(({ candidate, score }) => ({ ...candidate, cosine: undefined, score }));
    return scored.sort((one, other) => other.score - one.score);
  }

  #wordScore(question: Question, candidate: Candidate): number {
    return (
      coverageInPlace(question, candidate) +
      passageWeight * candidate.passageScore +
      (question.asksForMeaning ? meaningWeight * question.coverage(candidate.definedTerms) : 0) +
      (question.isAnsweredInKind(candidate.quote) ? kindWeight : 0) -
      (candidate.isWhole ? 0 : fragmentPenalty)
    );
  }

  /** Cosines of sentences with the question, alone and with title and the sentence before; nothing when they cannot be had in time. */
  async #cosines(
    candidates: readonly Candidate[],
    { vector }: Retrieval,
    signal: AbortSignal | undefined,
  ): Promise<Cosines[] | undefined> {
    const embedder = this.#embedder;
    if (!embedder || !vector || candidates.length === 0) return undefined;
    const texts = candidates.flatMap(({ quote, context }) => [quote, context]);
    try {
      const rows = await within("Comparing sentences", this.#options.sentenceBudgetMs, signal, (own) =>
        embedder.embed(texts, own),
      );
      return candidates.map((_, index) => ({
        alone: dot(vector, rows[2 * index] as Float32Array),
        inContext: dot(vector, rows[2 * index + 1] as Float32Array),
      }));
    } catch {
      // Late or failing: words alone decide, with the confidence model made for that.
      signal?.throwIfAborted();
      return undefined;
    }
  }

  /** The best, and the others that add to it, best first: a reader who stops after one sentence has read the best. */
  #choose(question: Question, best: Scored, others: readonly Scored[]): Scored[] {
    const chosen = [best];
    const covered = new Set(best.terms);
    for (const candidate of others) {
      if (chosen.length >= this.#options.maxSentences) break;
      if (chosen.some(({ quote }) => quote === candidate.quote)) continue;
      const gain = question.coverage(new Set([...candidate.terms].filter((term) => !covered.has(term))));
      const closeness = candidate.score / best.score;
      const isAdding = gain >= leastGain && closeness >= gainCloseness;
      const isBeside = candidate.chunkId === best.chunkId && closeness >= passageCloseness;
      if (!isAdding && !isBeside) continue;
      chosen.push(candidate);
      for (const term of candidate.terms) covered.add(term);
    }
    return chosen;
  }
}

/** The value that the best sentence only introduces: "The default is 100", soon behind what it is the default of. */
function completionOf(question: Question, best: Scored, scored: readonly Scored[]): Scored | undefined {
  if (!question.asksForValue || question.givesValue(best.quote)) return undefined;
  return scored
    .filter(({ url, start }) => url === best.url && start >= best.end && start - best.end <= completionReach)
    .filter(({ quote }) => question.givesValue(quote))
    .sort((one, other) => one.start - other.start)[0];
}

function coverageInPlace(question: Question, { terms, placedTerms }: Candidate): number {
  const own = question.coverage(terms);
  return own + placeShare * (question.coverage(placedTerms) - own);
}

interface Cosines {
  readonly alone: number;
  readonly inContext: number;
}

/** The best sentence of each of the nearest pages. */
function nearestOf(scored: readonly Scored[]): Scored[] {
  const ofPages = new Map<string, Scored>();
  for (const candidate of scored) {
    if (!ofPages.has(candidate.url)) ofPages.set(candidate.url, candidate);
  }
  return [...ofPages.values()].slice(0, nearestSources);
}

function citation({ url, title, quote, start, end }: Candidate, score: number): Citation {
  return { url, title, quote, start, end, score };
}

function abstention(
  question: string,
  confidence: number,
  citations: readonly Citation[],
  notes: readonly string[],
): Answer {
  return { question, answer: notFound, confidence, abstained: true, citations, conflicts: [], notes };
}
