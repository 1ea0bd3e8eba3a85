// Scripts that put no space between words, as classes for regular expressions with the flag `v`: letters and marks.

/** Where two letters say about as much as a word. */
export const ideographicLetter = String.raw`[[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]&&[\p{Alphabetic}\p{M}]]`;
/** Alphabets, where it takes three. */
export const unspacedAlphabetLetter = String.raw`[[\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]&&[\p{Alphabetic}\p{M}]]`;
/** Any of them. */
export const unspacedLetter = String.raw`[${ideographicLetter}${unspacedAlphabetLetter}]`;

/** Letters by script; Chinese and Japanese are one here. */
const letters = Object.entries({
  Latin: /\p{Script=Latin}/u,
  Cyrillic: /\p{Script=Cyrillic}/u,
  Greek: /\p{Script=Greek}/u,
  Arabic: /\p{Script=Arabic}/u,
  Hebrew: /\p{Script=Hebrew}/u,
  Devanagari: /\p{Script=Devanagari}/u,
  Hangul: /\p{Script=Hangul}/u,
  Ideographic: new RegExp(ideographicLetter, "v"),
  Thai: /\p{Script=Thai}/u,
});
/** More of a text says nothing new of its script. */
const lettersRead = 1_000;

/** The script that most letters of a text are in, "other" for one that is not told apart here; undefined without letters. */
export function mainScript(text: string): string | undefined {
  const counts = new Map<string, number>();
  for (const [letter] of text.slice(0, lettersRead).matchAll(/\p{L}/gu)) {
    const script = letters.find(([, letters]) => letters.test(letter))?.[0] ?? "other";
    counts.set(script, (counts.get(script) ?? 0) + 1);
  }
  const [most] = [...counts].toSorted(([, one], [, other]) => other - one);
  return most?.[0];
}
