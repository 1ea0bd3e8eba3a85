import type { Name } from "./evidence.ts";

const name =
  /(?<![\p{L}\p{N}_.`/@#-])\p{Lu}[\p{L}\p{M}\p{N}'’&-]*\.?(?:\s(?:(?:de|da|del|van|von|der|den|la|le|of|the|al|bin|y)\s){0,2}\p{Lu}[\p{L}\p{M}\p{N}'’&-]*\.?)*(?![/\\\p{L}])/gu;
/** Capitals that begin sentences, or name a time. */
const common: ReadonlySet<string> = new Set(
  (
    "the a an this that these those it its he she they we you i in on at of by for from to with and but or if when while where who what which " +
    "how as since after before during there here all some many most both each every one two three no not is are was were has have can use see " +
    "note warning deprecated changed added new his her their our your my first last also however although though then thus so today " +
    "currently founded located based created written invented designed built born according monday tuesday wednesday thursday friday " +
    "saturday sunday january february march april may june july august september october november december " +
    "section table chapter figure appendix example do does did will would could should must may"
  ).split(" "),
);
const titles: ReadonlySet<string> = new Set(
  "dr prof professor sir dame lord lady mr mrs ms miss saint st captain king queen prince princess president architect count".split(
    " ",
  ),
);

/** Names of people, places and organisations, as far as capitals tell. */
export function namesIn(text: string): Name[] {
  return [...text.matchAll(name)].flatMap((match) => {
    let start = match.index;
    let words = match[0].replace(/\.$/u, "").split(/\s/u);
    while (words[0] !== undefined && common.has(words[0].toLowerCase())) {
      start += words[0].length + 1;
      words = words.slice(1);
    }
    if (!/^\p{Lu}/u.test(words[0] ?? "")) return [];
    const shown = words.join(" ");
    const kept = words
      .filter((word) => /^\p{Lu}/u.test(word))
      .map((word) => word.toLowerCase().replace(/['’]s$|\./gu, ""));
    return [{ kind: "name" as const, shown, start, end: start + shown.length, words: kept }];
  });
}

let countries: ReadonlySet<string> | undefined;

/** Whether both are countries, or neither: Berlin does not contradict Germany. */
export function namesCompare(one: Name, other: Name): boolean {
  countries ??= countryNames();
  return countries.has(one.words.join(" ")) === countries.has(other.words.join(" "));
}

/** As the runtime's own data names them (Unicode CLDR). */
function countryNames(): ReadonlySet<string> {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".split("");
  const names = new Intl.DisplayNames("en", { type: "region", fallback: "none" });
  const found = letters.flatMap((one) => letters.map((other) => names.of(one + other)?.toLowerCase() ?? ""));
  return new Set([...found, "usa", "us", "uk", "england", "scotland", "wales", "czech republic"]);
}

/** Whether they can name the same: one's first or last word is in the other, unless they are relatives, or one is the other's initials. */
export function namesAgree(one: Name, other: Name): boolean {
  const [first, second] = [one, other].map(({ words }) => words.filter((word) => !titles.has(word)));
  if (!first?.length || !second?.length)
    return holdsEnd(one.words, other.words) || holdsEnd(other.words, one.words);
  // Maja Lindqvist and Oskar Lindqvist: one family name, and no given name in common.
  const [given, others] = [first.slice(0, -1), second.slice(0, -1)];
  const isFamily = first.at(-1) === second.at(-1) && given.length > 0 && others.length > 0;
  if (isFamily)
    return given.some((word) => others.some((rival) => word.startsWith(rival) || rival.startsWith(word)));
  return (
    holdsEnd(first, second) ||
    holdsEnd(second, first) ||
    initials(first) === second.join("") ||
    initials(second) === first.join("")
  );
}

function holdsEnd(words: readonly string[], others: readonly string[]): boolean {
  return others.includes(words.at(-1) ?? "") || (words.length > 1 && others.includes(words[0] ?? ""));
}

function initials(words: readonly string[]): string {
  return words.map((word) => word.charAt(0)).join("");
}
