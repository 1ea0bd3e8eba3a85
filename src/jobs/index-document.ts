import { hash } from "node:crypto";
import type { PageDocument } from "../document.ts";
import { chunkDocument } from "../rag/chunking/chunk.ts";
import type { ChunkOptions } from "../rag/chunking/chunk-options.ts";
import type { NewChunk, TermCounts } from "../rag/chunk-store.ts";
import { documentTerms } from "../rag/text/document-terms.ts";
import { type PackedDocument, packDocument } from "../rag/packed-document.ts";

/** What the index keeps of a document. */
export interface IndexedPage {
  readonly document: PackedDocument;
  readonly chunks: readonly NewChunk[];
  readonly terms: TermCounts;
  /** SHA-256 of the main text, hex. */
  readonly contentHash: string;
}

/** Cuts a document into passages and counts its terms: all that indexing costs a processor. */
export function indexDocument(document: PageDocument, options: ChunkOptions): IndexedPage {
  const chunks = chunkDocument(document, options);
  return {
    document: packDocument(document),
    chunks,
    terms: documentTerms(document, chunks),
    contentHash: hash("sha256", document.text),
  };
}
