import { isSpace } from "./sentences.ts";

// How many word pieces a text will have, without the tokenizer: that takes .45 ms a chunk, this some microseconds.
// Measured with all-MiniLM-L6-v2's tokenizer (BERT uncased) on the Python manual, by the length of a word.

/** Mean word pieces of an ASCII word by its length; words not in the vocabulary make the long ones dear. */
const wordPieces = [0, 1, 1.05, 1.1, 1.1, 1.15, 1.2, 1.27, 1.45, 1.55, 1.72, 1.9, 2.3, 2.3, 2.7];
/** Per letter past the table. */
const longWordPieces = 0.3;
/** Per digit of numbers longer than three. */
const digitPieces = 0.57;
/** More for a word that is part of a name in code: such parts are seldom words of the language. */
const namePieces = 0.6;
/** A Hangul syllable is taken apart into its letters. */
const hangulPieces = 2.3;

/** About how many tokens `text` has between `start` and `end`. */
export function estimateTokens(text: string, start = 0, end: number = text.length): number {
  let tokens = 0;
  let at = start;
  while (at < end) {
    const runEnd = endOfRun(text, at, end);
    tokens += runTokens(text, at, runEnd);
    at = runEnd;
  }
  return tokens;
}

/**
 * How far one can read from `start` within `limit` tokens, at least one character.
 * @returns The end of the last whole word that fits, or a place within a word that is longer than that; never half of a surrogate pair.
 */
export function fitTokens(text: string, start: number, end: number, limit: number): number {
  let tokens = 0;
  let at = start;
  let lastSpace = start;
  while (at < end) {
    const unit = text.charCodeAt(at);
    const runEnd = Math.min(endOfRun(text, at, Math.min(end, at + 8 * limit)), end);
    if (isSpace(unit)) lastSpace = at;
    if (tokens + runTokens(text, at, runEnd) > limit) {
      if (lastSpace > start) return lastSpace;
      // No space to cut at: at the run's beginning, or within a run too long by itself.
      const cut =
        at > start
          ? at
          : start + Math.max(1, Math.floor((limit / runTokens(text, at, runEnd)) * (runEnd - at)));
      return wholeCharacter(text, start, Math.min(cut, end));
    }
    tokens += runTokens(text, at, runEnd);
    at = runEnd;
  }
  return end;
}

/** End of the word, digits or white space that begin at `at`; anything else stands alone. A capital inside a word begins another: names in code. */
function endOfRun(text: string, at: number, end: number): number {
  const kind = kindOf(text.charCodeAt(at));
  if (kind === other) return at + 1;
  let to = at + 1;
  while (to < end && kindOf(text.charCodeAt(to)) === kind && !isCamelHump(text, to)) to++;
  return to;
}

function isCamelHump(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  const before = text.charCodeAt(at - 1);
  return unit >= 65 && unit <= 90 && before >= 97 && before <= 122;
}

function runTokens(text: string, start: number, end: number): number {
  const length = end - start;
  const first = text.charCodeAt(start);
  switch (kindOf(first)) {
    case space:
      return 0;
    case letter:
      return (wordPieces[length] ?? length * longWordPieces) + (isPartOfName(text, start) ? namePieces : 0);
    case digit:
      return length <= 3 ? 1 : length * digitPieces;
    default:
      return first >= 0xac00 && first <= 0xd7a3 ? hangulPieces : 1;
  }
}

/** True after "_", "." or a lower-case letter, as in `tp_getattr` and `PyObject`. */
function isPartOfName(text: string, start: number): boolean {
  const before = text.charCodeAt(start - 1);
  return before === 95 || before === 46 || isCamelHump(text, start);
}

const space = 0;
const letter = 1;
const digit = 2;
const other = 3;

/** By UTF-16 unit. Latin letters make words; letters of other scripts and signs are pieces of their own. */
const kinds = Uint8Array.from({ length: 65_536 }, (_, unit) => {
  if (isSpace(unit)) return space;
  if (unit >= 48 && unit <= 57) return digit;
  const isAscii = (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90);
  return isAscii || (unit >= 0xc0 && unit < 0x250) ? letter : other;
});

function kindOf(unit: number): number {
  return kinds[unit] as number;
}

function wholeCharacter(text: string, start: number, at: number): number {
  const isInPair = (text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800;
  if (!isInPair) return at;
  return at - 1 > start ? at - 1 : at + 1;
}
