import { termsOf } from "../text/analyzer.ts";
import { codeIn, literalsAgree, settingsIn } from "./literals.ts";
import type { DateSpan, Quantity, Value } from "./evidence.ts";
import { namesAgree, namesCompare, namesIn } from "./names.ts";
import { withPlainWords } from "./plain-words.ts";
import { quantitiesAgree, quantitiesCompare, quantitiesIn } from "./quantities.ts";
import type { Question } from "./question.ts";
import { clockTimesIn, datesAgree, datesIn, frequenciesIn } from "./times.ts";
import { versionsAgree, versionsIn } from "./versions.ts";
import { wordsIn } from "./words.ts";

/** The values of a sentence that could answer, of the kind that the question asks for. */
export function valuesIn(text: string, question: Question): Value[] {
  return question.kinds
    .flatMap((kind) => readers[kind](text, question))
    .filter((value) => {
      const before = text.slice(0, value.start);
      return (
        isInPlace(value, before, text.slice(value.end), question) &&
        !isOfOther(value, before, text.slice(value.end), question) &&
        !denied.test(value.kind === "date" ? before.replace(/\bfrom\s$/iu, "") : before) &&
        !holdsWord(question.text, value.shown)
      );
    });
}

const readers: Readonly<Record<Value["kind"], (text: string, question: Question) => readonly Value[]>> = {
  quantity: (text, question) => {
    const often = /\bhow often\b/iu.test(question.text) ? frequenciesIn(text) : [];
    if (often.length > 0) return often;
    const dates = datesIn(text);
    return [...quantitiesIn(text), ...clockTimesIn(text)]
      .filter((value) => value.dimension !== "" || !isWithin(dates, value))
      .map((value) => asAsked(value, text, question))
      .filter((value) => isAskedQuantity(value, question));
  },
  date: (text) => datesIn(text),
  version: (text) => versionsIn(text),
  word: (text, question) => {
    const dates = datesIn(text);
    return wordsIn(text, question.text).filter((value) => !isWithin(dates, value));
  },
  // "Year: 1788": a label names nobody.
  name: (text) => namesIn(text).filter(({ end }) => text.charAt(end) !== ":"),
  literal: (text, question) => (asksForDefault(question) ? settingsIn(text) : codeIn(text)),
  verdict: () => [],
};

/** Whether two values can both be true of one thing: rounding, ranges and shorter ways of writing are no difference. */
export function agree(one: Value, other: Value): boolean {
  if (one.kind === "quantity" && other.kind === "quantity") return quantitiesAgree(one, other);
  if (one.kind === "date" && other.kind === "date") return datesAgree(one, other);
  if (one.kind === "version" && other.kind === "version") return versionsAgree(one, other);
  if (one.kind === "name" && other.kind === "name") return namesAgree(one, other);
  if (one.kind === "literal" && other.kind === "literal") return literalsAgree(one, other);
  if (one.kind === "word" && other.kind === "word") return one.word === other.word;
  return one.kind === "verdict" && other.kind === "verdict" && one.isYes === other.isYes;
}

/** Whether two values are of one kind and dimension: a rate says nothing about an amount. */
export function areComparable(one: Value, other: Value): boolean {
  if (one.kind === "quantity" && other.kind === "quantity") return quantitiesCompare(one, other);
  if (one.kind === "name" && other.kind === "name") return namesCompare(one, other);
  if (one.kind === "word" && other.kind === "word") return one.class === other.class;
  return one.kind === other.kind;
}

const asksForDefault = ({ text }: Question): boolean => /\bdefaults?\b/iu.test(text);
const asksForLimit =
  /\b(?:max\w*|min\w*|limits?|can|may|must|allowed|at most|up to|at least|needs?|required?)\b/iu;

/** A quantity in the terms of the question: a limit as what it says, an age in years, the noun it counts by the question's own. */
function asAsked(value: Quantity, text: string, question: Question): Quantity {
  const { counted } = question;
  const isLimit = asksForDefault(question) || asksForLimit.test(question.text);
  const low = isLimit && value.low === -Infinity ? value.high : value.low;
  const high = isLimit && value.high === Infinity ? value.low : value.high;
  const exact = { ...value, low, high };
  if (value.dimension !== "") return exact;
  const behind = text.slice(value.end);
  if (
    /\b(?:how old|ages?)\b/iu.test(question.text) &&
    !/^\s(?!or\b|and\b|to\b|in\b|at\b|on\b|is\b|may\b|can\b)[\p{L}-]{3,}/u.test(behind)
  )
    return { ...exact, dimension: "time", low: low * year, high: high * year };
  if (counted.size === 0) return exact;
  const terms = termsOf(/^\s([\p{L}-]{3,})/u.exec(behind)?.[1] ?? "");
  const isAsked = terms.some((term) => counted.has(term));
  return { ...exact, counted: isAsked ? [...counted][0] : (terms.at(-1) ?? value.counted) };
}

const year = 31_556_952;

function isAskedQuantity({ dimension, counted }: Quantity, question: Question): boolean {
  if (!question.isOfDimension(dimension)) return false;
  if (dimension !== "" || counted === undefined) return true;
  // "Thirteen stops" is no length.
  const isOfTime = question.isOfDimension("time") && !question.isOfDimension("bytes");
  return !isOfTime && (question.counted.size === 0 || question.counted.has(counted));
}

function isWithin(dates: readonly DateSpan[], { start, end }: Value): boolean {
  return dates.some((date) => date.start < end && start < date.end);
}

/** Before a value that is the default, and behind one. */
const beforeDefault =
  /\bdefaults?\b(?:[\s`'"()]+(?!but\b|and\b|or\b|if\b)[\w.-]+){0,6}?[\s`'"]*(?:\b(?:is|are|was|of|to|be)\b|[:=])\s*(?:(?:set (?:to|at)|about|an?|the|port|the value|up to|at most)\s+)*[`"'(“]?$|\bdefault[:=]?\s*[`"'(“]?$|\bby default,?\s[^.;]*\b(?:is|are|to|at|on|of|uses?|port|after|for|up to|every|waits?|keeps|has|most)\s+[`"'(“]?$/iu;
const behindDefault =
  /^[`"')”]?\s*(?:[\p{L}-]+\s){0,3}?,?\s?\(?(?:by default|as (?:the|a|its) default|is the default|the default\b|default\))/iu;
const beforeName =
  /(?:\b(?:is|are|was|were|by|in|at|near|from|of|to|as|called|named)\s+(?:(?:the|an?|its)\s+)?(?:\p{Ll}+\s+){0,2}(?:of\s+)?|[:–—-]\s|,?\s(?:and|&)\s)$/u;
const behindName = /^,\s(?:the|its|an?)\s\p{Ll}|^\sas\s(?:the|its|their|his|her|an?)\b/u;

/** Whether a value stands where a default or a name that is an answer is given. */
function isInPlace(value: Value, before: string, behind: string, question: Question): boolean {
  if (value.kind === "name") {
    const next = /^\s+(\p{Ll}+)/u.exec(behind)?.[1] ?? "";
    const noun = /\b(\p{Ll}+)\s$/u.exec(before)?.[1] ?? "";
    const isOfAsked = sharesTerm(noun, question) || sharesTerm(next, question);
    const begins = /^(?:the\s)?$/iu.test(before);
    return (
      beforeName.test(before) ||
      behindName.test(behind) ||
      (/,\s$/u.test(before) && behind.startsWith(",")) ||
      isOfAsked ||
      (begins && value.words.length > 1)
    );
  }
  if (!asksForDefault(question) || /\bports?\b/u.test(question.text)) return true;
  return beforeDefault.test(before) || behindDefault.test(behind);
}

/** What is said not to be the value, or no more. */
const denied =
  /\b(?:not|n['’]t|rather than|instead of|unlike|from|formerly|previously|no longer|never|than the usual|replac(?:es|ing))\s+(?:(?:be|on|in|by|the|port|version|default|a|an)\s+)*[`"'(“]?$/iu;
/** "Closed in 1999" is when it closed. */
const happened =
  /\b(\p{L}+ed|born|died|built|sold|won|made|began|begun|left)\s(?:again\s)?(?:in|on|since|by|from)\s$/iu;
/** Lengths that are not each other. */
const measures =
  "long length|wide width|tall high height elevation altitude above|deep depth below beneath under|thick thickness|diameter across|far distance away"
    .split("|")
    .map((words) => new RegExp(`\\b(?:${words.replaceAll(" ", "|")})\\b`, "iu"));

/** Whether the words next to a value give it to something else than what is asked. */
function isOfOther(value: Value, before: string, behind: string, question: Question): boolean {
  const verb = value.kind === "date" ? (happened.exec(before)?.[1] ?? "") : "";
  if (verb !== "" && !sharesTerm(verb, question)) return true;
  const label = /(\p{L}+)(?:\s(?:of|is|was)|:)\s(?:about\s|around\s|over\s)?$/iu.exec(before)?.[1] ?? "";
  const near = `${label} ${/^\s(?:in\s)?(\p{L}+)/u.exec(behind)?.[1] ?? ""}`;
  const asked = measures.findIndex((words) => words.test(question.text));
  const said = measures.findIndex((words) => words.test(near));
  return value.kind === "quantity" && asked >= 0 && said >= 0 && asked !== said;
}

function sharesTerm(words: string, { text }: Question): boolean {
  const asked = new Set(termsOf(withPlainWords(text)));
  return termsOf(withPlainWords(words)).some((term) => asked.has(term));
}

function holdsWord(text: string, word: string): boolean {
  const lower = ` ${text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ")} `;
  return lower.includes(
    ` ${word
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, " ")
      .trim()} `,
  );
}
