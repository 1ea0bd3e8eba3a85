import type { Quantity } from "./evidence.ts";

const numbers = "one two three four five six seven eight nine ten eleven twelve".split(" ");
const hour = String.raw`(?<hour>\d{1,2}|${numbers.join("|")})`;
const half = String.raw`(?:a\.?m\b\.?|p\.?m\b\.?|o['’]clock(?: in the (?:morning|afternoon|evening))?|in the (?:morning|afternoon|evening))`;
const clock = new RegExp(
  String.raw`(?<![\p{L}\p{N}.:-])(?:(?<part>half past|quarter past|quarter to)\s(?<of>\d{1,2}|${numbers.join("|")})\b|(?<=\b(?:at|from|until|till|by|before|after|around|past|and|to)\s)(?<bare>${numbers.join("|")})(?=\s*(?:[.,;)]|$)|\s(?:on|in|and|to|until|till|sharp|each|every)\b)|(?<named>noon|midday|midnight)\b|${hour}(?:[:.](?<minute>[0-5]\d))?\s?(?<half>${half})|(?<plain>[01]?\d|2[0-4]):(?<minutes>[0-5]\d)(?![\d:]))`,
  "giu",
);

/** Times of day that a text names, in minutes of a half day: "at eight" leaves open which half. */
export function clockTimesIn(text: string): Quantity[] {
  return [...text.matchAll(clock)].map((match) => {
    const at = minutesOf(match.groups ?? {});
    const written = { shown: match[0], start: match.index, end: match.index + match[0].length };
    return {
      kind: "quantity" as const,
      ...written,
      low: at,
      high: at,
      dimension: "clock",
      counted: undefined,
    };
  });
}

function minutesOf(groups: Readonly<Record<string, string | undefined>>): number {
  if (groups["named"] !== undefined) return 0;
  const minute =
    groups["minute"] ?? groups["minutes"] ?? partsOfHour[groups["part"]?.toLowerCase() ?? ""] ?? 0;
  const written = (groups["hour"] ?? groups["plain"] ?? groups["of"] ?? groups["bare"] ?? "").toLowerCase();
  const spelled = numbers.indexOf(written);
  const hours = spelled < 0 ? Number(written) : spelled + 1;
  return (hours * 60 + Number(minute) + halfDay) % halfDay;
}

const halfDay = 12 * 60;
const partsOfHour: Readonly<Record<string, number>> = {
  "half past": 30,
  "quarter past": 15,
  "quarter to": -15,
};
