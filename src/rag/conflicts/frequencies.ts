import type { Quantity } from "./evidence.ts";
import { unitOf } from "./units.ts";

const adverbs: Readonly<Record<string, string>> = {
  hourly: "hour",
  daily: "day",
  weekly: "week",
  monthly: "month",
  yearly: "year",
  annually: "year",
};
const numbers = "once twice three four five six seven eight nine ten".split(" ");
const often =
  /\b(?<adverb>hourly|daily|weekly|monthly|yearly|annually)\b|\bevery\s(?<other>other\s|second\s)?(?<unit>hour|day|week|month|year)\b|\b(?:(?<times>once|twice)|(?<count>\d+|three|four|five|six|seven|eight|nine|ten)\stimes)\s(?:an?|per|each|every)\s(?<per>hour|day|week|month|year)\b/giu;

/** How often something comes again, as the time between: "twice a day" is 12 hours. */
export function frequenciesIn(text: string): Quantity[] {
  return [...text.matchAll(often)].flatMap((match) => {
    const groups = match.groups ?? {};
    const unit = unitOf(
      adverbs[(groups["adverb"] ?? "").toLowerCase()] ?? groups["unit"] ?? groups["per"] ?? "",
    );
    if (!unit) return [];
    const written = (groups["times"] ?? groups["count"] ?? "once").toLowerCase();
    const times = Number(written) || numbers.indexOf(written) + 1;
    const seconds = (unit.low * (groups["other"] === undefined ? 1 : 2)) / times;
    return [
      {
        kind: "quantity" as const,
        shown: match[0],
        start: match.index,
        end: match.index + match[0].length,
        low: seconds,
        high: seconds,
        dimension: "time",
        counted: undefined,
      },
    ];
  });
}
