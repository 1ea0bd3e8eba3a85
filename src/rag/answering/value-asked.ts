const year = /\b(?:what|which) year\b|\bwhen (?:was|were|did)\b/iu;
const amount =
  /\bhow (?:many|much|long|far|old|often|tall|high|big|large|deep|fast|heavy|wide)\b|\b(?:what|which) (?:number|percentage|share|size|fee|price|port|ratio|rate|cost|interest)\b|\bwhat (?:is|are|does) .{0,40}\b(?:number|percentage|size|fee|price|port|ratio|cost)\b/iu;
const person = /^\s*who\b|\bwhose\b/iu;

const yearOrVersion = /\b(?:1[5-9]|20)\d\d\b|\b\d+\.\d+/gu;
const yearAlone = /\b(?:1[5-9]|20)\d\d\b/gu;
const digits = /\d[\d.,]*/gu;
const numberWord =
  /\b(?:zero|no|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|millions?|half|once|twice|unlimited|unbounded|none|never)\b/iu;
/** A capital that no sentence begins with. */
const nameInside = /(?<![.!?]\s|^)(?<!\p{L})\p{Lu}[\p{L}\p{N}_’'.-]*/gu;

/**
 * Whether a question asks for a year, an amount or a person and a quote names none that the question does not name itself:
 * a quote on the subject that leaves the fact out.
 */
export function lacksValue(question: string, quote: string): boolean {
  const said = new Set(wordsOf(question));
  const holdsNew = (pattern: RegExp) =>
    [...quote.matchAll(pattern)].some(([match]) => !said.has(bare(match)));
  if (year.test(question)) return !holdsNew(/\byear\b/iu.test(question) ? yearAlone : yearOrVersion);
  if (amount.test(question)) return !holdsNew(digits) && !numberWord.test(quote);
  if (person.test(question)) return !holdsNew(nameInside);
  return false;
}

/** How many of the question's words with a digit, as in "Python 3.14", stand in none of the texts to the letter. */
export function missingNumbers(question: string, texts: readonly string[]): number {
  const found = texts.map((text) => text.toLowerCase());
  return wordsOf(question).filter((word) => /\d/u.test(word) && !found.some((text) => text.includes(word)))
    .length;
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/u).map(bare);
}

function bare(word: string): string {
  return word.toLowerCase().replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
}
