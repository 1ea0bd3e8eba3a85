import type { ScoredId, TermCounts } from "../../src/rag/chunk-store.ts";

/** A text with its id, as a list of terms with counts. */
export interface Text {
  readonly id: number;
  readonly terms: TermCounts;
}

/** BM25 written down as in the books, over all texts, one by one: what the index must agree with. */
export function rankAll(texts: readonly Text[], query: TermCounts): ScoredId<number>[] {
  const counted = texts.filter(({ terms }) => terms.length > 0);
  const average = counted.reduce((sum, { terms }) => sum + terms.length, 0) / counted.length;
  const frequency = (term: number) => counted.filter(({ terms }) => terms.ids.includes(term)).length;
  const idf = Array.from(query.ids, (term) => {
    const containing = frequency(term);
    return Math.log(1 + (counted.length - containing + 0.5) / (containing + 0.5));
  });
  const scored = counted.map(({ id, terms }) => {
    let score = 0;
    for (const [at, term] of query.ids.entries()) {
      const place = terms.ids.indexOf(term);
      const count = Math.min(terms.counts[place] ?? 0, 255);
      const norm = 1.2 * (1 - 0.75 + (0.75 * terms.length) / average);
      score += ((idf[at] ?? 0) * count * 2.2) / (count + norm);
    }
    return { id, score };
  });
  return scored
    .filter(({ score }) => score > 0)
    .sort((left, right) => right.score - left.score || left.id - right.id);
}
