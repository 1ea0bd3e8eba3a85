import { termsOf } from "../text/analyzer.ts";
import { bareContractions } from "../text/stop-words.ts";

/**
 * How far a word may be off: not at all; a little word with two letters changed about; by one slip of the keys or two.
 * `isName`: it is one as far as its capitals tell; `isRetyped`: another letter in place of one is among the slips.
 */
export type Doubt =
  | { readonly kind: "none" }
  | { readonly kind: "little" }
  | {
      readonly kind: "slips";
      readonly most: 1 | 2;
      readonly isName: boolean;
      readonly isRetyped: boolean;
    };

/** A word of a question, and where it stands. */
export interface AskedWord {
  /** In small letters. */
  readonly text: string;
  /** Half-open range of the question. */
  readonly start: number;
  readonly end: number;
  /** What it is found by; undefined for a stop word. */
  readonly term: number | undefined;
  readonly doubt: Doubt;
}

/** Two words beside one another that may be one: "keep alive", "thread-safe", "log in". */
export interface AskedPair {
  readonly first: AskedWord;
  readonly second: AskedWord;
  readonly joined: string;
  readonly term: number;
}

/** A word of fewer letters is one slip away from too many others, */
const leastLetters = 5;
/** a name of fewer when any letter may stand for any other, */
const lettersForRetypedName = 6;
/** and one with capitals inside all the more. */
const leastLettersOfMixed = 8;
/** From here on a second slip is likely, and hardly another word near. */
const lettersForTwo = 8;
/** Longer ones are no words that somebody typed. */
const mostLetters = 32;
/** A first half of fewer letters makes some word with whatever follows. */
const leastLettersOfHalf = 3;

/** Digits, marks of code, the dash of an option. */
const code = /[\p{N}_./\\:<>=@#$%&{}[\]|+*~^]|\(\)|^-/u;
const outerMarks = /^[("'“‘«]+|[)"'”’»,;:.?!]+$/gu;
/** What is quoted is meant to the letter. */
const quoted = /"[^"]*"|“[^”]*”|`[^`]*`|«[^»]*»/gu;
const sentenceStart = /(?:^|[.?!:]\s)[\s("'“‘«]*$/u;
const joint = /^[ -]$/u;

/** The words of a question, as the analyzer parts them. */
export function askedWords(question: string): AskedWord[] {
  const literal = [...question.matchAll(quoted)].map(({ index, 0: { length } }) => [index, index + length]);
  return [...question.matchAll(/\S+/gu)].flatMap(({ index: offset, 0: token }) => {
    const isCode = code.test(token.replace(outerMarks, ""));
    return [...token.matchAll(/[\p{L}\p{M}\p{N}]+/gu)].map(({ index, 0: word }): AskedWord => {
      const [start, end] = [offset + index, offset + index + word.length];
      const isLiteral = isCode || literal.some(([from = 0, to = 0]) => start >= from && end <= to);
      // Several terms are the letters of a script without spaces.
      const [term, ...others] = bareContractions.has(word.toLowerCase()) ? [] : termsOf(word);
      const isWord = term !== undefined && others.length === 0 && !isLiteral && /^\p{L}+$/u.test(word);
      const doubt = isWord ? doubtOf(word, sentenceStart.test(question.slice(0, start))) : sure;
      return { text: word.toLowerCase(), start, end, term: others.length === 0 ? term : undefined, doubt };
    });
  });
}

/** Words that may be one with the next. */
export function askedPairs(question: string, words: readonly AskedWord[]): AskedPair[] {
  return words.slice(1).flatMap((second, at) => {
    const first = words[at];
    if (!first || first.term === undefined || first.text.length < leastLettersOfHalf) return [];
    if (!joint.test(question.slice(first.end, second.start))) return [];
    const joined = first.text + second.text;
    const [term, ...others] = termsOf(joined);
    return term !== undefined && others.length === 0 && /^\p{L}+$/u.test(joined)
      ? [{ first, second, joined, term }]
      : [];
  });
}

const sure: Doubt = { kind: "none" };

function doubtOf(word: string, startsSentence: boolean): Doubt {
  const { length } = word;
  if (length > mostLetters) return sure;
  const isMixed = /\p{Ll}.*\p{Lu}|\p{Lu}{2}.*\p{Ll}/u.test(word);
  const isName = isMixed || /.\p{Lu}/u.test(word) || (/^\p{Lu}/u.test(word) && !startsSentence);
  if (length < (isMixed ? leastLettersOfMixed : leastLetters)) return isName ? sure : { kind: "little" };
  return {
    kind: "slips",
    most: !isName && length >= lettersForTwo ? 2 : 1,
    isName,
    isRetyped: !isName || length >= lettersForRetypedName,
  };
}
