import { seededRandom } from "../evaluation/seeded-random.ts";

/**
 * Two halves, one to fit on and one to report on: nothing is measured on what it was tuned with. Items of one group stay
 * together, so that questions about one page are not on both sides.
 * @returns Both in the order of `items`; the first has the odd group.
 */
export function splitHalf<T>(
  items: readonly T[],
  groupOf: (item: T) => string,
  seed: number,
): readonly [fit: T[], report: T[]] {
  const groups = [...new Set(items.map(groupOf))].sort();
  const random = seededRandom(seed);
  // Fisher and Yates.
  for (let i = groups.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [groups[i], groups[j]] = [groups[j] as string, groups[i] as string];
  }
  const fit = new Set(groups.slice(0, Math.ceil(groups.length / 2)));
  return [items.filter((item) => fit.has(groupOf(item))), items.filter((item) => !fit.has(groupOf(item)))];
}
