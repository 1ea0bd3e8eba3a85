import type { Block, BlockKind } from "../document.ts";
import type { ChunkStore } from "./chunk-store.ts";
import type { Question } from "./question.ts";
import type { Hit } from "./retrieve.ts";
import { sentenceRanges } from "./sentences.ts";

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
  /** Share of the question that its page holds, 0 to 1. */
  readonly pageCoverage: number;
  /** The joined score of its page's best passage over that of the best page, 0 to 1. */
  readonly pageScore: number;
}

/** Blocks whose text is sentences. Code and table rows are quoted when a page has nothing else, headings never. */
const prose: ReadonlySet<BlockKind> = new Set(["paragraph", "list", "quote"]);
const fallback: ReadonlySet<BlockKind> = new Set(["code", "table"]);
/** Longer "sentences" are lists or tables run together; a quote must be short enough to read. */
const maxQuoteLength = 800;
const minQuoteLength = 3;

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
  const pageCoverage = question.coverage(question.termsIn(`${title}\n${text}`));
  const pageScore = Math.max(...hits.map(({ score }) => score)) / topScore;
  const taken = new Set<number>();
  const candidates: Candidate[] = [];
  for (const { chunk } of hits) {
    let before = "";
    for (const { start, end } of sentencesBetween(text, blocks, chunk.start, chunk.end, kinds)) {
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
        pageCoverage,
        pageScore,
      });
    }
  }
  return candidates;
}

/** Sentences of these kinds of block that reach into a passage, whole even where the passage cuts them. */
function* sentencesBetween(
  text: string,
  blocks: readonly Block[],
  start: number,
  end: number,
  kinds: ReadonlySet<BlockKind>,
): Generator<{ readonly start: number; readonly end: number }> {
  for (const block of blocks) {
    if (block.end <= start || block.start >= end || !kinds.has(block.kind)) continue;
    for (const sentence of sentenceRanges(text, block.start, block.end)) {
      if (sentence.end > start && sentence.start < end) yield sentence;
    }
  }
}
