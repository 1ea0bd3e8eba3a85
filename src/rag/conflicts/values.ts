import { termsOf } from "../text/analyzer.ts";
import type { Asked } from "./asked.ts";
import { clockTimesIn } from "./clock-times.ts";
import { frequenciesIn } from "./frequencies.ts";
import { datesAgree, datesIn } from "./dates.ts";
import type { Quantity, Value } from "./evidence.ts";
import { codeIn, literalsAgree, settingsIn } from "./literals.ts";
import { namesAgree, namesCompare, namesIn } from "./names.ts";
import { quantitiesAgree, quantitiesCompare, quantitiesIn } from "./quantities.ts";
import { unitOf } from "./units.ts";
import { withPlainVerbs } from "./verb-forms.ts";
import { wordsIn } from "./word-classes.ts";
import { versionsAgree, versionsIn } from "./versions.ts";

/** Before a value that is the default, and behind one. */
const beforeDefault =
  /\bdefaults?\b(?:[\s`'"()]+(?!but\b|and\b|or\b|if\b)[\w.-]+){0,6}?[\s`'"]*(?:\b(?:is|are|was|of|to|be)\b|[:=])\s*(?:(?:set (?:to|at)|about|approximately|around|an?|the|port|the value|up to|at most)\s+)*[`"'(“]?$|\bdefault[:=]?\s*[`"'(“]?$|\bby default,?\s[^.;]*\b(?:is|are|to|at|on|of|uses?|port|after|for|up to|every|waits|wait|keeps|has|most)\s+[`"'(“]?$/iu;
const behindDefault =
  /^[`"')”]?\s*(?:[\p{L}-]+\s){0,3}?,?\s?\(?(?:by default|as (?:the|a|its) default|is the default|the default\b|default\))/iu;
const nearPort = /\bports?\s(?:numbers?\s)?(?:(?:is|of|to|at|=|:)\s?)?(?:set to\s)?[`"'(“]?$/iu;
const behindPort = /^[`"')”]?\s(?:as|is) (?:the|its|a) (?:\w+ )?port\b/iu;
const nearLimit =
  /\b\p{L}+er than\s$|\b(?:max\w*|min\w*|limit\w*|at (?:most|least)|up to|(?:no )?(?:more|less|fewer) than|exceed\w*|(?:long|large|high|short|small|low|tall|deep)est|capacity|most)\b[^.;]{0,60}$/iu;
const behindLimit = /^\s*(?:[\p{L}-]+\s){0,3}(?:at most|max\w*|min\w*|or (?:more|less|fewer))\b/iu;
const nearName =
  /(?:\b(?:is|are|was|were|by|in|at|near|from|of|to|as|called|named)\s+(?:(?:the|an?|its)\s+)?(?:\p{Ll}+\s+){0,2}(?:of\s+)?|[:–—-]\s|,?\s(?:and|&)\s)$/u;
const nearAgent =
  /(?:\b(?:is|are|was|were|by|called|named|(?:work|hands?|property|idea) of|(?:belong(?:s|ed)?|owed) to|under)\s+(?:(?:the|an?|its)\s+)?(?:\p{Ll}+\s+){0,2}(?:of\s+)?|[:–—-]\s|,?\s(?:and|&)\s)$/u;
/** What is said not to be the value, or no more. */
const denied =
  /\b(?:not|n['’]t|rather than|instead of|unlike|from|formerly|previously|no longer|(?:not|never) (?:be|on|in|by)|than the usual|replac(?:es|ing))\s+(?:(?:the|port|version|default|a|an|by|in|on)\s+)*[`"'(“]?$/iu;

/** Code beside other code that does: no contradiction. */
const alternative =
  /\b(?:also|alternatively|another|or|like|similar|instead|such as|either|both|equivalent)\b/iu;
/** Says since when something else holds. */
const changeNote = /\b(?:changed|deprecated|since|new) (?:in|since)? ?(?:version )?$/iu;

/** "8 rooms have a balcony": some of them. */
const someHave = /^\s\p{L}+\s(?:have|had)\s(?:an?|the|no|their)\b/iu;
const asksSince = /\b(?:since|first|introduced|added|brought|came)\b/iu;

/** "A battery that weighs": the battery's; "the largest that it takes is" goes on with the largest. */
const relative =
  /[^,]\s(?:that(?!\s(?:the|an?|its|their|our|this|these|we|you|it|he|she|they|there)\s)|which|whose)\s(?!(?:[\p{L}]+\s){2,}(?:is|are|was|were)\s$)(?:[\p{L}]+\s){0,4}$/iu;
/** "Closed in 1999" is when it closed. */
const happened =
  /\b(\p{L}+ed|born|died|built|sold|won|made|began|began|left)\s(?:again\s)?(?:in|on|since|by|from)\s$/iu;
/** "Construction was finished in 1903": what was is said before. */
const ends = /^(?:finished|completed|started|begun|ended)$/iu;
/** "Python 3.8": a version of Python, inside a sentence. */
const named = /\S\s(?!Version|Release|V\b)(\p{Lu}[\p{L}+#]*)\s$/u;
/** Lengths that are not each other. */
const measures = [
  /\b(?:long|length)\b/iu,
  /\b(?:wide|width)\b/iu,
  /\b(?:tall|high|height|elevation|altitude|above)\b/iu,
  /\b(?:deep|depth|below|beneath|under)\b/iu,
  /\b(?:thick|thickness)\b/iu,
  /\b(?:diameter|across)\b/iu,
  /\b(?:far|distance|away)\b/iu,
];
const measuring = /(\p{L}+)(?:\s(?:of|is|was)|:)\s(?:about\s|around\s|over\s)?$/iu;
const measured = /^\s(?:in\s)?(\p{L}+)/u;

/** The values of a sentence that could answer, of the kind and in the place that the question asks for. */
export function valuesIn(text: string, asked: Asked, question: string): Value[] {
  const found: Value[] = [];
  const often = /\bhow often\b/iu.test(question) ? frequenciesIn(text) : [];
  for (const kind of asked.kinds) {
    if (kind === "quantity")
      found.push(
        ...(often.length > 0 ? often : [...quantitiesIn(text, asked.counted), ...clockTimesIn(text)])
          .filter((value) => value.dimension !== "" || !isPartOfDate(value, text))
          .map((value) => asAsked(value, text, asked, question))
          .filter((value) => isAskedQuantity(value, asked))
          .map((value) => exactLimit(value, asked, question)),
      );
    if (kind === "date") found.push(...datesIn(text));
    if (kind === "version")
      found.push(
        ...versionsIn(text).filter(
          ({ start }) => asksSince.test(question) || !changeNote.test(text.slice(0, start)),
        ),
      );
    if (kind === "word") found.push(...wordsIn(text, question).filter((value) => !isPartOfDate(value, text)));
    // "Year: 1788": a label names nobody.
    if (kind === "name") found.push(...namesIn(text).filter(({ end }) => text.charAt(end) !== ":"));
    if (kind === "literal") found.push(...(asked.place === "default" ? settingsIn(text) : codeIn(text)));
  }
  const ages = asksForAge.test(question)
    ? found.filter(({ start, end }) => isAge(text.slice(0, start), text.slice(end)))
    : [];
  return (ages.length > 0 ? ages : found).filter((value) => {
    const before = text.slice(0, value.start);
    return (
      !isOfOther(value, before, text.slice(value.end), question) &&
      stands(asked, value, before, text.slice(value.end), question) &&
      !denied.test(value.kind === "date" ? before.replace(/\bfrom\s$/iu, "") : before) &&
      !holdsWord(question, value.shown)
    );
  });
}

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

/** Whether the words next to a value give it to something else than what is asked. */
function isOfOther(value: Value, before: string, behind: string, question: string): boolean {
  if (relative.test(before) || (value.kind === "quantity" && someHave.test(behind))) return true;
  const verb = value.kind === "date" ? happened.exec(before)?.[1] : undefined;
  const clause = before.slice(before.lastIndexOf(",") + 1);
  if (verb !== undefined && !ends.test(verb) && !sharesTerm(withPlainVerbs(verb), withPlainVerbs(question)))
    return true;
  if (verb !== undefined && ends.test(verb) && !sharesTerm(withPlainVerbs(clause), withPlainVerbs(question)))
    return true;
  const product = value.kind === "version" ? named.exec(before)?.[1] : undefined;
  if (product !== undefined && !sharesTerm(product, question)) return true;
  const asked = measures.findIndex((words) => words.test(question));
  const said = measures.findIndex((words) =>
    words.test(`${measuring.exec(before)?.[1] ?? ""} ${measured.exec(behind)?.[1] ?? ""}`),
  );
  return value.kind === "quantity" && asked >= 0 && said >= 0 && asked !== said;
}

function sharesTerm(words: string, question: string): boolean {
  const asked = new Set(termsOf(question));
  return termsOf(words).some((term) => asked.has(term));
}

function isPartOfDate({ start, end }: Value, text: string): boolean {
  return datesIn(text).some((date) => date.start < end && start < date.end);
}

function isAskedQuantity({ dimension, counted }: Quantity, asked: Asked): boolean {
  if (!asked.isOfDimension(dimension)) return false;
  // "Thirteen stops" is no length.
  if (
    dimension === "" &&
    counted !== undefined &&
    asked.isOfDimension("time") &&
    !asked.isOfDimension("bytes")
  )
    return false;
  return asked.counted.size === 0 || dimension !== "" || counted === undefined || asked.counted.has(counted);
}

const countsAfter = /^\s(?!or\b|and\b|to\b|in\b|at\b|on\b|before\b|when\b|is\b|may\b|can\b)[\p{L}-]{3,}/u;
const isAge = (before: string, behind: string): boolean =>
  /^\s?-?(?:old\b|of age\b|or (?:older|over|more)\b)/u.test(behind) ||
  /\bage[ds]?\s(?:(?:of|is|from|limit|:)\s?)*$|(?:one|body|those|children|people) (?:under|over|younger than|older than)\s$/iu.test(
    before,
  );
const asksForAge = /\bhow old\b|\bages?\b/iu;
/** Between a number and what it counts these narrow nothing. */
const plainAdjectives =
  /^\s(?:(?:different|separate|individual|single|fine|fully|comfortable|spacious|bright|modern|cosy|beautiful|steep|narrow|worn|stone|wooden|long|short|small|whole|full|known|registered|paid|working|living|permanent)\s)+/iu;
const labelled = /(?:^|[\p{L}\s])(\p{L}+)(?:\s?:|\s\|)\s$/u;

/** A quantity in the terms of the question: the noun it counts by the question's own, a price by the hour where that is asked, an age in years. */
function asAsked(value: Quantity, text: string, asked: Asked, question: string): Quantity {
  const { dimension, shown } = value;
  if (
    dimension === "" &&
    asksForAge.test(question) &&
    asked.isOfDimension("time") &&
    !countsAfter.test(text.slice(value.end))
  )
    return { ...value, dimension: "time", low: value.low * years, high: value.high * years };
  const per = /^(?:[A-Z]{3}|percent)\/time$/u.test(dimension)
    ? unitOf(/\p{L}+$/u.exec(shown)?.[0] ?? "")
    : undefined;
  if (
    per &&
    (dimension.startsWith("percent") || sharesTerm(shown.slice(shown.lastIndexOf(" ") + 1), question))
  )
    return {
      ...value,
      dimension: dimension.replace("/time", ""),
      low: value.low * per.low,
      high: value.high * per.low,
    };
  if (dimension !== "" || asked.counted.size === 0) return value;
  const behind = text.slice(value.end).replace(plainAdjectives, " ");
  const noun = /^\s([\p{L}-]{3,})/u.exec(behind)?.[1];
  const label = noun === undefined ? (labelled.exec(text.slice(0, value.start))?.[1] ?? "") : "";
  const terms = termsOf(noun ?? label);
  const isSaid = terms.some((term) => asked.counted.has(term)) || sharesTerm(label, question);
  return { ...value, counted: isSaid ? [...asked.counted][0] : (terms.at(-1) ?? value.counted) };
}

/** Seconds of one. */
const years = 365.2425 * 86_400;

/** "How many can it have?" asks for a limit, too. */
const mostOf = /\b(?:can|may|must|allowed|at most|up to|at least|needs?|required?)\b/iu;

/** "Up to 255" leaves much open, except to who asks how much at most. */
function exactLimit(value: Quantity, { place }: Asked, question: string): Quantity {
  if (place !== "limit" && place !== "default" && !mostOf.test(question)) return value;
  return {
    ...value,
    low: value.low === -Infinity ? value.high : value.low,
    high: value.high === Infinity ? value.low : value.high,
  };
}

function stands({ place }: Asked, value: Value, before: string, behind: string, question: string): boolean {
  switch (place) {
    case "anywhere":
      return value.kind !== "literal" || !alternative.test(before + behind);
    case "default":
      return beforeDefault.test(before) || behindDefault.test(behind);
    case "port":
      return (
        nearPort.test(before) ||
        behindPort.test(behind) ||
        (/\bports?\b/iu.test(before) && (beforeDefault.test(before) || behindDefault.test(behind)))
      );
    case "limit":
      return nearLimit.test(before) || behindLimit.test(behind);
    case "complement":
    case "agent":
      return (
        value.kind !== "name" ||
        (place === "agent" ? nearAgent : nearName).test(before) ||
        (/,\s$/u.test(before) && behind.startsWith(",")) ||
        /^,\s(?:the|its|an?)\s\p{Ll}/u.test(behind) ||
        /^\sas\s(?:the|its|their|his|her|an?)\b/u.test(behind) ||
        (place === "complement" && followsAsked(before, question)) ||
        (/^(?:the\s)?$/iu.test(before)
          ? value.words.length > 1 || acts(behind)
          : isOfAsked(before, behind, question))
      );
  }
}

/** "It crosses the Ouse Water", where what it crosses is asked for. */
function followsAsked(before: string, question: string): boolean {
  const verb = /(\p{L}+)\s(?:(?:the|an?)\s)?$/u.exec(before)?.[1] ?? "";
  return /(?:s|ed)$/u.test(verb) && sharesTerm(withPlainVerbs(verb), withPlainVerbs(question));
}

/** "The river Lenn", where a river is asked for; "Vale United won", where the winner is. */
function isOfAsked(before: string, behind: string, question: string): boolean {
  const next = /^\s+(\p{Ll}+)/u.exec(behind)?.[1] ?? "";
  const noun = /\b(\p{Ll}+)\s$/u.exec(before)?.[1] ?? "";
  return (
    (new RegExp(`\\b(?:which|what|the) ${noun}\\b`, "iu").test(question) && noun !== "") ||
    (next !== "" && sharesTerm(withPlainVerbs(next), withPlainVerbs(question)))
  );
}

/** Behind a name that begins a sentence: a verb, or more of who it is. "Source code" names nobody. */
function acts(behind: string): boolean {
  const next = /^\s+(\p{Ll}+)/u.exec(behind)?.[1];
  return next === undefined || /(?:ed|s|and)$/u.test(next) || withPlainVerbs(next) !== next;
}

function holdsWord(text: string, word: string): boolean {
  const at = text.toLowerCase().indexOf(word.toLowerCase());
  if (at < 0) return false;
  return !/[\p{L}\p{N}]/u.test(text.charAt(at - 1)) && !/[\p{L}\p{N}]/u.test(text.charAt(at + word.length));
}
