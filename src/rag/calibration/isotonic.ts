/** A curve that never falls: straight between its points, level beyond them. */
export interface IsotonicModel {
  /** Ascending by score; their values never fall. */
  readonly points: readonly { readonly score: number; readonly value: number }[];
}

interface Block {
  readonly first: number;
  last: number;
  sum: number;
  count: number;
}

/**
 * The never-falling curve with the least squared distance from the labels: pool adjacent violators. Takes more labels than a
 * logistic curve to be worth it: some 1,000.
 * @param labels 0 to 1 for each score.
 * @see Ayer et al., An empirical distribution function for sampling with incomplete information, 1955; Niculescu-Mizil and Caruana, Predicting good probabilities with supervised learning, ICML 2005.
 */
export function fitIsotonic(scores: readonly number[], labels: readonly number[]): IsotonicModel {
  const pairs = scores.map((score, index) => ({ score, label: labels[index] ?? 0 }));
  pairs.sort((one, other) => one.score - other.score);
  const blocks: Block[] = [];
  for (const { score, label } of pairs) {
    const last = blocks.at(-1);
    if (last?.last === score) {
      last.sum += label;
      last.count += 1;
    } else blocks.push({ first: score, last: score, sum: label, count: 1 });
  }
  const pooled: Block[] = [];
  for (const block of blocks) {
    let merged = block;
    for (let before = pooled.at(-1); before && meanOf(before) >= meanOf(merged); before = pooled.at(-1)) {
      pooled.pop();
      merged = {
        first: before.first,
        last: merged.last,
        sum: before.sum + merged.sum,
        count: before.count + merged.count,
      };
    }
    pooled.push(merged);
  }
  return {
    points: pooled.flatMap((block) => {
      const value = meanOf(block);
      const end = { score: block.last, value };
      return block.first === block.last ? [end] : [{ score: block.first, value }, end];
    }),
  };
}

/** The curve's value at `score`. @returns Undefined for a curve without points. */
export function isotonicValue({ points }: IsotonicModel, score: number): number | undefined {
  const next = points.findIndex((point) => point.score >= score);
  const above = next < 0 ? points.at(-1) : points[next];
  const below = points[next - 1];
  if (!above || !below || next < 0 || above.score === score) return above?.value;
  const share = (score - below.score) / (above.score - below.score);
  return below.value + share * (above.value - below.value);
}

function meanOf({ sum, count }: Block): number {
  return sum / count;
}
