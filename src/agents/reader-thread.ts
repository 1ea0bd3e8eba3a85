// The extractor's worker thread: everything that costs CPU for a page happens here, once.
import { hash } from "node:crypto";
import type { FetchedPage, ReadOutcome } from "../document.ts";
import { decodeText } from "../content/charset.ts";
import { readPage } from "../content/read-page.ts";
import type { ReadOptions } from "../content/read-options.ts";
import { chunkDocument } from "../rag/chunk.ts";
import { documentTerms } from "../rag/document-terms.ts";
import type { ChunkOptions } from "../rag/chunk-options.ts";
import type { NewChunk, TermCounts } from "../rag/chunk-store.ts";

/** What the thread is given with each page. */
export interface ReadJob {
  readonly page: FetchedPage;
  readonly read: ReadOptions;
  /** Absent when the page is only shown, not indexed. */
  readonly chunk?: ChunkOptions;
}

/** A page as it was read, with what the index needs of it. */
export interface ReadPage {
  readonly outcome: ReadOutcome;
  readonly chunks: readonly NewChunk[];
  readonly terms: TermCounts;
  /** SHA-256 of the main text, hex. */
  readonly contentHash: string;
  /** The page's own HTML or text, where it is only shown. */
  readonly source: string;
}

const noTerms: TermCounts = { ids: new Uint32Array(), counts: new Uint16Array(), length: 0 };

export default async function read({ page, read: readOptions, chunk }: ReadJob): Promise<ReadPage> {
  const outcome = await readPage(page, readOptions);
  if (outcome.kind !== "document")
    return { outcome, chunks: [], terms: noTerms, contentHash: "", source: "" };
  if (!chunk) return { outcome, chunks: [], terms: noTerms, contentHash: "", source: sourceOf(page) };
  const chunks = chunkDocument(outcome.document, chunk);
  return {
    outcome,
    chunks,
    terms: documentTerms(outcome.document, chunks),
    contentHash: hash("sha256", outcome.document.text),
    source: "",
  };
}

function sourceOf(page: FetchedPage): string {
  const contentType = page.headers["content-type"] ?? "";
  return decodeText(page.body, { contentType, isUtf8: page.rendered, hasMeta: true }).text;
}
