// Scripts that put no space between words, as classes for regular expressions with the flag `v`: letters and marks.

/** Where two letters say about as much as a word. */
export const ideographicLetter = String.raw`[[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]&&[\p{Alphabetic}\p{M}]]`;
/** Alphabets, where it takes three. */
export const unspacedAlphabetLetter = String.raw`[[\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]&&[\p{Alphabetic}\p{M}]]`;
/** Any of them. */
export const unspacedLetter = String.raw`[${ideographicLetter}${unspacedAlphabetLetter}]`;
