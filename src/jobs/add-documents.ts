import type { Extractor } from "../agents/extractor.ts";
import { writtenHost } from "../browser/url.ts";
import type { Clock } from "../clock.ts";
import { textFormat } from "../content/formats/text.ts";
import { plainDocument } from "../content/plain-document.ts";
import type { ReadOptions } from "../content/read-options.ts";
import type { RunContext } from "../context.ts";
import type { Database } from "../database.ts";
import type { FetchedPage, PageDocument } from "../document.ts";
import { MissingError, OptionsError } from "../errors.ts";
import type { EventStream } from "../events.ts";
import type { Archive } from "../rag/archive.ts";
import type { ChunkOptions } from "../rag/chunking/chunk-options.ts";
import type { NewDocument } from "../rag/chunk-store.ts";
import type { Embedder } from "../rag/embedder.ts";
import { unpackText } from "../rag/packed-document.ts";
import { searchableText } from "../rag/text/searchable-text.ts";
import { type IndexedPage, indexDocument } from "./index-document.ts";
import { type CheckedDocument, type GivenDocument, checkDocument, documentId } from "./given-document.ts";

/** Documents read, stored and embedded together: what a kill can make do again. */
const batchSize = 32;

/** What adding stands on. */
export interface AddFloor {
  readonly database: Pick<Database, "write">;
  readonly archive: Pick<Archive, "upsert" | "putVectors" | "indexed" | "stats">;
  /** Reads HTML, without indexing it: what is given counts whatever the crawl's rules make of it. Only called for HTML. */
  readonly extractor: () => Pick<Extractor, "run">;
  readonly embedder: Embedder | undefined;
  readonly read: ReadOptions;
  readonly chunk: ChunkOptions;
  readonly events: EventStream;
  readonly clock: Clock;
}

/** How documents are added. */
export interface AddOptions {
  /** Each text is one passage, as it stands: for texts that were cut up before. Texts with a vector always are. */
  readonly isWhole?: boolean;
}

/** What came of adding documents. */
export interface AddSummary {
  /** The address of each document, in the order given: what `remove` takes. */
  readonly urls: readonly string[];
  /** Documents that are new, or whose text has changed. */
  readonly changed: number;
  readonly chunks: number;
  /** Passages that got a vector in this call. */
  readonly embedded: number;
  /** What a reader should know: why passages got no vectors. */
  readonly notes: readonly string[];
}

interface Counts {
  changed: number;
  chunks: number;
  embedded: number;
  readonly notes: Set<string>;
}

/**
 * Indexes documents that were not crawled, each all or nothing, and gives their passages vectors. All are checked before
 * the first is stored. After an abort or a failure what was stored is kept; adding the same again goes on from there.
 * @throws {OptionsError} Naming the first document that cannot be used.
 */
export async function addDocuments(
  floor: AddFloor,
  documents: readonly GivenDocument[],
  options: AddOptions,
  context: RunContext,
): Promise<AddSummary> {
  const checked = documents.map((given, place) => checkDocument(given, place));
  for (const [place, { vector }] of checked.entries()) if (vector) checkVector(floor, vector, place);
  const urls = checked.map(({ url }) => url);
  const counts: Counts = { changed: 0, chunks: 0, embedded: 0, notes: new Set() };
  for (let start = 0; start < checked.length; start += batchSize) {
    context.signal.throwIfAborted();
    const batch = checked.slice(start, start + batchSize);
    const pages = await Promise.all(batch.map((document) => read(floor, document, options, context)));
    await store(floor, batch, pages, counts);
    await embedMissing(floor, new Set(batch.map(({ url }) => url)), counts, context);
  }
  return { urls, ...counts, notes: [...counts.notes] };
}

async function read(
  floor: AddFloor,
  document: CheckedDocument,
  { isWhole = false }: AddOptions,
  context: RunContext,
): Promise<IndexedPage> {
  const { url, content, contentType, vector } = document;
  const known = knownOf(document);
  if (contentType === "text/plain" && (isWhole || vector)) {
    const limits = { targetTokens: Infinity, maxTokens: Infinity, minTokens: Infinity };
    return indexDocument(wholeDocument(content, known), { ...floor.chunk, ...limits });
  }
  const page = givenPage(document, floor.clock.now());
  // Text costs less to read here than a thread costs to start.
  const text = contentType === "text/html" ? undefined : await textFormat.read(page, floor.read);
  if (text?.kind === "document") return indexDocument({ ...text.document, ...known }, floor.chunk);
  const { shown, verdict } = await floor.extractor().run(page, context);
  if (!shown) throw new OptionsError(documentId(url) ?? url, `cannot be read: ${verdict.evidence}`);
  const structured = { ...shown.document.structured, ...known.structured };
  return indexDocument({ ...shown.document, ...known, structured }, floor.chunk);
}

function givenPage({ url, content, contentType }: CheckedDocument, fetchedAt: number): FetchedPage {
  const body = new TextEncoder().encode(content);
  return {
    requestedUrl: url,
    finalUrl: url,
    httpStatus: 200,
    headers: { "content-type": `${contentType}; charset=utf-8` },
    body,
    wireBytes: body.length,
    tier: "given",
    rendered: true,
    fetchedAt,
  };
}

function wholeDocument(content: string, known: Partial<PageDocument>): PageDocument {
  const text = content.toWellFormed();
  const plain = plainDocument({ title: "", text, markdown: text, blocks: [], format: "text" });
  return { ...plain, ...known };
}

function knownOf({ title, author, publishedAt, language, metadata }: CheckedDocument): Partial<PageDocument> {
  return {
    ...(title === undefined ? {} : { title }),
    ...(author === undefined ? {} : { author }),
    ...(publishedAt === undefined ? {} : { publishedAt }),
    ...(language === undefined ? {} : { language }),
    ...(metadata === undefined ? {} : { structured: { given: metadata } }),
  };
}

async function store(
  floor: AddFloor,
  batch: readonly CheckedDocument[],
  pages: readonly IndexedPage[],
  counts: Counts,
): Promise<void> {
  const { database, archive, clock, events } = floor;
  const startedAt = clock.now();
  const stored = await database.write(() =>
    batch.map((document, at) => {
      const page = pages[at] as IndexedPage;
      const { isChanged } = archive.upsert(newDocument(document, page, startedAt));
      const { vector } = document;
      const vectors = vector && page.chunks.map(({ hash }) => ({ hash, vector: unit(vector) }));
      const embedded = vectors ? archive.putVectors(vectors) : 0;
      return { isChanged, embedded, chunks: page.chunks.length };
    }),
  );
  for (const [at, { isChanged, embedded, chunks }] of stored.entries()) {
    const { url, content } = batch[at] as CheckedDocument;
    counts.changed += isChanged ? 1 : 0;
    counts.chunks += chunks;
    counts.embedded += embedded;
    const ms = clock.now() - startedAt;
    events.emit({ type: "page-stored", url, tier: "given", ms, bytes: content.length, chunks, isChanged });
  }
}

function newDocument({ url, content }: CheckedDocument, page: IndexedPage, now: number): NewDocument {
  return {
    url,
    requestedUrl: url,
    finalUrl: url,
    host: documentId(url) === undefined ? writtenHost(url) : "",
    httpStatus: 200,
    tier: "given",
    fetchedAt: now,
    etag: "",
    lastModified: "",
    bytes: Buffer.byteLength(content),
    ...page,
  };
}

/** Gives vectors to those passages of these documents that have none, and to no others: a backlog may be long. */
async function embedMissing(
  { archive, database, embedder, events }: AddFloor,
  urls: ReadonlySet<string>,
  counts: Counts,
  { signal }: RunContext,
): Promise<void> {
  if (!embedder) return;
  const missing = new Map<string, string>();
  for (const url of urls) {
    const indexed = archive.indexed(url);
    const bare = indexed?.chunks.filter(({ vector }) => !vector) ?? [];
    if (!indexed || bare.length === 0) continue;
    const text = unpackText(indexed.document.text);
    for (const { hash, headingPath, start, end } of bare)
      missing.set(hash, searchableText(headingPath, text.slice(start, end)));
  }
  if (missing.size === 0) return;
  let rows: Float32Array[];
  try {
    rows = await embedder.embed([...missing.values()], signal);
  } catch (error) {
    if (!(error instanceof MissingError)) throw error;
    counts.notes.add(`Passages got no vectors: ${error.message}`);
    return;
  }
  const vectors = Array.from(missing.keys(), (hash, at) => ({ hash, vector: rows[at] as Float32Array }));
  const count = await database.write(() => archive.putVectors(vectors));
  const { chunks, embedded } = archive.stats();
  events.emit({ type: "chunks-embedded", count, embedded, total: chunks });
  counts.embedded += count;
}

function checkVector({ embedder }: AddFloor, vector: Float32Array, place: number): void {
  if (!embedder)
    throw new OptionsError(`documents[${place}]`, "vector: this index has no embedder whose it could be");
  if (vector.length === embedder.dimensions) return;
  throw new OptionsError(
    `documents[${place}]`,
    `vector: ${vector.length} numbers where ${embedder.id} gives ${embedder.dimensions}`,
  );
}

function unit(vector: Float32Array): Float32Array {
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}
