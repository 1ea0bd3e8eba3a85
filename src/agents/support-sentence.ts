import type { Citation } from "../rag/answering/answer.ts";
import { termsOf } from "../rag/text/analyzer.ts";
import { deniesAlike, isGrounded } from "../rag/answering/ground.ts";
import type { Range } from "../rag/text/sentences.ts";
import { statementsBetween } from "../rag/text/statements.ts";
import type { Passage } from "./evidence-passages.ts";
import { visible } from "./prompt-data.ts";
import type { DraftSentence } from "./written-sentences.ts";

/** A sentence that its quotes bear out, each of them. */
export interface SupportedSentence {
  readonly text: string;
  /** Best first; one a passage. */
  readonly citations: readonly Citation[];
}

/** A run of a passage that may bear a sentence out. */
interface Span extends Range {
  readonly passage: Passage;
  /** Headings and entry above it. */
  readonly place: string;
  /** As it reads, and the terms of that. */
  readonly read: string;
  readonly terms: ReadonlySet<number>;
  readonly placeTerms: ReadonlySet<number>;
  /** One, or two that follow each other. */
  readonly sentences: readonly string[];
}

/** A span with what is left of a claim beside it. */
interface Likeness {
  readonly span: Span;
  readonly claim: string;
  /** Of the claim's weight, what the quote holds, and what it holds with its place. */
  readonly own: number;
  readonly placed: number;
}

/** Two sentences together may be this long; a longer quote shows nobody where the answer is. */
const mostSpanLength = 800;
/** Share of a claim's weight that the quote itself must hold; headings may hold more of it. */
const leastOwnShare = 0.4;
/** A claim is borne out by what is most like it, or nearly so: what else shares words with it says something else. */
const nearness = 0.85;

/** Names a place on the net: what a page's author would have readers visit. */
const address =
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s<>"'`)\]}]+|\bwww\.[^\s<>"'`)\]}]+|\b(?:mailto|javascript|data|tel):[^\s]+/giu;
const picture = /!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])?/gu;
const link = /\[([^\]]*)\]\([^)]*\)/gu;
const tag = /<\/?[a-z][^<>]*>|<!--.*?-->/giu;
const emphasis = /\*\*|__(?=\S)|(?<=\S)__/gu;
/** Words that are written in one way only: addresses, paths, names in code and flags. */
const literal = /(?<![\w.])(?:--?[a-z][\w-]*|[\w-]*[\w](?:[./@_\\]|::)[\w][\w./@:\\-]*)/giu;
/** A capital inside a sentence, and what belongs to it. */
const properName = /(?<=[\p{L}\p{N},;)»”"]\s["“«(]?)\p{Lu}[\p{L}\p{N}]+/gu;
/** Languages that write every noun with a capital. */
const nounCapitals = /^(?:de|lb|gsw|nds)\b/iu;

/** Finds, for each sentence a model writes, the span of its passages that bears it out. */
export class SentenceSupport {
  readonly #spans: readonly Span[];
  readonly #passages: readonly Passage[];
  readonly #question: string;

  constructor(question: string, passages: readonly Passage[]) {
    this.#question = visible(question);
    this.#passages = passages;
    this.#spans = passages.flatMap(spansOf);
  }

  /**
   * The sentence, without links and markup that its quote does not hold, and the spans that bear it out best.
   * @param idf Weight of a term id.
   * @returns Undefined when no span of the cited passages, or of any where none is cited, bears it out.
   */
  find({ text, cited }: DraftSentence, idf: (term: number) => number): SupportedSentence | undefined {
    const named = cited.flatMap((number) => this.#passages[number - 1] ?? []);
    if (cited.length > 0 && named.length === 0) return undefined;
    const plain = plainClaim(text, "");
    // Where nothing depends on the quote, it is the same beside all of them.
    const bare = plainClaim(text, text);
    const terms = termsIn(plain);
    const alike = this.#spans
      .filter(({ passage }) => named.length === 0 || named.includes(passage))
      .map((span): Likeness => {
        const claim = bare === plain ? plain : plainClaim(text, span.read);
        const claimed = claim === plain ? terms : termsIn(claim);
        const own = shareOf(claimed, (term) => span.terms.has(term), idf);
        const placed = shareOf(claimed, (term) => span.terms.has(term) || span.placeTerms.has(term), idf);
        return { span, claim, own, placed };
      })
      .filter(({ own }) => own >= leastOwnShare);
    const least = nearness * Math.max(...alike.map(({ placed }) => placed));
    const near = alike.filter(({ placed }) => placed >= least);
    const contradicting = new Set(near.filter(contradicts).map(({ span }) => span.passage));
    const sound = near
      .filter(({ span }) => !contradicting.has(span.passage))
      .filter(({ span, claim }) => this.#bearsOut(span, claim, idf))
      .sort(
        (one, other) =>
          one.span.sentences.length - other.span.sentences.length ||
          other.own - one.own ||
          lengthOf(one.span) - lengthOf(other.span),
      );
    const [best] = sound;
    if (!best) return undefined;
    const ofPassages = new Map(sound.toReversed().map(({ span }) => [span.passage, span]));
    const others = named.flatMap((passage) =>
      passage === best.span.passage ? [] : (ofPassages.get(passage) ?? []),
    );
    return { text: best.claim, citations: [best.span, ...others].map(citationOf) };
  }

  #bearsOut(span: Span, claim: string, idf: (term: number) => number): boolean {
    if (!isGrounded(claim, [span.read], idf, span.place)) return false;
    const said = folded(`${span.place}\n${span.read}\n${this.#question}`);
    const fixed = [...claim.matchAll(literal)].map(([word]) => word.replace(/[./:-]+$/u, ""));
    const { language } = span.passage.stored.document;
    const names = nounCapitals.test(language) ? [] : [...claim.matchAll(properName)].map(([name]) => name);
    return [...fixed, ...names].every((word) => said.includes(folded(word)));
  }
}

/** Whether a sentence denies what the claim says, or the other way round; of two, the one that says more of it. */
function contradicts({ span: { sentences }, claim }: Likeness): boolean {
  const claimed = new Set(termsOf(claim));
  const held = sentences.map((sentence) => termsIn(sentence).filter((term) => claimed.has(term)).length);
  const closest = sentences[held.indexOf(Math.max(...held))] ?? "";
  return !deniesAlike(claim, closest);
}

/** Sentences, rows and lines of code of a passage, and each two sentences that follow each other. */
function spansOf(passage: Passage): Span[] {
  const { document } = passage.stored;
  const alone = [...statementsBetween(document, passage)].filter(
    ({ start, end }) => end - start <= mostSpanLength,
  );
  const pairs = alone.slice(1).flatMap((second, index) => {
    const first = alone[index];
    const isClose = first && first.end <= second.start && second.end - first.start <= mostSpanLength;
    return isClose ? [[first, second]] : [];
  });
  return [...alone.map((statement) => [statement]), ...pairs].flatMap((run) => {
    const [first, last] = [run.at(0), run.at(-1)];
    if (!first || !last) return [];
    const { start, about } = first;
    const read = visible(document.text.slice(start, last.end));
    const place = visible([document.title, passage.headingPath, about].join("\n"));
    return {
      start,
      end: last.end,
      passage,
      place,
      placeTerms: new Set(termsOf(place)),
      read,
      terms: new Set(termsOf(read)),
      sentences: run.map(({ start, end }) => visible(document.text.slice(start, end))),
    };
  });
}

/** As plain text: no pictures, no markup, and no address that the quote does not give. */
function plainClaim(text: string, quote: string): string {
  const given = new Set(addressesIn(quote));
  return visible(text)
    .replace(picture, "")
    .replace(link, "$1")
    .replace(tag, (found) => (quote.includes(found) ? found : ""))
    .replace(address, (found) => (given.has(trimmed(found)) ? found : ""))
    .replace(emphasis, "")
    .replace(/<>|\(\s*\)/g, "")
    .replace(/\s+/g, " ")
    .replace(/ (?=[.,;:!?])/g, "")
    .trim();
}

function addressesIn(text: string): string[] {
  return [...text.matchAll(address)].map(([found]) => trimmed(found));
}

function trimmed(found: string): string {
  return found.replace(/[.,;:!?]+$/u, "");
}

function termsIn(text: string): readonly number[] {
  return [...new Set(termsOf(text))];
}

function shareOf(
  claimed: readonly number[],
  holds: (term: number) => boolean,
  idf: (term: number) => number,
): number {
  const weight = claimed.reduce((sum, term) => sum + idf(term), 0);
  const held = claimed.reduce((sum, term) => sum + (holds(term) ? idf(term) : 0), 0);
  return weight > 0 ? held / weight : 0;
}

function folded(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

function lengthOf({ start, end }: Range): number {
  return end - start;
}

function citationOf({ passage, start, end }: Span): Citation {
  const { stored, confidence } = passage;
  const { title, text } = stored.document;
  return { url: stored.url, title, quote: text.slice(start, end), start, end, score: confidence };
}
