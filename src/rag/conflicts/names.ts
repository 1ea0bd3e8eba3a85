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
    "section table chapter figure appendix note warning example"
  ).split(" "),
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
    if (words.length === 0 || !/^\p{Lu}/u.test(words[0] ?? "")) return [];
    const shown = words.join(" ");
    const kept = words
      .filter((word) => /^\p{Lu}/u.test(word))
      .map((word) => word.toLowerCase().replace(/['’]s$|\./gu, ""));
    return [{ kind: "name" as const, shown, start, end: start + shown.length, words: kept }];
  });
}

/** Whether they can name the same: one's last word is in the other, or one is the other's initials; of places, the smaller lies in the larger. */
export function namesAgree(one: Name, other: Name): boolean {
  if (areRelatives(one, other)) return false;
  const [first, second] = [withoutTitles(one), withoutTitles(other)];
  return (
    holdsLast(first, second) ||
    holdsLast(second, first) ||
    initials(one) === other.words.join("") ||
    initials(other) === one.words.join("")
  );
}

/** Whether both are countries, or neither: Berlin does not contradict Germany. */
export function namesCompare(one: Name, other: Name): boolean {
  return isCountry(one) === isCountry(other);
}

/** Maja Lindqvist and Oskar Lindqvist: one family name, and no given name in common. */
function areRelatives(one: Name, other: Name): boolean {
  if (one.words.at(-1) !== other.words.at(-1)) return false;
  const [given, others] = [one, other].map(({ words }) =>
    words.slice(0, -1).filter((word) => !titles.has(word)),
  );
  if (!given?.length || !others?.length) return false;
  return !given.some((name) => others.some((rival) => name.startsWith(rival) || rival.startsWith(name)));
}

const titles: ReadonlySet<string> = new Set(
  "dr prof professor sir dame lord lady mr mrs ms miss saint st captain king queen prince princess president architect count".split(
    " ",
  ),
);

function withoutTitles(name: Name): Name {
  const words = name.words.filter((word) => !titles.has(word));
  return words.length > 0 ? { ...name, words } : name;
}

function holdsLast(one: Name, other: Name): boolean {
  return (
    other.words.includes(one.words.at(-1) ?? "") ||
    (one.words.length > 1 && other.words.includes(one.words[0] ?? ""))
  );
}

function initials({ words }: Name): string {
  return words.map((word) => word.charAt(0)).join("");
}

let countries: ReadonlySet<string> | undefined;

function isCountry({ words }: Name): boolean {
  countries ??= countryNames();
  return countries.has(words.join(" "));
}

/** As the runtime's own data names them (Unicode CLDR). */
function countryNames(): ReadonlySet<string> {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".split("");
  const names = new Intl.DisplayNames("en", { type: "region", fallback: "none" });
  const found = letters.flatMap((one) => letters.map((other) => names.of(one + other)?.toLowerCase() ?? ""));
  return new Set(
    [
      ...found,
      "usa",
      "us",
      "czech republic",
      "uk",
      "england",
      "scotland",
      "europe",
      "asia",
      "africa",
      "america",
    ].filter((name) => name !== ""),
  );
}
