import type { DateSpan, Quantity } from "./evidence.ts";
import { unitOf } from "./units.ts";

const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const month = String.raw`(?<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?`;
const year = String.raw`(?<year>1\d{3}|20\d{2})(?![\d%]|[.,]\d)`;
const day = String.raw`(?<day>\d{1,2})(?:st|nd|rd|th)?`;
// Figures alone are read year first; 3/4/2024 means two days, so it is left.
const forms = [
  String.raw`(?<![\d.-])${year}-(?<number>0[1-9]|1[0-2])(?:-(?<day>\d{2}))?(?![\d-])`,
  String.raw`(?<![\d.])${day}\s+(?:of\s+)?${month},?\s+${year}`,
  String.raw`\b${month}\s+${day},?\s+${year}`,
  String.raw`\b${month},?\s+(?:of\s+)?${year}`,
  // A year alone needs a word that makes it one.
  String.raw`(?<=\b(?:in|since|of|by|from|until|during|year|circa|early|late|mid|before|after|is|was|\p{L}+ed|born|built)[\s-]|\(|:\s|^)${year}(?=[\s.,;:)]|$)(?<!^\d{4}(?!:|$))(?!\s?(?:-|–|to\s\d|\p{Ll}*(?:bytes?|seconds?|people|times|entries|rows)\b))`,
  // "From 3 May": the year is what the page takes as known.
  String.raw`(?<![\d.])${day}\s+(?:of\s+)?${month}(?![\p{L}\d])`,
  String.raw`\b${month}\s+${day}(?![\p{L}\d:%]|\.\d|\s\p{Ll}+s\b)`,
].map((source) => new RegExp(source, "giu"));

/** Days, months and years that a text names. */
export function datesIn(text: string): DateSpan[] {
  const found: DateSpan[] = [];
  for (const match of forms.flatMap((form) => [...text.matchAll(form)])) {
    const written = { shown: match[0], start: match.index, end: match.index + match[0].length };
    if (found.some((other) => written.start < other.end && other.start < written.end)) continue;
    // "May" is a month and "may 3" none.
    const isCapital = /^\P{L}*\p{Lu}|^[\d-]+$/u.test(match[0].replace(/^\d+(?:st|nd|rd|th)\b|\bof\b/gu, ""));
    if (isCapital) found.push({ kind: "date", ...written, ...spanOf(match.groups ?? {}) });
  }
  return found.sort((one, other) => one.start - other.start);
}

/** Whether two dates can be the same: March 2024 holds 12 March 2024. */
export function datesAgree(one: DateSpan, other: DateSpan): boolean {
  if (one.hasYear === other.hasYear) return one.from < other.to && other.from < one.to;
  const [named, dated] = one.hasYear ? [other, one] : [one, other];
  const inYear = (at: number): number => new Date(at).setUTCFullYear(new Date(dated.from).getUTCFullYear());
  return inYear(named.from) < dated.to && dated.from < inYear(named.to);
}

/** A leap year, so that each day is in it. */
const anyYear = 2000;

function spanOf(groups: Readonly<Record<string, string | undefined>>) {
  const hasYear = groups["year"] !== undefined;
  const year = hasYear ? Number(groups["year"]) : anyYear;
  const named = months.indexOf(groups["month"]?.toLowerCase().slice(0, 3) ?? "");
  const month = groups["number"] === undefined ? named : Number(groups["number"]) - 1;
  const day = groups["day"] === undefined ? undefined : Number(groups["day"]);
  if (month < 0) return { from: Date.UTC(year, 0), to: Date.UTC(year + 1, 0), hasYear };
  if (day === undefined) return { from: Date.UTC(year, month), to: Date.UTC(year, month + 1), hasYear };
  return { from: Date.UTC(year, month, day), to: Date.UTC(year, month, day + 1), hasYear };
}

const numbers = "one two three four five six seven eight nine ten eleven twelve".split(" ");
const number = numbers.join("|");
const clock = new RegExp(
  String.raw`(?<![\p{L}\p{N}.:-])(?:(?<part>half past|quarter past|quarter to)\s(?<of>\d{1,2}|${number})\b` +
    String.raw`|(?<=\b(?:at|from|until|till|by|before|after|around|past|and|to)\s)(?<bare>${number})(?=\s*(?:[.,;)]|$)|\s(?:on|in|and|to|until|till|sharp|each|every)\b)` +
    String.raw`|(?<named>noon|midday|midnight)\b` +
    String.raw`|(?<hour>\d{1,2}|${number})(?:[:.](?<minute>[0-5]\d))?\s?(?:a\.?m\b\.?|p\.?m\b\.?|o['’]clock|in the (?:morning|afternoon|evening))` +
    String.raw`|(?<plain>[01]?\d|2[0-4]):(?<minutes>[0-5]\d)(?![\d:]))`,
  "giu",
);
const parts: Readonly<Record<string, number>> = { "half past": 30, "quarter past": 15, "quarter to": -15 };
const halfDay = 12 * 60;

/** Times of day that a text names, in minutes of a half day: "at eight" leaves open which half. */
export function clockTimesIn(text: string): Quantity[] {
  return [...text.matchAll(clock)].map((match) => {
    const groups = match.groups ?? {};
    const written = (
      groups["hour"] ??
      groups["plain"] ??
      groups["of"] ??
      groups["bare"] ??
      "0"
    ).toLowerCase();
    const hours = numbers.includes(written) ? numbers.indexOf(written) + 1 : Number(written);
    const minutes = groups["minute"] ?? groups["minutes"] ?? parts[groups["part"]?.toLowerCase() ?? ""] ?? 0;
    return measured(match, (hours * 60 + Number(minutes) + halfDay) % halfDay, "clock");
  });
}

const adverbs: Readonly<Record<string, string>> = {
  hourly: "hour",
  daily: "day",
  weekly: "week",
  monthly: "month",
  yearly: "year",
  annually: "year",
};
const often =
  /\b(?<adverb>hourly|daily|weekly|monthly|yearly|annually)\b|\bevery\s(?:(?<other>other|second|\d+|two|three|four|five|six|seven|eight|nine|ten)\s)?(?<unit>minute|hour|day|week|month|year)s?\b|\b(?<times>once|twice|(?:\d+|three|four|five|six|seven|eight|nine|ten)(?=\stimes))(?:\stimes)?\s(?:an?|per|each|every)\s(?<per>hour|day|week|month|year)\b/giu;

/** How often something comes again, as the time between: "twice a day" is 12 hours. */
export function frequenciesIn(text: string): Quantity[] {
  return [...text.matchAll(often)].map((match) => {
    const { adverb = "", unit, per, times = "once", other = "one" } = match.groups ?? {};
    const apart = other === "other" || other === "second" ? 2 : countOf(other);
    const size = unitOf(adverbs[adverb.toLowerCase()] ?? unit ?? per ?? "")?.low ?? 0;
    return measured(
      match,
      (size * apart) / (times === "once" ? 1 : times === "twice" ? 2 : countOf(times)),
      "time",
    );
  });
}

function countOf(word: string): number {
  return Number(word) || numbers.indexOf(word.toLowerCase()) + 1;
}

function measured(match: RegExpExecArray, at: number, dimension: string): Quantity {
  const written = { shown: match[0], start: match.index, end: match.index + match[0].length };
  return { kind: "quantity", ...written, low: at, high: at, dimension, counted: undefined };
}
