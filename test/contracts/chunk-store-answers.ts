import assert from "node:assert/strict";
import { analyzeQuery } from "../../src/rag/text/analyzer.ts";
import type {
  ChunkId,
  ChunkStore,
  FoundChunk,
  IndexedDocument,
  ScoredId,
  TermCounts,
} from "../../src/rag/chunk-store.ts";
import type { Filter } from "../../src/rag/filter.ts";
import { vectorOf } from "./chunk-store-documents.ts";

/** What a store is asked. */
export interface Questions {
  readonly texts: readonly string[];
  readonly filters?: readonly Filter[];
  readonly limit: number;
}

interface Ranked {
  readonly name: string;
  readonly score: number;
}
interface Ranking {
  readonly items: readonly Ranked[];
  /** There may be more with the last score, and which of them are in the list is open. */
  readonly isCut: boolean;
}

/** All that a store says, in names that every store has: addresses and places instead of ids. */
export interface Answers {
  /** Rankings of chunks and of documents, in the order asked for. */
  readonly rankings: readonly Ranking[];
  readonly numbers: readonly number[];
  /** What must be equal to the letter. */
  readonly held: unknown;
}

/** Any word of the corpus, so that every passage with terms is found. */
export const everyWord = "otter river stone bridge lamp winter letter garden naïve C3 ünder";

/** Asks a store everything that it can answer. */
export async function answersOf(
  store: ChunkStore,
  { texts, filters = [], limit }: Questions,
): Promise<Answers> {
  const queries = texts.map(analyzeQuery);
  const everything = await allOf(store);
  const [all] = await store.searchWords([analyzeQuery(everyWord)], { limit: 1_000 });
  const documents = await store.documents(all?.documents.map(({ id }) => id) ?? []);
  const rankings: (readonly (ScoredId | FoundChunk)[])[] = [];
  const numbers: number[] = [];
  for (const filter of [undefined, ...filters]) {
    const options = { limit, ...(filter ? { filter } : {}) };
    const found = await store.searchWords(queries, options);
    rankings.push(...found.flatMap(({ chunks, documents }) => [chunks, documents]));
    numbers.push(...found.map(({ maxScore }) => maxScore));
    rankings.push(...(await store.searchVectors(texts.map(vectorOf), options)));
  }
  for (const terms of queries) {
    const ids = documents.map(({ id }) => id);
    rankings.push(...(await bestChunksOf(store, ids, terms)));
    numbers.push(...(await store.idf(terms)));
  }
  const name = await namesOf(store, [all?.chunks ?? [], ...rankings].flat());
  return {
    rankings: rankings.map((list) => ({
      items: list.map((item) => ({ name: name(item), score: item.score })),
      isCut: list.length === limit || list.length === 1,
    })),
    numbers,
    held: {
      stats: await store.stats(),
      everything,
      documents: documents.map((document) => ({ ...document, id: "" })).sort(byUrl),
      ...(await chunksHeld(store, all?.chunks.map(({ id }) => id) ?? [])),
    },
  };
}

/** Everything a store holds, by address. */
export async function allOf(store: ChunkStore): Promise<IndexedDocument[]> {
  const documents = await Array.fromAsync(store.everything());
  return documents.map(withPlainBytes).sort(byUrl);
}

/** What was put, as {@link allOf} gives it back. */
export function asGiven(documents: readonly IndexedDocument[]): IndexedDocument[] {
  return documents.map(withPlainBytes).sort(byUrl);
}

/** Fails when two stores say different things: scores to 1e-5, the order up to equal scores. */
export function assertSameAnswers(actual: Answers, expected: Answers): void {
  assert.deepEqual(actual.held, expected.held);
  assert.equal(actual.rankings.length, expected.rankings.length);
  for (const [at, { items, isCut }] of actual.rankings.entries())
    assertSameRanking(items, expected.rankings[at]?.items ?? [], isCut);
  assertNear(actual.numbers, expected.numbers);
}

/** Lists of one, or none, so that each is compared for itself. */
async function bestChunksOf(
  store: ChunkStore,
  ids: readonly ChunkId[],
  terms: TermCounts,
): Promise<FoundChunk[][]> {
  const best = await store.bestChunks(ids, terms);
  const places = best.map(({ documentId }) => ids.indexOf(documentId));
  assert.deepEqual(
    places,
    places.toSorted((one, other) => one - other),
    "in the order asked for",
  );
  return best.map((chunk) => [chunk]).sort(([one], [other]) => (other?.score ?? 0) - (one?.score ?? 0));
}

async function chunksHeld(store: ChunkStore, ids: readonly ChunkId[]): Promise<object> {
  const chunks = await store.chunks(ids);
  const vectors = await store.vectors(ids);
  const jobs = await store.embeddingJobs(ids);
  return {
    chunks: chunks
      .map((chunk) => ({ ...chunk, id: "", documentId: "", vector: vectors.get(chunk.id) }))
      .sort((one, other) => compare(one.url, other.url) || one.ordinal - other.ordinal),
    jobs: jobs.map(({ hash, text }) => ({ hash, text })).sort((one, other) => compare(one.hash, other.hash)),
  };
}

/** Names of what was found, with what was said of it beside its score. */
async function namesOf(
  store: ChunkStore,
  found: readonly (ScoredId | FoundChunk)[],
): Promise<(item: ScoredId | FoundChunk) => string> {
  const chunkIds = unique(found.flatMap((item) => ("documentId" in item ? [item.id] : [])));
  const documentIds = unique(found.map((item) => ("documentId" in item ? item.documentId : item.id)));
  const chunks = new Map((await store.chunks(chunkIds)).map((chunk) => [chunk.id, chunk]));
  const documents = new Map((await store.documents(documentIds)).map(({ id, url }) => [id, url]));
  return (item) => {
    if (!("documentId" in item)) return documents.get(item.id) ?? "no document";
    const chunk = chunks.get(item.id);
    const vector = item.hasVector ? "with" : "without";
    return `${chunk?.url} ${chunk?.ordinal} of ${documents.get(item.documentId)} ${vector} vector`;
  };
}

function assertSameRanking(actual: readonly Ranked[], expected: readonly Ranked[], isCut: boolean): void {
  assertNear(
    actual.map(({ score }) => score),
    expected.map(({ score }) => score),
  );
  const last = expected.at(-1)?.score ?? 0;
  const sure = (list: readonly Ranked[]) =>
    list.flatMap(({ name, score }) => (isCut && isNear(score, last) ? [] : [name])).sort();
  assert.deepEqual(sure(actual), sure(expected));
  for (const { name, score } of actual) {
    const wanted = expected.find((one) => one.name === name)?.score ?? last;
    assert.ok(isNear(score, wanted), `${name}: ${score}, not ${wanted}`);
  }
}

function assertNear(actual: readonly number[], expected: readonly number[]): void {
  const isSame =
    actual.length === expected.length && actual.every((number, at) => isNear(number, expected[at] ?? NaN));
  if (!isSame) assert.deepEqual(actual, expected);
}

function isNear(one: number, other: number): boolean {
  return Math.abs(one - other) <= 1e-5 * Math.max(1, Math.abs(other));
}

function unique(ids: readonly ChunkId[]): ChunkId[] {
  return [...new Set(ids)];
}

function withPlainBytes(document: IndexedDocument): IndexedDocument {
  const { text, rest, ...shown } = document.document;
  return { ...document, document: { ...shown, text: Uint8Array.from(text), rest: Uint8Array.from(rest) } };
}

function byUrl(one: { readonly url: string }, other: { readonly url: string }): number {
  return compare(one.url, other.url);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
