import { unspacedLetter } from "../text/scripts.ts";

/** The runs of words of a text: what two texts are compared by. */
export type Shingles = ReadonlySet<string>;

/** Words in a run; texts shorter than this are one run. */
const runLength = 3;
/** Share of their runs that two texts have in common when one repeats the other: a changed date or name passes for the same. */
const sameShare = 0.9;

/** A word; where words are not parted, a letter. */
const word = new RegExp(String.raw`${unspacedLetter}|[[\p{L}\p{N}]--${unspacedLetter}]+`, "gv");

/** Runs of three words, without regard to case and spacing. @see Broder, On the resemblance and containment of documents, 1997. */
export function shinglesOf(text: string): Shingles {
  const words = text.toLowerCase().match(word) ?? [];
  if (words.length < runLength) return new Set([text.toLowerCase().replace(/\s+/g, " ").trim()]);
  return new Set(words.slice(runLength - 1).map((_, at) => words.slice(at, at + runLength).join(" ")));
}

/** Whether the texts say the same in nearly the same words. */
export function isNearDuplicate(one: Shingles, other: Shingles): boolean {
  const [small, large] = one.size <= other.size ? [one, other] : [other, one];
  if (small.size < sameShare * large.size) return false;
  let common = 0;
  for (const run of small) if (large.has(run)) common += 1;
  return common >= sameShare * (one.size + other.size - common);
}
