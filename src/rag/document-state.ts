import { createHash } from "node:crypto";
import type { NewChunk, NewDocument } from "./chunk-store.ts";

/** What a document is told by from itself at another time or place, without its texts and numbers. */
export interface DocumentState {
  readonly url: string;
  readonly fetchedAt: number;
  /** SHA-256 of the main text, hex. */
  readonly contentHash: string;
  /** Its {@link digestOf}. */
  readonly digest: string;
}

/** What a document's passage is told by. */
export interface PassageState {
  /** Of heading path and passage. */
  readonly hash: string;
  readonly isEmbedded: boolean;
}

/** A document, of which it is enough to know whether a passage has a vector. */
export interface DigestedDocument extends Omit<NewDocument, "chunks" | "terms"> {
  readonly terms: Pick<NewDocument["terms"], "length">;
  readonly chunks: readonly (Omit<NewChunk, "terms"> & { readonly vector?: unknown })[];
}

/** Another one for documents that differ in anything. Of a vector it counts that it is there: text and model say which. */
export function digestOf({ document, chunks, terms, ...facts }: DigestedDocument): string {
  const { text, rest, ...shown } = document;
  const parts = chunks.map(({ start, end, hash, vector }) => [start, end, hash, vector !== undefined]);
  return createHash("sha256")
    .update(inOrder(facts) + inOrder(shown) + JSON.stringify([terms.length, parts]))
    .update(text)
    .update(rest)
    .digest("hex");
}

function inOrder(facts: object): string {
  return JSON.stringify(facts, Object.keys(facts).sort());
}
