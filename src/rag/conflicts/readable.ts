import type { Evidence } from "./evidence.ts";

/** More words are no label. */
const mostLabelWords = 5;

/**
 * What a sentence, row or entry says, as a sentence would: "Rooms: 24" for the row of a table, "Melting point: 612 °C" for
 * what stands under its term.
 */
export function readableOf({ quote, passage = "" }: Evidence): string {
  const [first = "", ...cells] = quote.split("\t").map((cell) => cell.trim());
  if (cells.length === 0) return withLabel(quote, passage);
  return `${first}: ${cells.join("; ")}`;
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
