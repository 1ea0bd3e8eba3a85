import type { Block, BlockKind } from "../../document.ts";
import { isSpace, sentenceRanges, type Range } from "../text/sentences.ts";
import { estimateTokens, fitTokens } from "../text/token-estimate.ts";

/** A run of text that goes into one chunk as a whole. */
export interface Piece extends Range {
  readonly tokens: number;
}

type Cut = (text: string, start: number, end: number) => Range[];

/** Where a block may be cut, best places first. */
const cuts: Readonly<Record<BlockKind, readonly Cut[]>> = {
  heading: [sentenceRanges],
  paragraph: [sentenceRanges],
  quote: [sentenceRanges],
  list: [lineRanges, sentenceRanges],
  table: [lineRanges, sentenceRanges],
  code: [(text, start, end) => separated(text, start, end, "\n\n"), lineRanges],
};

/** A block as one piece, without white space around it. */
export function wholePiece(text: string, block: Range): Piece {
  let { start, end } = block;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return { start, end, tokens: estimateTokens(text, start, end) };
}

/**
 * A block in pieces of at most `limit` tokens that cover it in order: paragraphs at sentence ends, tables and lists by
 * lines, code at empty lines; what is too long even so at spaces, and in the end anywhere.
 */
export function cutBlock(text: string, block: Pick<Block, "kind" | "start" | "end">, limit: number): Piece[] {
  return cutRange(text, block, cuts[block.kind], limit);
}

function cutRange(text: string, range: Range, ways: readonly Cut[], limit: number): Piece[] {
  const [cut, ...finer] = ways;
  const parts = cut ? cut(text, range.start, range.end) : wordRanges(text, range.start, range.end, limit);
  return parts.flatMap((part) => {
    const piece = wholePiece(text, part);
    if (piece.start === piece.end) return [];
    return piece.tokens <= limit || !cut ? [piece] : cutRange(text, part, finer, limit);
  });
}

function lineRanges(text: string, start: number, end: number): Range[] {
  return separated(text, start, end, "\n");
}

function separated(text: string, start: number, end: number, separator: string): Range[] {
  const ranges: Range[] = [];
  let from = start;
  while (from < end) {
    const found = text.indexOf(separator, from);
    const to = found === -1 || found >= end ? end : found + separator.length;
    ranges.push({ start: from, end: to });
    from = to;
  }
  return ranges;
}

function wordRanges(text: string, start: number, end: number, limit: number): Range[] {
  const ranges: Range[] = [];
  let from = start;
  while (from < end) {
    const to = fitTokens(text, from, end, limit);
    ranges.push({ start: from, end: to });
    from = to;
    while (from < end && isSpace(text.charCodeAt(from))) from++;
  }
  return ranges;
}
