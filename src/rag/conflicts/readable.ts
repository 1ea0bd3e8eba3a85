import type { Evidence } from "./evidence.ts";

/** More words are no label. */
const mostLabelWords = 5;

/**
 * What a sentence, row or entry says, as a sentence would: "Rooms: 24" for the row of a table, "Melting point: 612 °C" for
 * what stands under its term.
 */
export function readableOf({ quote, context, passage = "" }: Evidence): string {
  const [first = "", ...cells] = withoutPlace(quote.split("\t").map((cell) => cell.trim()));
  if (cells.length === 0) return withLabel(quote, passage);
  if (cells.length === 1) return `${first}: ${cells[0] ?? ""}`;
  const header = headerOf(context, cells.length);
  return `${first}: ${cells.map((cell, index) => `${(header[index] ?? "").toLowerCase()} ${cell}`.trim()).join("; ")}`;
}

/** A row whose first cell is its place in a ranking begins with the next. */
function withoutPlace(cells: readonly string[]): readonly string[] {
  return cells.length > 2 && /^\d{1,3}\.?$/u.test(cells[0] ?? "") && /^\p{L}/u.test(cells[1] ?? "")
    ? cells.slice(1)
    : cells;
}

/** The other cells of the row that names the columns. */
function headerOf(context: string, length: number): readonly string[] {
  const rows = context.split("\n").map((line) => line.split("\t"));
  return (
    rows
      .slice(0, -1)
      .findLast((cells) => cells.length > length)
      ?.slice(-length) ?? []
  );
}

/** A line that begins with a capital and ends without a stop, right above a line that is no sentence either. */
function withLabel(quote: string, passage: string): string {
  if (/[.!?:;]["”’)]*$/u.test(quote) || quote.includes("\n") || wordsOf(quote) > mostLabelWords) return quote;
  const lines = passage
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const label = lines[lines.indexOf(quote.trim()) - 1] ?? "";
  const isLabel = /^\p{Lu}[^.!?:;\t>]*$/u.test(label) && wordsOf(label) <= mostLabelWords;
  return isLabel ? `${label}: ${quote}` : quote;
}

function wordsOf(text: string): number {
  return text.trim().split(/\s+/u).length;
}
