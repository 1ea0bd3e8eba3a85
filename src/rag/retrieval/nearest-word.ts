import { termsOf } from "../text/analyzer.ts";
import type { Doubt } from "./asked-words.ts";
import type { PageWords } from "./page-words.ts";
import { oneSlipFrom, slipsBetween } from "./slips.ts";

/** What a word is looked for as, in small letters. */
interface Sought {
  readonly text: string;
  readonly doubt: Extract<Doubt, { kind: "slips" }>;
}

interface Candidate {
  readonly text: string;
  readonly passages: number;
}

/** A shorter word has other words' forms too near, */
const leastLettersOfForms = 6;
/** and with a whole index to choose from, words. */
const leastLettersBeyond = 7;
/** Scripts of more letters write syllables or words with one, and no slip of a key makes another of it. */
const mostLettersOfScript = 200;
/** Of what is found in the index and on no page that was read, these must stay: with them goes a word's form, "geograph" of "geography". */
const keptAtEnd = 2;
const endings = ["", "s", "d", "ed", "ing"];

/** The word of the passages that is fewest slips away, in as many of them as can be: as it stands there, else in another form. */
export function nearestWord(sought: Sought, pages: PageWords): string | undefined {
  const { most, isName } = sought.doubt;
  const once = wordAt(1, sought, pages);
  if (isName) return once && pages.words.get(once)?.name;
  if (once !== undefined) return once;
  return formOf(sought, pages) ?? (most > 1 ? wordAt(2, sought, pages) : undefined);
}

/**
 * The word that is one slip away and whose term the index has, where there is but one.
 * @param lookUp Which of some terms the index has.
 */
export async function nearestBeyond(
  { text, doubt }: Sought,
  alphabet: Iterable<string>,
  lookUp: (terms: readonly number[]) => Promise<ReadonlySet<number>>,
): Promise<string | undefined> {
  if (doubt.isName || text.length < leastLettersBeyond) return undefined;
  const letters = [...alphabet].filter((letter) => hasCase(letter) === hasCase(text));
  if (letters.length > mostLettersOfScript) return undefined;
  const near = [...oneSlipFrom(text, letters)].flatMap((word) => {
    const [term] = termsOf(word);
    const isFit = keepsLetters(text, word) && word.endsWith(text.slice(-keptAtEnd));
    return term !== undefined && isFit ? [{ word, term }] : [];
  });
  const known = await lookUp([...new Set(near.map(({ term }) => term))]);
  return known.size === 1 ? near.find(({ term }) => known.has(term))?.word : undefined;
}

function wordAt(slips: number, { text, doubt }: Sought, { words }: PageWords): string | undefined {
  const candidates: Candidate[] = [];
  for (const [word, { passages, name }] of words) {
    if (!beginsAlike(text, word) || !/^\p{L}+$/u.test(word)) continue;
    // A name is not misspelt by its ending: German is no slip of Germany.
    if (doubt.isName && (name === undefined || word.startsWith(text) || text.startsWith(word))) continue;
    if (slipsBetween(text, word, slips) === slips) candidates.push({ text: word, passages });
  }
  return best(text, doubt, candidates);
}

/** A word of the passages in a form that does not stand there: "handle" where they have "handling". */
function formOf({ text, doubt }: Sought, { words }: PageWords): string | undefined {
  if (text.length < leastLettersOfForms) return undefined;
  const candidates: Candidate[] = [];
  for (const [word, { passages }] of words) {
    if (!beginsAlike(text, word)) continue;
    for (const form of formsOf(word)) {
      if (slipsBetween(text, form, 1) === 1 && isSameTerm(form, word))
        candidates.push({ text: form, passages });
    }
  }
  return best(text, doubt, candidates);
}

function formsOf(word: string): string[] {
  return endings
    .filter((ending) => word.endsWith(ending))
    .map((ending) => word.slice(0, word.length - ending.length))
    .flatMap((base) => [...endings.map((ending) => base + ending), `${base}e`]);
}

function isSameTerm(one: string, other: string): boolean {
  const [term] = termsOf(one);
  return term !== undefined && term === termsOf(other)[0];
}

/** In the most passages; letters put in, left out or changed about before others in their place, which make more words. */
function best(
  text: string,
  { isRetyped }: Sought["doubt"],
  candidates: readonly Candidate[],
): string | undefined {
  const inMost = (some: readonly Candidate[]) =>
    some.reduce<Candidate | undefined>(
      (first, next) => (next.passages > (first?.passages ?? 0) ? next : first),
      undefined,
    );
  const kept = candidates.filter((candidate) => keepsLetters(text, candidate.text));
  return (inMost(kept) ?? (isRetyped ? inMost(candidates) : undefined))?.text;
}

/** Whether two words are of other lengths, or of the same letters. */
function keepsLetters(one: string, other: string): boolean {
  return one.length !== other.length || one.split("").sort().join("") === other.split("").sort().join("");
}

/** The first letter is rarely wrong; it changes places with the second at most. */
function beginsAlike(one: string, other: string): boolean {
  return one[0] === other[0] || (one[0] === other[1] && one[1] === other[0]);
}

/** As Latin, Greek and Cyrillic letters have. */
function hasCase(text: string): boolean {
  return text !== text.toUpperCase();
}
