import { stopWordLists } from "./stop-word-lists.ts";
import { bareContractions, stopWords } from "./stop-words.ts";

/** As the analyzer parts them. */
const wordRun = /[\p{Alphabetic}\p{N}]+/gu;
/** One by itself may be a word of English: "die casting". */
const leastFound = 2;

const otherLanguages: readonly ReadonlySet<string>[] = Object.values(stopWordLists).map(
  ({ snowball, asking }) => new Set(`${snowball} ${asking}`.trim().split(" ")),
);

/**
 * A question without the stop words of its language, where that is another than English, whose own the analyzer leaves out.
 * Its language is the one of which it has the most stop words, two at least, and more than of English; where several have
 * as many, all of these. So no question in English loses a word by it.
 */
export function withoutOtherStopWords(question: string): string {
  const words = [...new Set(question.toLowerCase().match(wordRun))];
  const countOf = (list: ReadonlySet<string>) => words.filter((word) => list.has(word)).length;
  const counts = otherLanguages.map(countOf);
  const most = Math.max(...counts);
  if (most < leastFound || most <= countOf(stopWords)) return question;
  const left = otherLanguages.filter((_list, at) => counts[at] === most);
  return question.replace(wordRun, (word) =>
    left.some((list) => list.has(word.toLowerCase())) ? " " : word,
  );
}

/** A question without "whats" and "doesnt". */
export function withoutBareContractions(question: string): string {
  return question.replace(wordRun, (word) => (bareContractions.has(word.toLowerCase()) ? " " : word));
}
