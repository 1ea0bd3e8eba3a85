// The extractor's worker thread: everything that costs CPU for a page happens here, once.
import { hash } from "node:crypto";
import type { FetchedPage, ReadOutcome } from "../document.ts";
import { readPage } from "../content/read-page.ts";
import type { ReadOptions } from "../content/read-options.ts";
import { chunkDocument, documentTerms } from "../rag/chunk.ts";
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
}

const noTerms: TermCounts = { ids: new Uint32Array(), counts: new Uint16Array(), length: 0 };

export default async function read({ page, read: readOptions, chunk }: ReadJob): Promise<ReadPage> {
  const outcome = await readPage(page, readOptions);
  if (outcome.kind !== "document" || !chunk) return { outcome, chunks: [], terms: noTerms, contentHash: "" };
  const chunks = chunkDocument(outcome.document, chunk);
  return {
    outcome,
    chunks,
    terms: documentTerms(outcome.document, chunks),
    contentHash: hash("sha256", outcome.document.text),
  };
}
