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
const words = `half an?|an?(?= (?:second|minute|hour|day|week|month|year) and a\\b)|(?:(?:${belowHundred}|a)\\s)?hundred(?:\\s(?:and\\s)?(?:${belowHundred}))?|${belowHundred}|dozen`;
const magnitudes: Readonly<Record<string, number>> = {
  dozen: 12,
  hundred: 100,
  thousand: 1e3,
  million: 1e6,
  billion: 1e9,
  bn: 1e9,
};
const number = new RegExp(
  String.raw`(?<![\p{L}\p{N}_.,#/\\+*^=([-]|[\p{L}\p{N}]\s?[-−–]\s?)` +
    String.raw`(?<open>[(=[]?)(?<sign>[-−]?)(?:(?<money>[$€£¥₹])\s?)?(?<digits>${digits}|\b(?:${words})\b)(?!\d|[.,:/_]\d|\.\p{L}|[_*([^])` +
    String.raw`(?:(?<span>\s?[-–−]|\sto|(?<=\bbetween\s\S+)\sand)\s?[$€£¥₹]?(?<to>${digits})(?!\d|[.,:/_-]\d|\.\p{L}|[_*([^]))?` +
    String.raw`(?:\s(?<magnitude>dozen|hundred|thousand|million|billion|bn)\b)?`,
  "giu",
);
const unitAfter =
  /^\s?-?\s?((?:°|degrees?)\s?(?:[CF]\b|Celsius|centigrade|Fahrenheit)|[%°]|(?:square|cubic|sq\.?)\s\p{L}+|[\p{L}µμ]+[²³23]?)/u;
const rateAfter =
  /^\s?(?:\/\s?|per\s|each\s(?!for|of|way|in|on|and)|every\s|an?\s(?=(?:second|minute|hour|day|week|month|year)s?\b))([\p{L}]+)/iu;
const partAfter = /^\sand\sa\s(half|quarter)\b/u;
/** "60 requests per minute" */
const perAfter = /^\s(?:[\p{L}-]+\s){1,2}?(?:per|each|an?)(\s(?:second|minute|hour|day|week|month|year))\b/iu;
const countedAfter = /^\s(?:[\p{L}-]+\s){0,2}?([\p{L}-]{3,})/u;

const about =
  /(?:\b(?:about|around|approximately|roughly|nearly|almost|some|circa|ca\.?|approx\.?|close to|an estimated)|[~≈])\s?$/iu;
const above = /\b(?:more than|over|at least|above|exceeds?|exceeding|no less than|minimum of)\s$/iu;
const below =
  /\b(?:less than|fewer than|under|up to|at most|below|no more than|maximum of|not exceed|not exceeding)\s$/iu;
/** Words whose number names something: "RFC 2616", "step 3", "Python 3" inside a sentence. */
const label =
  /\b(?:rfc|pep|iso|section|sec|chapter|figure|fig|table|step|page|line|note|issue|bug|appendix|part|item|example|protocol|version|release|column|python|phase)s?\.?\s$|\S\s+\p{Lu}\p{L}*\s$/u;

/** What is said of a number right before it takes no more units. */
const mostBefore = 80;
/** What rounding hides between units, as a share. */
const conversionShare = 0.015;
/** Share that "about" allows at most and at least. */
const aboutAtMost = 0.2;
const aboutAtLeast = 0.05;
/** What rounding to the last place may hide, as a share: 299.8 is 300, but 0.6 is not 1. */
const roundingAtMost = 0.05;

/** The numbers of a text that measure or count something. */
export function quantitiesIn(text: string): Quantity[] {
  return [...text.matchAll(number)].flatMap((match) => {
    const { open = "", sign = "", money = "", digits = "", to, magnitude = "" } = match.groups ?? {};
    const start = match.index + open.length;
    const end = match.index + match[0].length;
    const before = text.slice(Math.max(0, start - mostBefore), start);
    const unit = readUnit(text, end, money);
    const counted = unit ? undefined : termsOf(countedAfter.exec(text.slice(end))?.[1] ?? "").at(-1);
    const isWord = /^\p{L}/u.test(digits);
    const isName =
      /^[-–]\p{L}/u.test(text.slice(end)) || (label.test(before) && !/\bports?\s$/iu.test(before));
    if (!unit && (isName || (isWord && counted === undefined))) return [];
    const times = (magnitudes[magnitude.toLowerCase()] ?? 1) * (sign === "" ? 1 : -1);
    const value = (valueOf(digits) + (unit?.part ?? 0)) * times;
    const half = isWord ? 0 : (0.499 * Math.abs(times)) / 10 ** decimalsOf(digits);
    const [low, high] = to === undefined ? hedged(before, value, half, times) : [value, valueOf(to) * times];
    const { scale, offset } = unit ?? { scale: [1, 1], offset: 0 };
    const ends = scale.flatMap((size) => [low * size, high * size]);
    return [
      {
        kind: "quantity" as const,
        shown: text.slice(start, unit?.end ?? end).trim(),
        start,
        end: unit?.end ?? end,
        low: Math.min(...ends) + offset,
        high: Math.max(...ends) + offset,
        dimension: unit?.dimension ?? perAfter.exec(text.slice(end))?.[1]?.replace(" ", "/") ?? "",
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

/** Whether they measure in one dimension, or count the same. */
export function quantitiesCompare(one: Quantity, other: Quantity): boolean {
  if (one.dimension !== other.dimension) return false;
  return one.counted === undefined || other.counted === undefined || one.counted === other.counted;
}

function unitWord({ shown }: Quantity): string {
  return shown.replace(/[\d.,\s-]+/gu, "");
}

/** The unit behind a number, or the currency before it, with its rate and what is added: "an hour and a half". */
function readUnit(text: string, from: number, money: string) {
  const [written = "", name = ""] = unitAfter.exec(text.slice(from)) ?? [];
  const named = name === "" ? undefined : unitOf(name);
  const unit = money === "" ? named : unitOf(money);
  if (!unit) return undefined;
  let end = from + (named?.dimension === unit.dimension ? written.length : 0);
  const [added = "", half] = partAfter.exec(text.slice(end)) ?? [];
  end += added.length;
  const part = half === undefined ? 0 : half === "half" ? 0.5 : 0.25;
  const [each, every = ""] = rateAfter.exec(text.slice(end)) ?? [];
  if (each === undefined || unit.dimension === "percent")
    return { ...unit, scale: [unit.low, unit.high], end, part };
  end += each.length;
  const per = unitOf(every);
  // By the hour costs more than by the day.
  if (per?.dimension !== "time" || isMoney(unit.dimension))
    return {
      dimension: `${unit.dimension}/${every.toLowerCase().replace(/s$/u, "")}`,
      scale: [unit.low, unit.high],
      offset: 0,
      end,
      part,
    };
  return {
    dimension: `${unit.dimension}/time`,
    scale: [unit.low / per.low, unit.high / per.low],
    offset: 0,
    end,
    part,
  };
}

/** The interval a number stands for: as exact as it is written, wider behind "about", open behind "more than". */
function hedged(before: string, value: number, half: number, times: number): [number, number] {
  if (above.test(before)) return [value, Infinity];
  if (below.test(before)) return [-Infinity, value];
  const size = Math.abs(value);
  const rounded = Math.min(half, roundingAtMost * size);
  const place = lastPlace(size / Math.abs(times)) * Math.abs(times);
  const loose = Math.min(Math.max(place / 2, aboutAtLeast * size), aboutAtMost * size);
  const slack = about.test(before) ? loose : rounded;
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
  const word = written.toLowerCase();
  if (word.startsWith("half")) return 0.5;
  if (word === "dozen") return 12;
  if (/^an?$/u.test(word)) return 1;
  if (/^\p{L}/u.test(word)) {
    const [hundreds, rest] = word.includes("hundred") ? word.split("hundred") : [undefined, word];
    const sum = (rest ?? "").split(/[\s-]/u).reduce((total, one) => total + below100(one), 0);
    return sum + (hundreds === undefined ? 0 : 100 * (below100(hundreds.trim()) || 1));
  }
  if (/\de[+-]?\d/iu.test(written)) return Number(written);
  const isDecimal = /^\d+,\d{1,2}$/u.test(written);
  return Number(isDecimal ? written.replace(",", ".") : written.replace(/[^\d.]/gu, ""));
}

/** Of one word; 0 of a word that is no number. */
function below100(word: string): number {
  return (
    Math.max(0, small.indexOf(word)) +
    Math.max(0, 10 * (tens.indexOf(word) + 2) * Number(tens.includes(word)))
  );
}
