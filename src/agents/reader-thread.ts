// The extractor's worker thread: everything that costs CPU for a page happens here, once, and little of it leaves.
import { hash } from "node:crypto";
import { normalizeUrl } from "../browser/url.ts";
import { decodeText } from "../content/charset.ts";
import type { ReadOptions } from "../content/read-options.ts";
import { readPage } from "../content/read-page.ts";
import type { FetchedPage, PageDocument, PageLink, PageSignals, Verdict } from "../document.ts";
import { chunkDocument } from "../rag/chunking/chunk.ts";
import type { ChunkOptions } from "../rag/chunking/chunk-options.ts";
import type { NewChunk, TermCounts } from "../rag/chunk-store.ts";
import { documentTerms } from "../rag/text/document-terms.ts";
import { type PackedDocument, packDocument } from "../rag/packed-document.ts";
import { judgePage } from "./judge-page.ts";

/** What the thread is given with each page. */
export interface ReadJob {
  readonly page: FetchedPage;
  readonly read: ReadOptions;
  /** How to cut it into passages; absent when the page is to be shown, not indexed. */
  readonly chunk?: ChunkOptions;
}

/** A page as it was read and judged. */
export interface ReadPage {
  readonly verdict: Verdict;
  /** Absent when the bytes are no document. */
  readonly signals?: PageSignals;
  readonly links: readonly FoundLink[];
  /** What the index keeps; absent when the page is not ok, or only shown. */
  readonly indexed?: IndexedPage;
  readonly shown?: ShownPage;
}

/** A link with its key in the frontier. */
export interface FoundLink extends PageLink {
  readonly key: string;
  /** `host:port` */
  readonly host: string;
}

/** What the index keeps of a page. */
export interface IndexedPage {
  readonly document: PackedDocument;
  readonly chunks: readonly NewChunk[];
  readonly terms: TermCounts;
  /** SHA-256 of the main text, hex. */
  readonly contentHash: string;
}

/** What a person sees of a page. */
export interface ShownPage {
  readonly document: PageDocument;
  /** The page's own HTML or text. */
  readonly source: string;
}

export default async function read({ page, read: readOptions, chunk }: ReadJob): Promise<ReadPage> {
  const outcome = await readPage(page, readOptions);
  const verdict = judgePage(page, outcome);
  if (outcome.kind !== "document") return { verdict, links: [] };
  const { document, signals } = outcome;
  const links = outcome.links.flatMap(withKey);
  if (!chunk) return { verdict, signals, links, shown: { document, source: sourceOf(page) } };
  if (verdict.kind !== "ok") return { verdict, signals, links };
  const chunks = chunkDocument(document, chunk);
  const terms = documentTerms(document, chunks);
  return {
    verdict,
    signals,
    links,
    indexed: { document: packDocument(document), chunks, terms, contentHash: hash("sha256", document.text) },
  };
}

function withKey(link: PageLink): FoundLink[] {
  const normalized = normalizeUrl(link.url);
  return normalized.kind === "url"
    ? [{ ...link, key: normalized.key, url: normalized.url, host: normalized.host }]
    : [];
}

function sourceOf(page: FetchedPage): string {
  const contentType = page.headers["content-type"] ?? "";
  return decodeText(page.body, { contentType, isUtf8: page.rendered, hasMeta: true }).text;
}
