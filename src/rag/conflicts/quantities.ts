import { termsOf } from "../text/analyzer.ts";
import type { Quantity } from "./evidence.ts";
import { isMoney, unitOf } from "./units.ts";

// A sign or currency, digits or a number word, a magnitude, a unit, a rate. What is glued to letters, dots or brackets is a
// part of a name, a version or a call, and no quantity.
// "8,4" is eight and two fifths, "1,524" is not; thousands may stand apart by spaces or apostrophes.
const digits = String.raw`\d+(?:\.\d+)?e[+-]?\d+|\d{1,3}(?:(?:,\d{3})+|(?:[ \u2009\u202F\u00A0'’]\d{3})+)(?:\.\d+)?|\d+,\d{1,2}(?![\d,])|\d+(?:\.\d+)?`;
const small =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const tens = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const belowHundred = `(?:${tens.join("|")})[- ](?:${small.slice(1, 10).join("|")})|${[...small, ...tens].join("|")}`;
const words = `(?:three quarters|a quarter|half) of an?|an?(?= (?:second|minute|hour|day|week|month|year|century) and a (?:half|quarter))|half an?|(?:(?:${belowHundred}|a)\\s)?hundred(?:\\s(?:and\\s)?(?:${belowHundred}))?|${belowHundred}|dozen`;
const magnitudes: Readonly<Record<string, number>> = {
  dozen: 12,
  hundred: 100,
  thousand: 1e3,
  million: 1e6,
  billion: 1e9,
  bn: 1e9,
  trillion: 1e12,
};
const number = new RegExp(
  String.raw`(?<![\p{L}\p{N}_.,#/\\+*^=([-]|[\p{L}\p{N}]\s?[-−–]\s?)` +
    String.raw`(?<open>[(=[]?)(?<sign>[-−]?)(?:(?<money>[$€£¥₹])\s?)?(?<digits>${digits}|\b(?:${words})\b)(?!\d|[.,:/_]\d|\.\p{L}|[_*([^])` +
    String.raw`(?:\s?(?:[-–−]|to|and|or)\s?[$€£¥₹]?(?<to>${digits})(?!\d|[.,:/_-]\d|\.\p{L}|[_*([^]))?` +
    String.raw`(?<half>\sand\sa\shalf\b)?(?:\s(?<magnitude>dozen|hundred|thousand|million|billion|bn|trillion)\b)?`,
  "giu",
);
const unitAfter =
  /^\s?-?\s?((?:°|degrees?)\s?(?:[CF]\b|Celsius|centigrade|Fahrenheit)|[%°]|(?:square|cubic|sq\.?)\s\p{L}+|[\p{L}µμ]+[²³23]?)/u;
const rateAfter =
  /^\s?(?:\/\s?|per\s|each\s(?!for|of|way|in|on|and)|every\s|an?\s(?=(?:second|minute|hour|day|week|month|year)s?\b))([\p{L}]+)/iu;
const paceAfter = /^\s(?:[\p{L}-]+\s){0,2}?[\p{L}-]+\s?(?:\/\s?|per\s|each\s|every\s|an?\s)(\p{L}+)/iu;
const countedAfter = /^\s(?:[\p{L}-]+\s){0,2}?([\p{L}-]{3,})/u;

const spelled = new Map<string, number>([
  ...small.map((word, index) => [word, index] as const),
  ...tens.flatMap((ten, index) => [
    [ten, 20 + 10 * index] as const,
    ...small.slice(1, 10).map((word, one) => [`${ten}-${word}`, 21 + 10 * index + one] as const),
  ]),
  ["hundred", 100],
  ["dozen", 12],
  ["half a", 0.5],
  ["half an", 0.5],
  ...["a", "an"].flatMap((article) => [
    [article, 1] as const,
    [`a quarter of ${article}`, 0.25] as const,
    [`half of ${article}`, 0.5] as const,
    [`three quarters of ${article}`, 0.75] as const,
  ]),
]);

const about =
  /(?:\b(?:about|around|approximately|roughly|nearly|almost|some|circa|ca\.?|approx\.?|close to|an estimated)|[~≈])\s?$/iu;
const above =
  /\b(?:more than|over|at least|above|exceeds?|exceeding|no less than|greater than|minimum of)\s$/iu;
const below =
  /\b(?:less than|fewer than|under|up to|at most|below|no more than|maximum of|not exceed|not exceeding)\s$/iu;
const between = /\b(?:between|from)\s$/iu;
/** Words whose number names something: "RFC 2616", "step 3", "Python 3" inside a sentence. */
const label =
  /\b(?:rfc|pep|iso|section|sec|chapter|figure|fig|table|step|page|line|note|issue|bug|appendix|part|item|example|protocol|version|release|column|python|phase)s?\.?\s$|\S\s+\p{Lu}\p{L}*\s$/u;
/** "11.2. Index types" */
const sectionNumber = /^\d+(?:\.\d+)*\.\s(?=\p{Lu})/u;
const port = /\bports?\s$/iu;

/** What rounding hides between units, as a share. */
const conversionShare = 0.015;
/** Share that "about" allows at most and at least. */
const aboutAtMost = 0.2;
const aboutAtLeast = 0.05;
/** What rounding to the last place may hide, as a share: 299.8 is 300, but 0.6 is not 1. */
const roundingAtMost = 0.05;

/**
 * The numbers of a text that measure or count something.
 * @param nouns Those that a number counts even behind a name: "of the Codex Averni 288 pages".
 */
export function quantitiesIn(text: string, nouns: ReadonlySet<number> = new Set()): Quantity[] {
  const head = sectionNumber.exec(text)?.[0].length ?? 0;
  return [...text.matchAll(number)].flatMap((match) => {
    if (match.index < head) return [];
    const groups = match.groups ?? {};
    const start = match.index + (groups["open"] ?? "").length;
    let end = match.index + match[0].length;
    const before = text.slice(0, start);
    const money = groups["money"] ?? "";
    const written = groups["digits"] ?? "";
    const isWord = /^\p{L}/u.test(written);
    const isRange = groups["to"] !== undefined;
    if (isRange && /\b(?:and|or)\s?[$€£¥₹]?[\d.,]+/iu.test(match[0]) && !between.test(before)) {
      // "10 and 20" are two numbers; the first is read, the second left.
      end = start + (groups["sign"] ?? "").length + money.length + written.length;
    }
    const isSpan = isRange && end === match.index + match[0].length;
    const unit = readUnit(text, end, money);
    const counted = unit ? undefined : countedTerm(text.slice(end));
    const isName = label.test(before) && !port.test(before) && !(counted !== undefined && nouns.has(counted));
    if (!unit && (isName || /^[-–]\p{L}/u.test(text.slice(end)))) return [];
    const magnitude = magnitudes[(groups["magnitude"] ?? "").toLowerCase()] ?? 1;
    const sign = groups["sign"] ? -1 : 1;
    const part = groups["half"] === undefined ? partBehind(text, unit?.end) : { share: 0.5, length: 0 };
    const first = (valueOf(written) + part.share) * magnitude * sign;
    const second = isSpan ? valueOf(groups["to"] ?? "") * magnitude : first;
    const half = isWord ? 0 : (0.499 * magnitude) / 10 ** decimalsOf(written);
    const [low, high] = isSpan
      ? [Math.min(first, second), Math.max(first, second)]
      : hedged(before, first, half, magnitude);
    const pace = unit ? undefined : paceOf(text.slice(end));
    const scale = unit?.scale ?? { low: 1 / (pace ?? 1), high: 1 / (pace ?? 1), offset: 0 };
    const ends = [low * scale.low, low * scale.high, high * scale.low, high * scale.high];
    const shownEnd = (unit?.end ?? end) + part.length;
    const isGiven = /(?:\bage[ds]?(?:\sof)?|\bunder|\bover|\bthan|:)\s$/iu.test(before);
    if (isWord && !unit && counted === undefined && !isGiven) return [];
    return [
      {
        kind: "quantity" as const,
        shown: text.slice(start, shownEnd).trim(),
        start,
        end: shownEnd,
        low: Math.min(...ends) + scale.offset,
        high: Math.max(...ends) + scale.offset,
        dimension: unit?.dimension ?? (pace === undefined ? "" : "/time"),
        counted,
      },
    ];
  });
}

/** Whether two numbers of one dimension can both be true of one thing. */
export function quantitiesAgree(one: Quantity, other: Quantity): boolean {
  // Converted units are rounded: 330 m and 1,083 ft. The same unit is compared as it stands.
  const isConverted = one.dimension !== "" && unitWord(one) !== unitWord(other);
  const ends = [one.low, one.high, other.low, other.high].filter(Number.isFinite);
  const slack = isConverted ? conversionShare * Math.max(...ends.map(Math.abs)) : 0;
  return one.low <= other.high + slack && other.low <= one.high + slack;
}

export function quantitiesCompare(one: Quantity, other: Quantity): boolean {
  if (one.dimension !== other.dimension) return false;
  // By the hour costs more than by the day.
  if (isMoney(one.dimension) && one.dimension.endsWith("/time") && lastWord(one) !== lastWord(other))
    return false;
  return one.counted === undefined || other.counted === undefined || one.counted === other.counted;
}

/** "An hour and a quarter": what is added behind the unit. */
function partBehind(
  text: string,
  end: number | undefined,
): { readonly share: number; readonly length: number } {
  const [whole, part] = /^\sand\sa\s(half|quarter)\b/u.exec(end === undefined ? "" : text.slice(end)) ?? [];
  return { share: part === undefined ? 0 : part === "half" ? 0.5 : 0.25, length: whole?.length ?? 0 };
}

function lastWord({ shown }: Quantity): string | undefined {
  return shown
    .toLowerCase()
    .match(/\p{L}+/gu)
    ?.at(-1);
}

function unitWord({ shown }: Quantity): string {
  return shown.replace(/[\d.,\s-]+/gu, "");
}

function readUnit(text: string, from: number, money: string) {
  let end = from;
  let unit = money === "" ? undefined : unitOf(money);
  const after = unitAfter.exec(text.slice(end));
  const named = after?.[1] ? (unitOf(after[1]) ?? unlistedUnit(after[1])) : undefined;
  // A single letter far from its number is a word: "in 5 a user".
  if (after && named && !(unit && !isMoney(named.dimension))) {
    unit ??= named;
    end += after[0].length;
  }
  if (!unit) return undefined;
  const rate = rateAfter.exec(text.slice(end));
  let scale = { low: unit.low, high: unit.high, offset: unit.offset };
  let dimension = unit.dimension;
  if (rate?.[1]) {
    const per = unitOf(rate[1]);
    end += rate[0].length;
    if (per?.dimension === "time") {
      dimension += "/time";
      scale = { low: scale.low / per.low, high: scale.high / per.low, offset: 0 };
    } else {
      dimension += `/${rate[1].toLowerCase().replace(/s$/u, "")}`;
    }
  }
  return { dimension, scale, end };
}

/** "Wh", "mAh", "dB": letters with a capital right behind a number are a unit; what of, that does not matter. */
function unlistedUnit(word: string) {
  const isUnit = /^(?:\p{Ll}{1,2}\p{Lu}\p{Ll}?|[WA]h|Nm|Pa)$/u.test(word);
  return isUnit ? { dimension: `in ${word}`, low: 1, high: 1, offset: 0 } : undefined;
}

/** The interval a number stands for: as exact as it is written, wider behind "about", open behind "more than". */
function hedged(before: string, value: number, half: number, magnitude: number): [number, number] {
  if (above.test(before)) return [value, Infinity];
  if (below.test(before)) return [-Infinity, value];
  if (about.test(before)) {
    const place = lastPlace(Math.abs(value) / magnitude) * magnitude;
    const slack = Math.min(
      Math.max(place / 2, aboutAtLeast * Math.abs(value)),
      aboutAtMost * Math.abs(value),
    );
    return [value - slack, value + slack];
  }
  const slack = Math.min(half, roundingAtMost * Math.abs(value));
  return [value - slack, value + slack];
}

/** The place of the last digit that is no zero: 300 has 100, 299.8 has .1. */
function lastPlace(value: number): number {
  if (value === 0) return 0;
  let place = 1;
  while (value % (place * 10) === 0) place *= 10;
  return place;
}

function decimalsOf(written: string): number {
  return (/\.(\d+)$/u.exec(written) ?? /^\d+,(\d{1,2})$/u.exec(written))?.[1]?.length ?? 0;
}

function valueOf(written: string): number {
  const word = written
    .toLowerCase()
    .replace(/(\p{L}+ty) (?=(?:one|two|three|four|five|six|seven|eight|nine)\b)/u, "$1-");
  const known = spelled.get(word);
  if (known !== undefined) return known;
  const [, hundreds = "", rest = ""] = /^(?:(.+) )?hundred(?: (?:and )?(.+))?$/u.exec(word) ?? [word];
  if (word.includes("hundred")) return 100 * (spelled.get(hundreds) ?? 1) + (spelled.get(rest) ?? 0);
  if (/\de[+-]?\d/iu.test(written)) return Number(written);
  const isDecimal = /^\d+,\d{1,2}$/u.test(written);
  return Number(isDecimal ? written.replace(",", ".") : written.replace(/[^\d.]/gu, ""));
}

/** Seconds in which something countable comes again: "60 requests per minute". */
function paceOf(after: string): number | undefined {
  const per = unitOf(paceAfter.exec(after)?.[1] ?? "");
  return per?.dimension === "time" ? per.low : undefined;
}

function countedTerm(after: string): number | undefined {
  const [, noun] = countedAfter.exec(after) ?? [];
  return noun === undefined ? undefined : termsOf(noun).at(-1);
}
