import type { ChunkId, StoredDocument } from "../chunk-store.ts";
import type { SupportSigns } from "./confidence.ts";
import type { Question } from "./question.ts";
import type { Hit } from "../retrieval/retrieve.ts";
import { type Statement, statementsBetween } from "../text/statements.ts";
import { definingPassages, termOf } from "./defining-passages.ts";
import { isListing } from "./listing.ts";
import type { SentenceSigns } from "./sentence-signs.ts";
import { leastSupport, meanSupport, type PassageSupport, type WordSupport } from "./word-support.ts";

/** A sentence, row or line of code that may answer, with what it is judged by. */
export interface Candidate {
  readonly url: string;
  readonly title: string;
  readonly chunkId: ChunkId;
  /** Verbatim, at `start` to `end` of the document's text. */
  readonly quote: string;
  readonly start: number;
  readonly end: number;
  readonly isRow: boolean;
  /** It begins with the term that it says something of. */
  readonly opensEntry: boolean;
  /** The question's terms that it holds. */
  readonly terms: ReadonlySet<number>;
  readonly signs: SentenceSigns;
  /** Share of the question's idf weight that the whole passage holds. */
  readonly passageCoverage: number;
  /** How near sentence and passage come to the question's words, where they were compared; the sentence word by word, too. */
  readonly support: (SupportSigns & { readonly words: WordSupport }) | undefined;
}

/** A passage with its statements in order: what is compared with the question, and what candidates come from. */
export interface ReadPassage {
  readonly hit: Hit;
  readonly stored: StoredDocument;
  readonly statements: readonly Statement[];
}

/** A quote must be short enough to read; longer "sentences" are lists run together. */
const maxQuoteLength = 800;
const minQuoteLength = 3;

const elsewhere =
  /^(?:see|refer|note that|for (?:more|further|details|example|instance)|as an example|let|(?:in )?this (?:section|chapter|document|page|example))\b|\b(?:see (?:section|also)|described (?:in|below)|as follows|the following|below)\b/iu;

/** The passages found, each with its statements; before them those that say what the subject is, where that is asked. */
export function readPassages(
  question: Question,
  hits: readonly Hit[],
  documents: ReadonlyMap<ChunkId, StoredDocument>,
): ReadPassage[] {
  const defining = question.subject ? definingPassages(question.subject, hits, documents) : [];
  return [...defining, ...hits].flatMap((hit) => {
    const stored = documents.get(hit.chunk.documentId);
    return stored ? [{ hit, stored, statements: [...statementsBetween(stored.document, hit.chunk)] }] : [];
  });
}

/** A passage in the parts that are compared: its headings, then its statements. */
export function partsOf({ hit, stored, statements }: ReadPassage): string[] {
  const { text } = stored.document;
  return [hit.chunk.headingPath, ...statements.map(({ start, end }) => text.slice(start, end))];
}

/**
 * What the passages say, each sentence once; what only names other places is left out.
 * @param supports Of the first passages, where they were compared; the others then have no candidates.
 */
export function candidateSentences(
  question: Question,
  passages: readonly ReadPassage[],
  supports?: readonly PassageSupport[],
): Candidate[] {
  const topScore = Math.max(...passages.map(({ hit }) => hit.score), Number.MIN_VALUE);
  const taken = new Set<string>();
  return passages.slice(0, supports?.length).flatMap((passage, index) => {
    const support = supports?.[index];
    const share = passage.hit.score / topScore;
    return readPassage(question, passage, share, support).filter(({ url, quote, start }) => {
      const place = `${start} ${url}`;
      const isFit = quote.length >= minQuoteLength && !taken.has(place) && !isListing(quote);
      if (isFit) taken.add(place);
      return isFit;
    });
  });
}

function readPassage(
  question: Question,
  { hit, stored, statements }: ReadPassage,
  passageScore: number,
  support: PassageSupport | undefined,
): Candidate[] {
  const { chunk } = hit;
  const { text, title } = stored.document;
  const passageCoverage = question.coverage(question.termsIn(`${chunk.headingPath}\n${chunk.text}`));
  const heading = chunk.headingPath.split(" > ").at(-1) ?? "";
  const ofPassage = support && {
    passage: meanSupport(support.whole, question.wordWeights),
    least: leastSupport(support.whole, question.wordWeights),
  };
  const { subject } = question;
  const isOnSubject = subject?.heads(chunk.headingPath) === true;
  let before = { quote: "", support: 0 };
  return statements.flatMap((statement, index) => {
    const { start, end, about, kind, opensEntry = false } = statement;
    const own = support?.parts[index];
    if (support && !own) return [];
    if (end - start > maxQuoteLength) {
      // Of what is no candidate only its end is read: a page may be one sentence, found in each of its passages.
      const quote = text.slice(end - maxQuoteLength, end);
      before = { quote, support: own ? meanSupport(own.own) : question.coverage(question.termsIn(quote)) };
      return [];
    }
    const quote = text.slice(start, end);
    const terms = question.termsIn(quote);
    const place = `${heading}\n${about}\n${quote}`;
    const coverageInPlace = question.coverage(question.termsIn(place));
    const { held, lacking } = question.kinds.heldBy(quote);
    const told = subject?.toldBy(quote, termOf(text, statement));
    const meanOwn = own ? meanSupport(own.own) : 0;
    const signs: SentenceSigns = {
      support: meanOwn,
      supportInPlace: own ? meanSupport(own.inPlace, question.wordWeights) : 0,
      coverage: question.coverage(terms),
      coverageInPlace,
      coverageBefore: question.coverage(question.termsIn(`${place}\n${before.quote}`)) - coverageInPlace,
      kindsHeld: held,
      kindsLacking: lacking,
      passageScore,
      news: Math.log(1 + Math.max(0, distinctWords(quote) - terms.size)),
      hasDigit: /\d/u.test(quote) ? 1 : 0,
      isQuestion: isQuestion(quote) ? 1 : 0,
      pointsElsewhere: elsewhere.test(quote) ? 1 : 0,
      isCode: kind === "code" ? 1 : 0,
      afterQuestion: isQuestion(before.quote) ? before.support : 0,
      defines: told?.defines ?? 0,
      acts: told?.acts ?? 0,
      names: told?.names ?? 0,
      opensSubject: isOnSubject && opensSection(stored.document, start) ? 1 : 0,
    };
    before = { quote, support: own ? meanOwn : question.coverage(terms) };
    return [
      {
        url: stored.url,
        title,
        chunkId: chunk.id,
        quote,
        start,
        end,
        isRow: kind === "row",
        opensEntry,
        terms,
        signs,
        passageCoverage,
        support: ofPassage && own && { sentence: meanOwn, words: own.own, ...ofPassage },
      },
    ];
  });
}

/** Whether nothing but white space lies between a heading, or the page's top, and a place. */
function opensSection({ text, blocks }: StoredDocument["document"], start: number): boolean {
  const heading = blocks.findLast((block) => block.kind === "heading" && block.end <= start);
  return text.slice(heading?.end ?? 0, start).trim() === "";
}

function isQuestion(quote: string): boolean {
  return /[?？]["'”’»)\]]*$/u.test(quote);
}

function distinctWords(quote: string): number {
  return new Set(quote.toLowerCase().match(/[\p{L}\p{N}_]+(?:['’.-]+[\p{L}\p{N}_]+)*/gu)).size;
}
