import { Document } from "@langchain/core/documents";

/** What a LangChain document from Forager says of its passage. */
export type PassageMetadata = {
  url: string;
  title: string;
  /** `Title > H1 > H2` */
  heading: string;
  /** Range of the page's text, in UTF-16 units: `pageContent` stands there to the letter. */
  start: number;
  end: number;
  /** Comparable within one result; higher is better. */
  score: number;
  /** 0 to 1: how likely the passage is about the question. */
  confidence?: number;
  /** Rank and score in each retriever that found it. */
  retrievers?: Readonly<Record<string, { readonly rank: number; readonly score: number }>>;
  /** What a reader should know of the search: a retriever that was missing or late. */
  notes?: readonly string[];
};

/** A passage as search results have it. */
export interface FoundPassage extends Omit<Readonly<PassageMetadata>, "notes"> {
  readonly text: string;
}

/** A passage as a LangChain document. Its id stays as long as the passage does. */
export function toPassageDocument(
  hit: FoundPassage,
  notes: readonly string[] = [],
): Document<PassageMetadata> {
  const { url, title, heading, start, end, score, confidence, retrievers } = hit;
  const metadata: PassageMetadata = { url, title, heading, start, end, score };
  if (confidence !== undefined) metadata.confidence = confidence;
  if (retrievers !== undefined) metadata.retrievers = retrievers;
  if (notes.length > 0) metadata.notes = notes;
  return new Document({ id: passageId(url, start, end), pageContent: hit.text, metadata });
}

/** True for the ids of passages of crawled pages. */
export function isPassageId(id: string): boolean {
  return /#char=\d+,\d+$/.test(id);
}

/** @see RFC 5147, section 3: a range of characters of a text as the fragment of its URL. */
function passageId(url: string, start: number, end: number): string {
  return `${url}#char=${start},${end}`;
}
