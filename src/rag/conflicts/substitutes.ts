import { termsOf } from "../text/analyzer.ts";
import { impliedTerms } from "./asked.ts";
import { noModifier } from "./scope.ts";
import { withPlainVerbs } from "./verb-forms.ts";

const words = /[\p{L}\p{N}]+/gu;
const verbAfter = /^\s(?:is|are|was|were|has|have|had|can|may|must|will)\b/u;
const prepositionBefore = /\b(?:of|for|in|on|with|by|to|at|from)\s(?:(?:the|an?|its)\s)?$/iu;
/** What stands in a phrase without naming anything. */
const noNoun =
  /^(?:the|a|an|its|his|her|their|our|your|my|this|that|these|those|of|for|in|on|with|by|to|at|from|and|or|but|is|are|was|were|be|been|has|have|had|do|does|did|not|no|all|some|any|each|every|one|than|as|it|he|she|we|you|they|who|which|now|then|still|also|there|here|so|into|over|up|down|off|out|about|through|during|after|before|until|since|when|where|while|if)$/iu;

/** Letters of a word that may be the second half of another. */
const leastTail = 4;

interface Word {
  readonly text: string;
  readonly term: number | undefined;
  readonly start: number;
  readonly end: number;
}

/**
 * Whether a sentence names another thing in the place of one that the question names: "admin endpoint" where the
 * "metrics endpoint" is asked for.
 * @param isTelling Whether a term of the question tells what is asked.
 * @param held The terms of the sentence and its headings.
 */
export function substitutes(
  question: string,
  quote: string,
  isTelling: (term: number) => boolean,
  held: ReadonlySet<number>,
): boolean {
  const asked = wordsOf(question);
  const said = wordsOf(quote);
  const askedTerms = new Set(asked.map(({ term }) => term));
  const isOther = ({ text, term }: Word): boolean =>
    term !== undefined &&
    !askedTerms.has(term) &&
    !impliedTerms.has(term) &&
    !noNoun.test(text) &&
    !/^\p{N}+$/u.test(text);
  // "The railway bridge" where a footbridge is asked for.
  const isOtherCompound = ({ text, term }: Word): boolean =>
    term !== undefined &&
    isTelling(term) &&
    !held.has(term) &&
    said.some(
      (word, at) =>
        word.text.length >= leastTail &&
        text.length > word.text.length + 1 &&
        text.toLowerCase().endsWith(word.text.toLowerCase()) &&
        areAdjacent(withPlainVerbs(quote), said[at - 1] ?? word, word) &&
        isOther(said[at - 1] ?? word),
    );
  return asked.some((first, index) => {
    if (isOtherCompound(first)) return true;
    const second = asked[index + 1];
    if (!second || !areAdjacent(withPlainVerbs(question), first, second)) return false;
    const [one, two] = [first.term, second.term];
    if (one === undefined || two === undefined) return false;
    return said.some((word, at) => {
      const [before, behind] = [said[at - 1], said[at + 1]];
      if (
        word.term === two &&
        isTelling(one) &&
        !held.has(one) &&
        before &&
        areAdjacent(withPlainVerbs(quote), before, word)
      )
        return isOther(before) && (before.text.endsWith("ing") || !noModifier.test(before.text));
      if (
        word.term === one &&
        isTelling(two) &&
        !held.has(two) &&
        behind &&
        areAdjacent(withPlainVerbs(quote), word, behind)
      )
        return isOther(behind) && isNounBehind(withPlainVerbs(quote), word, behind);
      return false;
    });
  });
}

function isNounBehind(text: string, { start }: Word, behind: Word): boolean {
  if (!noModifier.test(behind.text))
    return verbAfter.test(text.slice(behind.end)) || prepositionBefore.test(text.slice(0, start));
  return (
    behind.text.endsWith("s") &&
    verbAfter.test(text.slice(behind.end)) &&
    prepositionBefore.test(text.slice(0, start))
  );
}

function wordsOf(text: string): Word[] {
  return [...withPlainVerbs(text).matchAll(words)].map(({ 0: word, index }) => ({
    text: word,
    term: termsOf(word)[0],
    start: index,
    end: index + word.length,
  }));
}

function areAdjacent(text: string, one: Word, other: Word): boolean {
  return /^[ -]$/u.test(text.slice(one.end, other.start));
}
