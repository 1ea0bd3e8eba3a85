import type { PageDocument } from "../../document.ts";
import { seededRandom } from "../evaluation/seeded-random.ts";
import { sentenceRanges } from "../text/sentences.ts";
import { stopWords } from "../text/stop-words.ts";

/** A query made from the pages themselves, and where its answer is: a page, or a run of a page's text. */
export interface PseudoQuery {
  readonly kind: "anchor" | "heading" | "sentence";
  readonly text: string;
  readonly url: string;
  readonly start: number;
  readonly end: number;
}

/** What pseudo-queries are made of. */
export interface SourcePage {
  readonly url: string;
  readonly document: Pick<PageDocument, "markdown" | "text" | "blocks">;
}

/** Queries a calibration asks, at most; {@link leastPseudoQueries} is what it needs. */
export const mostPseudoQueries = 300;
/** Kept of each kind while reading, so that memory stays bounded: many anchors lead to pages that are not indexed. */
const reservoirSize = 2 * mostPseudoQueries;
/** Taken of one page and kind: a sample of many pages tells more. */
const mostOfPage = 4;
/** Words that matter in a query: "here" and "Next page" name nothing. */
const leastContentWords = 2;
/** A section shorter than this says no more than its heading. */
const leastSectionLength = 100;
/** Words of a sentence that make a query of it. @see retrieval by known items: Azzopardi et al., Building simulated queries for known-item topics, SIGIR 2007. */
const wordShare = 0.4;
const leastSentenceWords = 10;
/** Of a page's markdown; links further down are a list of links. */
const mostMarkdown = 200_000;

/**
 * Makes queries from pages as they are read, a bounded sample that every page has the same chance to be in: texts of links
 * to the page they lead to, headings to their section, and, where those are too few, words of a sentence to the sentence.
 * Headings stay in the indexed text, and sentences share its words: all of them favour BM25, never the vectors.
 */
export class PseudoQueries {
  readonly #random: () => number;
  readonly #keyOf: (url: string) => string;
  readonly #kept: Record<PseudoQuery["kind"], Reservoir>;

  /** @param keyOf Equal for two URLs of one page. */
  constructor(keyOf: (url: string) => string, seed: number) {
    this.#random = seededRandom(seed);
    this.#keyOf = keyOf;
    this.#kept = {
      anchor: new Reservoir(this.#random),
      heading: new Reservoir(this.#random),
      sentence: new Reservoir(this.#random),
    };
  }

  add(page: SourcePage): void {
    for (const query of this.#some(anchorsOf(page, this.#keyOf))) this.#kept.anchor.offer(query);
    for (const query of this.#some(headingsOf(page))) this.#kept.heading.offer(query);
    for (const query of this.#some(sentencesOf(page)))
      this.#kept.sentence.offer({ ...query, text: this.#someWords(query.text) });
  }

  /**
   * The sample: half anchors and half headings, either filled up by the other, sentences only up to `least`; each text once.
   * @param isIndexed Whether there is a page of this address.
   */
  take(isIndexed: (url: string) => boolean, least: number): PseudoQuery[] {
    const anchors = this.#shuffled("anchor").filter(({ url }) => isIndexed(url));
    const headings = this.#shuffled("heading");
    const half = mostPseudoQueries / 2;
    const fewer = Math.min(anchors.length, Math.max(half, mostPseudoQueries - headings.length));
    const chosen = unique([...anchors.slice(0, fewer), ...headings]).slice(0, mostPseudoQueries);
    return chosen.length >= least
      ? chosen
      : unique([...chosen, ...this.#shuffled("sentence")]).slice(0, least);
  }

  /** A reservoir keeps the first pages in the first places. */
  #shuffled(kind: PseudoQuery["kind"]): PseudoQuery[] {
    const { items } = this.#kept[kind];
    return this.#some(items, items.length);
  }

  #some<T>(items: readonly T[], most = mostOfPage): T[] {
    const picked: T[] = [];
    const left = [...items];
    while (left.length > 0 && picked.length < most)
      picked.push(...left.splice(Math.floor(this.#random() * left.length), 1));
    return picked;
  }

  #someWords(text: string): string {
    const words = contentWords(text);
    const wanted = Math.max(leastContentWords, Math.round(words.length * wordShare));
    const places = this.#some([...words.keys()], wanted).sort((one, other) => one - other);
    return places.map((place) => words[place]).join(" ");
  }
}

/** A sample in which everything offered has the same chance to be. @see Vitter, Random sampling with a reservoir, 1985, algorithm R. */
class Reservoir {
  readonly items: PseudoQuery[] = [];
  readonly #random: () => number;
  #seen = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  offer(query: PseudoQuery): void {
    this.#seen += 1;
    if (this.items.length < reservoirSize) {
      this.items.push(query);
      return;
    }
    const place = Math.floor(this.#random() * this.#seen);
    if (place < reservoirSize) this.items[place] = query;
  }
}

function anchorsOf({ url, document }: SourcePage, keyOf: (url: string) => string): PseudoQuery[] {
  const links = document.markdown.slice(0, mostMarkdown).matchAll(markdownLink);
  return [...links].flatMap(([, text = "", target = ""]) => {
    const key = keyOf(target);
    const words = plain(text);
    return key === keyOf(url) || !isTelling(words)
      ? []
      : [{ kind: "anchor" as const, text: words, url: key, start: 0, end: Infinity }];
  });
}

/** Not of images. */
const markdownLink = /(?<!!)\[((?:[^[\]\\]|\\.)+)\]\((https?:\/\/[^\s()]+)\)/gu;

function headingsOf({ url, document: { blocks, text } }: SourcePage): PseudoQuery[] {
  return blocks.flatMap((block, at) => {
    if (block.kind !== "heading") return [];
    const next = blocks.slice(at + 1).find(({ kind, level }) => kind === "heading" && level <= block.level);
    const end = next?.start ?? text.length;
    const words = plain(text.slice(block.start, block.end));
    return end - block.end < leastSectionLength || !isTelling(words)
      ? []
      : [{ kind: "heading" as const, text: words, url, start: block.end, end }];
  });
}

function sentencesOf({ url, document: { blocks, text } }: SourcePage): PseudoQuery[] {
  const told = blocks.filter(({ kind }) => kind === "paragraph" || kind === "list");
  return told
    .flatMap(({ start, end }) => sentenceRanges(text, start, end))
    .slice(1)
    .filter(({ start, end }) => contentWords(text.slice(start, end)).length >= leastSentenceWords)
    .map(({ start, end }) => ({ kind: "sentence" as const, text: text.slice(start, end), url, start, end }));
}

/** One line, without Markdown's marks and without a number before it: "4.2. Titles". */
function plain(text: string): string {
  const line = text.replace(/\\(.)/gsu, "$1").replace(/[*`]/gu, "").replace(/\s+/gu, " ").trim();
  return line.replace(/^(?:[\dA-Z]{1,3}\.)+[\d.]*\s+/u, "");
}

function isTelling(text: string): boolean {
  return contentWords(text).length >= leastContentWords && !/:\/\//u.test(text);
}

function contentWords(text: string): string[] {
  const words = text.match(/\p{L}[\p{L}\p{N}_'-]*/gu) ?? [];
  return words.filter((word) => !stopWords.has(word.toLowerCase()));
}

function unique(queries: readonly PseudoQuery[]): PseudoQuery[] {
  return [...new Map(queries.map((query) => [query.text.toLowerCase(), query])).values()];
}
