import snowball from "snowball-stemmers";
import type { TermCounts } from "./chunk-store.ts";
import { murmur3 } from "./murmur3.ts";
import { stopWords } from "./stop-words.ts";

// The analyzer of Qdrant's `qdrant/bm25` model, so that counts made here are its sparse vectors:
// split at what is neither letter nor digit, lower case, stop words, Porter2, murmur3.
// Equal on every recorded text; test/rag/analyzer.test.ts keeps it so.

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
const unknown = 0;
const inWord = 1;
const between = 2;
/** What each UTF-16 unit is; filled as units are met, ASCII at once. */
const unitKinds = new Uint8Array(65_536);
for (let unit = 0; unit < 128; unit++) {
  unitKinds[unit] = wordCharacter.test(String.fromCharCode(unit)) ? inWord : between;
}

/** A text's terms with their counts, for the index and for queries alike. */
export function analyze(text: string): TermCounts {
  return countTerms(termsOf(text));
}

/** A query's terms: each of its distinct ids, counted. BM25 gives every one the same weight, however often it stands there. */
export function analyzeQuery(text: string): TermCounts {
  return analyze(text);
}

/** The ids of a text's terms in reading order, repetitions kept, stop words left out. */
export function termsOf(text: string): number[] {
  const terms: number[] = [];
  const length = text.length;
  let at = 0;
  while (at < length) {
    while (at < length) {
      const width = wordWidth(text, at);
      if (width > 0) break;
      at++;
    }
    const start = at;
    let hash = 0;
    while (at < length) {
      const width = wordWidth(text, at);
      if (width === 0) break;
      hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
      at += width;
    }
    if (at > start) {
      const id = termIdAt(text, start, at, hash);
      if (id !== stopped) terms.push(id);
    }
  }
  return terms;
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

/** UTF-16 units (1 or 2) of the word character at `at`; 0 where there is none. */
function wordWidth(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  const kind = unitKinds[unit];
  if (kind === inWord) return 1;
  if (kind === between) return 0;
  if (unit >= 0xd800 && unit < 0xdc00) {
    const code = text.codePointAt(at) as number;
    return code > 0xffff && wordCharacter.test(String.fromCodePoint(code)) ? 2 : 0;
  }
  if (kind === unknown) unitKinds[unit] = wordCharacter.test(String.fromCharCode(unit)) ? inWord : between;
  return unitKinds[unit] === inWord ? 1 : 0;
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
