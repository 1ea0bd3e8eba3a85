import type { PageDocument } from "../../document.ts";
import { analyze } from "./analyzer.ts";
import type { NewChunk, TermCounts } from "../chunk-store.ts";
import { missingHeadings } from "./searchable-text.ts";

/**
 * The terms of a whole page: those of its passages and, once, its title. Made from the chunks' counts, less the headings
 * that each of them carries, so the text is not analyzed again.
 */
export function documentTerms(
  document: Pick<PageDocument, "title" | "text">,
  chunks: readonly NewChunk[],
): TermCounts {
  const counts = new Map<number, number>();
  let length = addCounts(counts, analyze(missingHeadings(document.title, document.text)), 1);
  let carried = { headings: "", terms: analyze("") };
  for (const { headingPath, start, end, terms } of chunks) {
    const headings = missingHeadings(headingPath, document.text.slice(start, end));
    if (headings !== carried.headings) carried = { headings, terms: analyze(headings) };
    length += addCounts(counts, terms, 1) + addCounts(counts, carried.terms, -1);
  }
  const ids = Uint32Array.from(counts.keys())
    .filter((id) => (counts.get(id) ?? 0) > 0)
    .sort();
  // Counts stop at 65,535, as the type says.
  return { ids, counts: Uint16Array.from(ids, (id) => Math.min(counts.get(id) ?? 0, 65_535)), length };
}

function addCounts(counts: Map<number, number>, terms: TermCounts, sign: 1 | -1): number {
  for (const [at, id] of terms.ids.entries()) {
    counts.set(id, (counts.get(id) ?? 0) + sign * (terms.counts[at] ?? 0));
  }
  return sign * terms.length;
}
