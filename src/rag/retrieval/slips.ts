/**
 * How many letters must be changed, left out, put in, or swapped with the one beside them to make one word of the other;
 * undefined where that is more than `most`.
 * @see Damerau, A Technique for Computer Detection and Correction of Spelling Errors, CACM 7 (3), 1964: four of five
 * misspelt words are one such slip away. Here as optimal string alignment: no letter is changed twice.
 */
export function slipsBetween(one: string, other: string, most: number): number | undefined {
  if (Math.abs(one.length - other.length) > most) return undefined;
  const far = most + 1;
  let twoBack: readonly number[] = [];
  let before: readonly number[] = Array.from({ length: other.length + 1 }, (_none, at) => at);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      const slips = Math.min(
        (before[column] ?? far) + 1,
        (current[column - 1] ?? far) + 1,
        (before[column - 1] ?? far) + Number(!isSame),
        isSwapped ? (twoBack[column - 2] ?? far) + 1 : far,
      );
      current.push(slips);
    }
    // The rows to come reach back by two at most.
    if (Math.min(...before, ...current) > most) return undefined;
    [twoBack, before] = [before, current];
  }
  const slips = before.at(-1) ?? 0;
  return slips > most ? undefined : slips;
}

/** Everything that is one slip away from a word, its first letter kept or swapped with the second; some 50 a letter. */
export function oneSlipFrom(word: string, alphabet: Iterable<string>): Set<string> {
  const letters = [...alphabet];
  const made = new Set<string>();
  for (let at = 1; at <= word.length; at++) {
    const [before, after] = [word.slice(0, at), word.slice(at)];
    made.add(before.slice(0, -1) + after.slice(0, 1) + before.slice(-1) + after.slice(1));
    if (after !== "") made.add(before + after.slice(1));
    for (const letter of letters) {
      made.add(before + letter + after);
      if (after !== "") made.add(before + letter + after.slice(1));
    }
  }
  made.delete(word);
  return made;
}
