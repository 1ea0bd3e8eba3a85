// What is searched: made up, the same for the same seed and page wherever a build begins again.
// Words are drawn by Zipf's law, 20 chunks of 110 terms a page; vectors are noise around centres.
import { hash } from "node:crypto";
import { analyze } from "../../src/rag/text/analyzer.ts";
import type { IndexedDocument } from "../../src/rag/chunk-store.ts";
import { packDocument } from "../../src/rag/packed-document.ts";

export const dimensions = 384;
export const embedder = { id: "bench/noise", dimensions };
export const chunksPerPage = 20;
/** Each host has as many pages as any other. */
export const hosts = 10;
const wordsPerChunk = 110;
const vocabulary = 200_000;
const separator = "\n";

/** One page, with the texts of its chunks. */
export function pageOf(
  page: number,
  seed: number,
): { readonly document: IndexedDocument; readonly passages: readonly string[] } {
  const random = mulberry32(Math.imul(seed, 0x9e3779b1) ^ page);
  const passages = Array.from({ length: chunksPerPage }, () =>
    Array.from({ length: wordsPerChunk }, () => zipfWord(random, vocabulary)).join(" "),
  );
  const text = passages.join(separator);
  let end = -separator.length;
  const chunks = passages.map((passage) => {
    const start = end + separator.length;
    end = start + passage.length;
    return {
      start,
      end,
      headingPath: "",
      hash: hash("sha256", passage).slice(0, 32),
      terms: analyze(passage),
      vector: vectorOf(random),
    };
  });
  const host = hostOf(page);
  const url = `https://${host}/${page}`;
  const document = {
    url,
    requestedUrl: url,
    finalUrl: url,
    host,
    httpStatus: 200,
    tier: "http",
    fetchedAt: page,
    etag: "",
    lastModified: "",
    contentHash: hash("sha256", text),
    bytes: text.length,
    document: packDocument({
      title: "",
      description: "",
      author: "",
      publishedAt: "",
      modifiedAt: "",
      language: "en",
      siteName: "",
      canonicalUrl: "",
      markdown: text,
      text,
      fullText: "",
      blocks: [],
      structured: {},
      format: "html",
    }),
    chunks,
    terms: analyze(text),
  };
  return { document, passages };
}

export function hostOf(page: number): string {
  return `site${page % hosts}.example`;
}

/** A question in words, and the vector that it is given. */
export interface Query {
  readonly text: string;
  readonly vector: Float32Array;
}

/**
 * Questions of eight words: three of the fifty commonest, each in a sixth to all of the passages, and five of the first
 * twenty thousand. A hard case: half a million postings and more for a million passages.
 */
export function queriesOf(count: number, seed: number): Query[] {
  const random = mulberry32(seed);
  return Array.from({ length: count }, () => {
    const common = Array.from({ length: 3 }, () => `w${Math.floor(random() * 50)}`);
    const others = Array.from({ length: 5 }, () => zipfWord(random, 20_000));
    return { text: [...common, ...others].join(" "), vector: vectorOf(random) };
  });
}

/** Rank drawn with probability proportional to 1 / rank, by inversion. */
function zipfWord(random: () => number, ranks: number): string {
  return `w${Math.floor(ranks ** random()) - 1}`;
}

const centres = Array.from({ length: 500 }, (_, at) => {
  const random = mulberry32(at + 1_000);
  return Float32Array.from({ length: dimensions }, () => random() - 0.5);
});

/** A unit vector near one of 500 centres. */
function vectorOf(random: () => number): Float32Array {
  const vector = Float32Array.from(
    centres[Math.floor(random() * centres.length)] ?? [],
    (number) => number + random() - 0.5,
  );
  const norm = Math.sqrt(vector.reduce((sum, number) => sum + number * number, 0));
  return vector.map((number) => number / norm);
}

/** A small generator with a seed. Tommy Ettinger, mulberry32, public domain. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
