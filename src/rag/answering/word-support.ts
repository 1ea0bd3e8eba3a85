import type { Embedder, TokenVectors } from "../embedder.ts";

/**
 * How near a text comes to each word of a question: the mean over the word's pieces of the best cosine with any piece of
 * the text. A word that has no pieces is left out.
 * @see Khattab and Zaharia, ColBERT: Efficient and Effective Passage Search via Contextualized Late Interaction, SIGIR 2020, 3.3
 */
export type WordSupport = readonly (number | undefined)[];

/** What one passage says to the words of a question, as a whole and part by part. */
export interface PassageSupport {
  readonly whole: WordSupport;
  /** Of each part after the first, which is the heading: alone, and with the heading. A part beyond the model's reach has none. */
  readonly parts: readonly ({ readonly own: WordSupport; readonly inPlace: WordSupport } | undefined)[];
}

/** The words of a question as they are compared: what stands between white space. */
export function comparedWords(question: string): string[] {
  return question.split(/\s+/u).filter((word) => word !== "");
}

/**
 * Compares the words of a question with passages, each read once and as a whole, so that a sentence's words are taken in
 * the light of those around it.
 * @param passages Each in parts, the heading first.
 */
export async function supportOf(
  words: readonly string[],
  passages: readonly (readonly string[])[],
  embedTokens: NonNullable<Embedder["embedTokens"]>,
  signal: AbortSignal,
): Promise<PassageSupport[]> {
  const [question, ...texts] = await embedTokens([words, ...passages], signal);
  return question ? texts.map((text) => passageSupport(question, text)) : [];
}

function passageSupport(question: TokenVectors, text: TokenVectors): PassageSupport {
  const pieces = question.ends.at(-1) ?? 0;
  const width = question.rows.length / Math.max(pieces, 1);
  const rows = text.ends.at(-1) ?? 0;
  // A row a piece of the text, a column a piece of the question.
  const cosines = new Float32Array(rows * pieces);
  for (let row = 0; row < rows; row++) {
    for (let piece = 0; piece < pieces; piece++) {
      let sum = 0;
      const [one, other] = [row * width, piece * width];
      for (let at = 0; at < width; at++) {
        sum += (text.rows[one + at] as number) * (question.rows[other + at] as number);
      }
      cosines[row * pieces + piece] = sum;
    }
  }
  const best = (start: number, end: number): Float32Array => {
    const highest = new Float32Array(pieces).fill(-1);
    for (let row = start; row < end; row++) {
      for (let piece = 0; piece < pieces; piece++) {
        const cosine = cosines[row * pieces + piece] as number;
        if (cosine > (highest[piece] as number)) highest[piece] = cosine;
      }
    }
    return highest;
  };
  const heading = best(0, text.ends[0] ?? 0);
  return {
    whole: ofWords(question, best(0, rows)),
    parts: text.ends.slice(1).map((end, index) => {
      const start = text.ends[index] ?? 0;
      if (end <= start) return undefined;
      const own = best(start, end);
      const inPlace = own.map((cosine, piece) => Math.max(cosine, heading[piece] ?? -1));
      return { own: ofWords(question, own), inPlace: ofWords(question, inPlace) };
    }),
  };
}

function ofWords({ ends }: TokenVectors, pieces: Float32Array): WordSupport {
  return ends.map((end, index) => {
    const own = pieces.subarray(ends[index - 1] ?? 0, end);
    return own.length > 0 ? own.reduce((sum, cosine) => sum + cosine, 0) / own.length : undefined;
  });
}

/** The mean of a question's words, each weighed by `weights`; all alike where none are given. */
export function meanSupport(support: WordSupport, weights?: readonly number[]): number {
  let sum = 0;
  let total = 0;
  for (const [index, cosine] of support.entries()) {
    const weight = weights ? (weights[index] ?? 0) : 1;
    if (cosine === undefined || weight <= 0) continue;
    sum += weight * cosine;
    total += weight;
  }
  return total > 0 ? sum / total : 0;
}

/** The support of the word that has the least, among those with a weight; 0 where there is none. */
export function leastSupport(support: WordSupport, weights: readonly number[]): number {
  const known = support.filter((cosine, index) => cosine !== undefined && (weights[index] ?? 0) > 0);
  return known.length > 0 ? Math.min(...(known as readonly number[])) : 0;
}
