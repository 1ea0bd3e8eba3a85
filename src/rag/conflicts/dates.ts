import type { DateSpan } from "./evidence.ts";

const months = "january february march april may june july august september october november december".split(
  " ",
);
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
  for (const form of forms) {
    for (const match of text.matchAll(form)) {
      const start = match.index;
      const end = start + match[0].length;
      if (found.some((other) => start < other.end && other.start < end)) continue;
      const span = /^\P{L}*\p{Lu}|^[\d-]+$/u.test(match[0].replace(/^\d+(?:st|nd|rd|th)\b|\bof\b/gu, ""))
        ? spanOf(match.groups ?? {})
        : undefined;
      if (span) found.push({ kind: "date", shown: match[0], start, end, ...span });
    }
  }
  return found.sort((one, other) => one.start - other.start);
}

/** Whether two dates can be the same: March 2024 holds 12 March 2024. */
export function datesAgree(one: DateSpan, other: DateSpan): boolean {
  if (one.hasYear === other.hasYear) return one.from < other.to && other.from < one.to;
  const [day, dated] = one.hasYear ? [other, one] : [one, other];
  const year = new Date(dated.from).getUTCFullYear();
  return inYear(day.from, year) < dated.to && dated.from < inYear(day.to, year);
}

/** A leap year, so that each day is in it. */
const anyYear = 2000;

function inYear(day: number, year: number): number {
  return new Date(day).setUTCFullYear(year);
}

function spanOf(
  groups: Readonly<Record<string, string | undefined>>,
): { from: number; to: number; hasYear: boolean } | undefined {
  const hasYear = groups["year"] !== undefined;
  const year = hasYear ? Number(groups["year"]) : anyYear;
  const name = groups["month"]?.toLowerCase().slice(0, 3);
  const named = name === undefined ? -1 : months.findIndex((month) => month.startsWith(name));
  const month = groups["number"] === undefined ? named : Number(groups["number"]) - 1;
  const day = groups["day"] === undefined ? undefined : Number(groups["day"]);
  if (month < 0) return { from: Date.UTC(year, 0), to: Date.UTC(year + 1, 0), hasYear };
  if (day === undefined) return { from: Date.UTC(year, month), to: Date.UTC(year, month + 1), hasYear };
  if (day < 1 || day > 31) return undefined;
  return { from: Date.UTC(year, month, day), to: Date.UTC(year, month, day + 1), hasYear };
}
