import type { ChunkId, StoredDocument } from "./chunk-store.ts";
import type { Question } from "./question.ts";
import type { Hit } from "./retrieve.ts";
import { statementsBetween, type StatementKinds } from "./statements.ts";

/** A sentence that may answer, with what it is judged by. */
export interface Candidate {
  readonly url: string;
  readonly title: string;
  readonly chunkId: ChunkId;
  /** Verbatim, at `start` to `end` of the document's text. */
  readonly quote: string;
  readonly start: number;
  readonly end: number;
  /** The sentence with its headings, what it is about and the one before: what it reads like in its place. */
  readonly context: string;
  /** The question's terms that it holds. */
  readonly terms: ReadonlySet<number>;
  /** The same with those of its last heading and of the entry it belongs to: what it need not say again. */
  readonly placedTerms: ReadonlySet<number>;
  /** The question's terms that it says the meaning of. */
  readonly definedTerms: ReadonlySet<number>;
  /** Share of the question that the whole passage holds, 0 to 1. */
  readonly passageCoverage: number;
  /** The joined score of its passage over that of the best passage, 0 to 1. */
  readonly passageScore: number;
  /** False for what ends without a full stop and is no row: a label, a signature, a line of a menu. */
  readonly isWhole: boolean;
}

/** A quote must be short enough to read; longer "sentences" are lists run together. */
const maxQuoteLength = 800;
const minQuoteLength = 3;

/** The sentences of the passages found, each once; rows of tables where the question asks for a value, code where a page has nothing else. */
export function candidateSentences(
  question: Question,
  hits: readonly Hit[],
  documents: ReadonlyMap<ChunkId, StoredDocument>,
): Candidate[] {
  const sentences = readPages(
    question,
    hits,
    documents,
    question.asksForValue ? "sentences and rows" : "sentences",
  );
  return sentences.length > 0 ? sentences : readPages(question, hits, documents, "rows and code");
}

function readPages(
  question: Question,
  hits: readonly Hit[],
  documents: ReadonlyMap<ChunkId, StoredDocument>,
  kinds: StatementKinds,
): Candidate[] {
  const topScore = Math.max(...hits.map(({ score }) => score), Number.MIN_VALUE);
  const byPage = Map.groupBy(hits, ({ chunk }) => chunk.documentId);
  return [...byPage.values()].flatMap((ofPage) => {
    const stored = ofPage[0] && documents.get(ofPage[0].chunk.documentId);
    return stored ? readPage(question, ofPage, topScore, kinds, stored) : [];
  });
}

function readPage(
  question: Question,
  hits: readonly Hit[],
  topScore: number,
  kinds: StatementKinds,
  stored: StoredDocument,
): Candidate[] {
  const { text, title } = stored.document;
  const taken = new Set<number>();
  const candidates: Candidate[] = [];
  for (const { chunk, score } of hits) {
    const passageCoverage = question.coverage(question.termsIn(`${chunk.headingPath}\n${chunk.text}`));
    const heading = chunk.headingPath.split(" > ").at(-1) ?? "";
    let before = "";
    for (const { start, end, about, defines, isWhole } of statementsBetween(stored.document, chunk, kinds)) {
      const quote = text.slice(start, end);
      const context = [chunk.headingPath, about, before, quote].filter((part) => part !== "").join("\n");
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
        placedTerms: question.termsIn(`${heading}\n${about}\n${quote}`),
        definedTerms: question.termsIn(defines),
        passageCoverage,
        passageScore: score / topScore,
        isWhole,
      });
    }
  }
  return candidates;
}
