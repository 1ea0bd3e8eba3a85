import snowball from "snowball-stemmers";
import type { TermCounts } from "../chunk-store.ts";
import { murmur3 } from "./murmur3.ts";
import { withoutBareContractions, withoutOtherStopWords } from "./question-stop-words.ts";
import { ideographicLetter, unspacedAlphabetLetter } from "./scripts.ts";
import { stopWords } from "./stop-words.ts";

// The analyzer of Qdrant's `qdrant/bm25` model, so that counts made here are its sparse vectors:
// split at what is neither letter nor digit, lower case, stop words, Porter2, murmur3.
// Equal on every recorded text; test/rag/analyzer.test.ts keeps it so. Scripts without spaces between words are the one
// difference: there a word to Qdrant is all that stands between two commas, and here every two or three letters that
// follow one another are a term, as in Lucene's CJKAnalyzer (docs/decisions/0007).

/** Places for remembered words, a power of two; a site's own vocabulary is some ten thousand. */
const rememberedWords = 131_072;
/** Longer runs (encoded data) are neither remembered nor stemmed; Porter2 changes word ends of real words only. */
const longestWord = 100;
/** Counts are kept in 16 bits. */
const highestCount = 65_535;
/** No id: the absolute value of 32 bits is at most 2^31. */
const stopped = 0xffff_ffff;

const stemmer = snowball.newStemmer("english");
// A pure function's results: word as written to term id, or `stopped`. By its hash a word has two places, of which the newest
// words to fall there keep one each. So a word is found without cutting it out of its text, and no page can make this slow
// or large.
const words: string[] = Array.from({ length: rememberedWords }, () => "");
const ids = new Uint32Array(rememberedWords);

const wordCharacter = /[\p{Alphabetic}\p{N}]/u;
const letterOfPairs = new RegExp(ideographicLetter, "v");
const letterOfTriples = new RegExp(unspacedAlphabetLetter, "v");
const unknown = 0;
const inWord = 1;
/** The number of letters that make a term is the kind's own. */
const inPairs = 2;
const inTriples = 3;
const between = 4;
type UnitKind = typeof unknown | typeof inWord | typeof inPairs | typeof inTriples | typeof between;
/** What each UTF-16 unit is; filled as units are met, ASCII at once. */
const unitKinds = new Uint8Array(65_536);
for (let unit = 0; unit < 128; unit++) {
  unitKinds[unit] = wordCharacter.test(String.fromCharCode(unit)) ? inWord : between;
}

/** A text's terms with their counts, for the index and for queries alike. */
export function analyze(text: string): TermCounts {
  return countTerms(termsOf(text));
}

/**
 * A query's terms: each of its distinct ids, counted. BM25 gives every one the same weight, however often it stands there.
 * In another language than English it has no terms for that language's stop words, which texts have: an index holds
 * pages in many languages under the same rules, and only of a question it matters what is left out.
 */
export function analyzeQuery(text: string): TermCounts {
  return analyze(withoutBareContractions(withoutOtherStopWords(text)));
}

/** The ids of a text's terms in reading order, repetitions kept, stop words left out. */
export function termsOf(text: string): number[] {
  const terms: number[] = [];
  const length = text.length;
  let at = 0;
  while (at < length) {
    const kind = kindAt(text, at);
    const start = at;
    if (kind === between) at++;
    else if (kind !== inWord) at = addGrams(text, start, kind, terms);
    else {
      let hash = 0;
      while (at < length && kindAt(text, at) === inWord) {
        hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
        at += widthAt(text, at);
      }
      const id = termIdAt(text, start, at, hash);
      if (id !== stopped) terms.push(id);
    }
  }
  return terms;
}

/**
 * Every `size` letters that follow one another from `start`, or all of them where they are fewer.
 * @returns Where letters of this kind end.
 */
function addGrams(text: string, start: number, size: number, terms: number[]): number {
  /** Where the last `size` letters begin. */
  const starts: number[] = [];
  let at = start;
  while (at < text.length && kindAt(text, at) === size) {
    if (starts.length === size) starts.shift();
    starts.push(at);
    at += widthAt(text, at);
    if (starts.length === size) terms.push(gramIdAt(text, starts[0] as number, at));
  }
  if (starts.length < size) terms.push(gramIdAt(text, start, at));
  return at;
}

function gramIdAt(text: string, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return termIdAt(text, start, end, hash);
}

/** Counts ids given in any order. */
export function countTerms(terms: readonly number[]): TermCounts {
  const sorted = Uint32Array.from(terms).sort();
  const ids = new Uint32Array(sorted.length);
  const counts = new Uint16Array(sorted.length);
  let distinct = 0;
  for (let at = 0; at < sorted.length;) {
    const id = sorted[at] as number;
    const start = at;
    while (at < sorted.length && sorted[at] === id) at++;
    ids[distinct] = id;
    counts[distinct++] = Math.min(at - start, highestCount);
  }
  return { ids: ids.slice(0, distinct), counts: counts.slice(0, distinct), length: sorted.length };
}

/** What the character at `at` is; half of a pair by itself is no letter. */
function kindAt(text: string, at: number): UnitKind {
  const unit = text.charCodeAt(at);
  const kind = unitKinds[unit] as UnitKind;
  if (kind !== unknown) return kind;
  if (unit >= 0xd800 && unit < 0xdc00) {
    const code = text.codePointAt(at) as number;
    return code > 0xffff ? kindOf(String.fromCodePoint(code)) : between;
  }
  return (unitKinds[unit] = kindOf(String.fromCharCode(unit)));
}

/** UTF-16 units of the letter or digit at `at`: 2 for a pair. */
function widthAt(text: string, at: number): 1 | 2 {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800 ? 2 : 1;
}

function kindOf(character: string): UnitKind {
  if (letterOfPairs.test(character)) return inPairs;
  if (letterOfTriples.test(character)) return inTriples;
  return wordCharacter.test(character) ? inWord : between;
}

function termIdAt(text: string, start: number, end: number, hash: number): number {
  const place = (hash ^ (hash >>> 15)) & (rememberedWords - 2);
  for (let at = place; at < place + 2; at++) {
    const held = words[at] as string;
    if (held.length === end - start && text.startsWith(held, start)) return ids[at] as number;
  }
  const word = text.slice(start, end);
  const id = termId(word);
  if (word.length <= longestWord) {
    words[place + 1] = words[place] as string;
    ids[place + 1] = ids[place] as number;
    words[place] = flat(word);
    ids[place] = id;
  }
  return id;
}

function termId(word: string): number {
  const lower = word.toLowerCase();
  if (word.length > longestWord) return idOf(lower);
  return stopWords.has(lower) ? stopped : idOf(stemmer.stem(lower));
}

/** The id is the absolute value of the hash read as a signed number. */
function idOf(term: string): number {
  return Math.abs(murmur3(term) | 0);
}

/** A copy that does not keep the page it was cut from in memory, as V8's sliced strings do (13 units and longer). */
function flat(word: string): string {
  return word.length < 13 ? word : Buffer.from(word, "utf16le").toString("utf16le");
}
