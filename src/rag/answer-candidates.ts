import type { Block, BlockKind } from "../document.ts";
import type { ChunkStore } from "./chunk-store.ts";
import type { Question } from "./question.ts";
import type { Hit } from "./retrieve.ts";
import { sentenceRanges, type Range } from "./sentences.ts";

/** A sentence that may answer, with what it is judged by. */
export interface Candidate {
  readonly url: string;
  readonly title: string;
  readonly chunkId: number;
  /** Verbatim, at `start` to `end` of the document's text. */
  readonly quote: string;
  readonly start: number;
  readonly end: number;
  /** The sentence with its headings and the one before: what it reads like in its place. */
  readonly context: string;
  /** The question's terms that it holds. */
  readonly terms: ReadonlySet<number>;
  /** Share of the question that sentence, headings and the sentence before hold, and that the whole passage holds, 0 to 1. */
  readonly contextCoverage: number;
  readonly passageCoverage: number;
  /** The joined score of its passage over that of the best passage, 0 to 1. */
  readonly passageScore: number;
  /** False for what ends without a full stop: a label, a signature, a line of a menu. */
  readonly isWhole: boolean;
}

/** Blocks whose text is sentences. Code and table rows are quoted when a page has nothing else, headings never. */
const prose: ReadonlySet<BlockKind> = new Set(["paragraph", "list", "quote"]);
const fallback: ReadonlySet<BlockKind> = new Set(["code", "table"]);
/** Longer "sentences" are lists or tables run together; a quote must be short enough to read. */
const maxQuoteLength = 800;
const minQuoteLength = 3;
/** A line no longer than this without a full stop, before a sentence, is what the sentence is about: a term, a signature. */
const maxTermLength = 120;
const sentenceEnd = /[.!?:…。！？]["'”’»)\]]*$/u;

/** The sentences of the passages found, each once. */
export function candidateSentences(
  question: Question,
  hits: readonly Hit[],
  store: Pick<ChunkStore, "documentById">,
): Candidate[] {
  const topScore = Math.max(...hits.map(({ score }) => score), Number.MIN_VALUE);
  const byPage = Map.groupBy(hits, ({ chunk }) => chunk.documentId);
  const proseOnes = [...byPage.values()].flatMap((ofPage) =>
    sentencesOfPage(question, ofPage, topScore, prose, store),
  );
  if (proseOnes.length > 0) return proseOnes;
  return [...byPage.values()].flatMap((ofPage) =>
    sentencesOfPage(question, ofPage, topScore, fallback, store),
  );
}

function sentencesOfPage(
  question: Question,
  hits: readonly Hit[],
  topScore: number,
  kinds: ReadonlySet<BlockKind>,
  store: Pick<ChunkStore, "documentById">,
): Candidate[] {
  const documentId = hits[0]?.chunk.documentId;
  const stored = documentId === undefined ? undefined : store.documentById(documentId);
  if (!stored) return [];
  const { text, title, blocks } = stored.document;
  const taken = new Set<number>();
  const candidates: Candidate[] = [];
  for (const { chunk, score } of hits) {
    const passageCoverage = question.coverage(question.termsIn(`${chunk.headingPath}\n${chunk.text}`));
    let before = "";
    for (const { start, end } of withTheirTerms(text, sentencesBetween(text, blocks, chunk, kinds))) {
      const quote = text.slice(start, end);
      const context = [chunk.headingPath, before, quote].filter((part) => part !== "").join("\n");
      before = quote;
      if (taken.has(start) || quote.length < minQuoteLength || quote.length > maxQuoteLength) continue;
      taken.add(start);
      candidates.push({
        url: stored.url,
        title,
        chunkId: chunk.id,
        quote,
        start,
        end,
        context,
        terms: question.termsIn(quote),
        contextCoverage: question.coverage(question.termsIn(context)),
        passageCoverage,
        passageScore: score / topScore,
        isWhole: sentenceEnd.test(quote),
      });
    }
  }
  return candidates;
}

/** Sentences of these kinds of block that reach into a passage, whole even where the passage cuts them. */
function* sentencesBetween(
  text: string,
  blocks: readonly Block[],
  passage: Range,
  kinds: ReadonlySet<BlockKind>,
): Generator<Range> {
  for (const block of blocks) {
    if (block.end <= passage.start || block.start >= passage.end || !kinds.has(block.kind)) continue;
    for (const sentence of sentenceRanges(text, block.start, block.end)) {
      if (sentence.end > passage.start && sentence.start < passage.end) yield sentence;
    }
  }
}

/** Joins a term or signature with the sentence that says what it is, as definition lists have them. */
function* withTheirTerms(text: string, sentences: Iterable<Range>): Generator<Range> {
  let term: Range | undefined;
  for (const sentence of sentences) {
    const isWhole = sentenceEnd.test(text.slice(sentence.start, sentence.end));
    if (term && isWhole && text.slice(term.end, sentence.start).trim() === "") {
      yield { start: term.start, end: sentence.end };
      term = undefined;
      continue;
    }
    if (term) yield term;
    term = undefined;
    if (!isWhole && sentence.end - sentence.start <= maxTermLength && hasLetters(text, sentence))
      term = sentence;
    else yield sentence;
  }
  if (term) yield term;
}

function hasLetters(text: string, { start, end }: Range): boolean {
  return /\p{L}{2}/u.test(text.slice(start, end));
}
