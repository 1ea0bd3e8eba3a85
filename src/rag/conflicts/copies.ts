import type { Evidence } from "./evidence.ts";
import { allOf, commonOf } from "./overlap.ts";

/** Shorter sentences are alike by chance. */
const leastWords = 12;
/** Words a shingle; shared shingles of all, from which two sentences are copies. */
const shingleWords = 3;
const leastShared = 0.8;

/**
 * The sentences that count on their own: one a document, and one of those that were copied from each other.
 * @see Broder, On the resemblance and containment of documents, 1997.
 */
export function withoutCopies<T extends { readonly evidence: Evidence }>(claims: readonly T[]): T[] {
  const kept: { readonly claim: T; readonly shingles: ReadonlySet<string> }[] = [];
  for (const claim of claims) {
    const shingles = shinglesOf(claim.evidence.quote);
    const isCopy = kept.some(
      (other) =>
        other.claim.evidence.contentKey === claim.evidence.contentKey || areAlike(other.shingles, shingles),
    );
    if (!isCopy) kept.push({ claim, shingles });
  }
  return kept.map(({ claim }) => claim);
}

function areAlike(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  if (Math.min(one.size, other.size) <= leastWords - shingleWords) return false;
  return commonOf(one, other).size / allOf(one, other).size >= leastShared;
}

function shinglesOf(text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(
    words.slice(shingleWords - 1).map((_, index) => words.slice(index, index + shingleWords).join(" ")),
  );
}
