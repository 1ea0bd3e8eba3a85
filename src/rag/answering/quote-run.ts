import { unspacedLetter } from "../text/scripts.ts";
import { isSpace, type Range } from "../text/sentences.ts";

/** A quote that is read at a glance. */
export const mostQuoteWords = 40;
/**
 * A sentence at either end of a run must be at least this likely, beside the likeliest of the run, to hold the answer: 140
 * of 248 quotes on four manuals then do; at .2 they are 3 words shorter and 134, with no limit 5 words longer and 141.
 */
const leastShare = 0.03;

/** A sentence with the chance that it, of all, holds the answer. */
export interface Likely extends Range {
  readonly url: string;
  readonly chance: number;
  /** A table's row says what it says alone. */
  readonly isRow: boolean;
  /** It begins with the term that it says something of. */
  readonly opensEntry: boolean;
}

/** Chances from scores whose differences are logits: 1 in all. */
export function chancesOf(scores: readonly number[]): number[] {
  const highest = Math.max(...scores, -Infinity);
  const odds = scores.map((score) => Math.exp(score - highest));
  const total = odds.reduce((sum, value) => sum + value, 0);
  return odds.map((value) => value / total);
}

/**
 * The sentences that follow one another, {@link mostQuoteWords} in all, and together hold the answer most probably; a
 * single one may be longer.
 * @param textOf A page's text.
 */
export function likeliestRun<T extends Likely>(
  sentences: readonly T[],
  textOf: (url: string) => string,
): T[] {
  let best: T[] = [];
  let bestChance = 0;
  for (const page of Map.groupBy(sentences, ({ url }) => url).values()) {
    const text = textOf(page[0]?.url ?? "");
    const inOrder = page.toSorted((one, other) => one.start - other.start);
    for (let first = 0; first < inOrder.length; first++) {
      const run: T[] = [];
      let words = 0;
      for (const sentence of inOrder.slice(first)) {
        const last = run.at(-1);
        if (last && (!isRead(last, sentence) || !isGap(text, last.end, sentence.start))) break;
        words += countWords(text.slice(sentence.start, sentence.end));
        if (last && words > mostQuoteWords) break;
        run.push(sentence);
        const chance = run.reduce((sum, one) => sum + one.chance, 0);
        if (chance > bestChance && hasLikelyEnds(run)) [best, bestChance] = [[...run], chance];
      }
    }
  }
  return best;
}

/** Whether one is read on from the other: not into another row, nor from one entry's text into the next entry. */
function isRead(before: Likely, after: Likely): boolean {
  return !before.isRow && !after.isRow && (before.opensEntry || !after.opensEntry);
}

function hasLikelyEnds(run: readonly Likely[]): boolean {
  const least = leastShare * Math.max(...run.map(({ chance }) => chance));
  return (run[0]?.chance ?? 0) >= least && (run.at(-1)?.chance ?? 0) >= least;
}

/** Nothing but white space between: neither a heading nor anything else that is left out. */
function isGap(text: string, from: number, to: number): boolean {
  if (to < from) return false;
  for (let at = from; at < to; at++) if (!isSpace(text.charCodeAt(at))) return false;
  return true;
}

/** What stands between white space, or two letters where words are not parted. */
const word = new RegExp(String.raw`${unspacedLetter}{1,2}\p{P}*|[\S--${unspacedLetter}]+`, "gv");

/** Words as a reader counts them. */
export function countWords(text: string): number {
  return text.match(word)?.length ?? 0;
}

/** Where a long sentence may be cut: behind a comma, a semicolon, a colon or a dash, before a bracket, at a line's end. */
const clauseBorder = /(?<=[,;:])\s+|(?<=[、，；：。！？])|\s+(?=[(–—])|\s+-\s+|\n+/gu;

/**
 * The part of a quote, cut at its clauses, that has at most `words` words and is worth most; the longer and then the
 * earlier of equals. A quote that is short enough, or has no such clauses, is cut nowhere or after its `words`th word.
 */
export function shortened(
  text: string,
  { start, end }: Range,
  words: number,
  worthOf: (part: string) => number,
): Range {
  const whole = text.slice(start, end);
  if (countWords(whole) <= words) return { start, end };
  const borders = [...whole.matchAll(clauseBorder)].map(({ index, 0: gap }) => ({
    before: start + index,
    after: start + index + gap.length,
  }));
  const starts = [start, ...borders.map(({ after }) => after)];
  const ends = [...borders.map(({ before }) => before), end];
  let best: { readonly range: Range; readonly worth: number; readonly words: number } | undefined;
  for (const [first, from] of starts.entries()) {
    for (const to of ends.slice(first)) {
      const part = text.slice(from, to);
      const count = countWords(part);
      if (count > words) break;
      if (count === 0) continue;
      const worth = worthOf(part);
      if (!best || worth > best.worth || (worth === best.worth && count > best.words))
        best = { range: { start: from, end: to }, worth, words: count };
    }
  }
  return best?.range ?? firstWords(text, { start, end }, words);
}

function firstWords(text: string, { start, end }: Range, words: number): Range {
  const last = [...text.slice(start, end).matchAll(word)][words - 1];
  return { start, end: last ? start + last.index + last[0].length : end };
}
