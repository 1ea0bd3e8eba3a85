import type { Quantity } from "./evidence.ts";

const numbers = "one two three four five six seven eight nine ten eleven twelve".split(" ");
const hour = String.raw`(?<hour>\d{1,2}|${numbers.join("|")})`;
const half = String.raw`(?:a\.?m\b\.?|p\.?m\b\.?|o['’]clock(?: in the (?:morning|afternoon|evening))?|in the (?:morning|afternoon|evening))`;
const clock = new RegExp(
  String.raw`(?<![\p{L}\p{N}.:-])(?:(?<named>noon|midday|midnight)\b|${hour}(?:[:.](?<minute>[0-5]\d))?\s?(?<half>${half})|(?<plain>[01]?\d|2[0-4]):(?<minutes>[0-5]\d)(?![\d:]))`,
  "giu",
);

/** Times of day that a text names, in minutes. "Eight o'clock" alone may be in the morning: half days are not told apart then. */
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
  const named = groups["named"]?.toLowerCase();
  if (named !== undefined) return named === "midnight" ? 24 * 60 : 12 * 60;
  if (groups["plain"] !== undefined) return Number(groups["plain"]) * 60 + Number(groups["minutes"]);
  const written = groups["hour"]?.toLowerCase() ?? "";
  const spelled = numbers.indexOf(written);
  const hours = (spelled < 0 ? Number(written) : spelled + 1) % 12;
  const isLate = /^p|afternoon|evening/iu.test(groups["half"] ?? "");
  return (hours + (isLate ? 12 : 0)) * 60 + Number(groups["minute"] ?? 0);
}
