import type { ReadPassage } from "./answer-candidates.ts";
import type { Evidence } from "../conflicts/evidence.ts";
import { type Arbitrate, type ResolvedConflict, resolveConflicts } from "../conflicts/resolve.ts";
import type { Scored } from "./quotes.ts";
import { comparedWords, type WordSupport } from "./word-support.ts";

/** Sentences that are held against each other: the likeliest. */
const mostCompared = 30;
/** A heading, or the first row of a table, tells no more by more units than this. */
const mostAbove = 300;

/** Which of the sentences an answer may be made of, and what they contradict each other in. */
export interface Settled {
  readonly kept: readonly Scored[];
  readonly conflicts: readonly ResolvedConflict[];
}

/**
 * Finds where the likeliest sentences contradict each other and leaves out the losing sides; the best of a side that won
 * comes first.
 * @param likely Best first.
 * @param trustOf The chance that a sentence holds the answer, by itself.
 */
export async function settleContradictions(
  question: string,
  likely: readonly Scored[],
  passages: readonly ReadPassage[],
  trustOf: (sentence: Scored) => number,
  arbitrate: Arbitrate | undefined,
  signal?: AbortSignal,
): Promise<Settled> {
  const words = comparedWords(question);
  const compared = new Map<Evidence, Scored>();
  for (const sentence of likely.slice(0, mostCompared)) {
    const evidence = evidenceOf(sentence, passages, trustOf(sentence), words);
    if (evidence) compared.set(evidence, sentence);
  }
  const { conflicts, evidence } = await resolveConflicts(
    question,
    [...compared.keys()],
    arbitrate ? { arbitrate } : {},
    signal,
  );
  if (conflicts.length === 0) return { kept: likely, conflicts };
  const left = new Set(evidence.map((one) => compared.get(one)));
  const lost = new Set([...compared.values()].filter((sentence) => !left.has(sentence)));
  const won = new Set(
    conflicts.flatMap(({ sides, resolved }) => {
      const [best] = sides[resolved]?.evidence ?? [];
      return best ? [compared.get(best)] : [];
    }),
  );
  const first = likely[0]?.chance ?? 0;
  const kept = likely
    .filter((sentence) => !lost.has(sentence))
    .map((sentence) => (won.has(sentence) ? { ...sentence, chance: first } : sentence))
    .sort((one, other) => other.chance - one.chance);
  return { kept, conflicts };
}

/** A sentence in the light of its headings and the entry it belongs to. */
function evidenceOf(
  { url, title, quote, start, end, chance, support }: Scored,
  passages: readonly ReadPassage[],
  score: number,
  words: readonly string[],
): Evidence | undefined {
  for (const { hit, stored, statements } of passages) {
    const statement = stored.url === url ? statements.find((one) => one.start === start) : undefined;
    if (!statement) continue;
    const { publishedAt } = stored.document;
    const context = [hit.chunk.headingPath, statement.about]
      .map((line) => line.slice(0, mostAbove))
      .concat(quote)
      .filter((line) => line !== "")
      .join("\n");
    const host = URL.parse(url)?.host ?? "";
    return {
      url,
      title,
      quote,
      start,
      end,
      score,
      chance,
      ...(support ? { nearness: nearnessOf(words, support.words) } : {}),
      context,
      passage: `${hit.chunk.headingPath}\n${hit.chunk.text}`,
      host,
      publishedAt,
      contentKey: stored.contentHash,
    };
  }
  return undefined;
}

function nearnessOf(words: readonly string[], support: WordSupport): Map<string, number> {
  return new Map(
    words.flatMap((word, index) => {
      const cosine = support[index];
      return cosine === undefined ? [] : [[word, cosine] as const];
    }),
  );
}
