import { termsOf } from "../text/analyzer.ts";
import { impliedTerms } from "./question.ts";
import { clauseOf } from "./clause.ts";
import type { Value } from "./evidence.ts";
import { commonOf, unsharedOf } from "./overlap.ts";
import { withPlainWords } from "./plain-words.ts";
import { generationsIn, versionsAgree, versionsIn } from "./versions.ts";

// Two sentences that give different values can both be true where one speaks of a part, a variant, a case or a time of what
// the other speaks of. What says so is looked for in three places: in the phrase of what is asked ("main span", "summary of the
// report"), around the sentence ("in winter, ...", "... for children"), and among words that are never said without need
// (versions, platforms, years, "read" where another says "write").

/** What narrows a claim: where two claims are narrowed differently, both can be true. */
export interface Narrowing {
  /** Of the phrase of what is asked: "main" span, "season" ticket. */
  readonly parts: ReadonlySet<number>;
  /** Of what stands around: "in the tunnel". What both say in whatever place narrows neither. */
  readonly cases: ReadonlySet<number>;
  readonly said: ReadonlySet<number>;
  /** The condition it stands under; empty where there is none. */
  readonly condition: string;
  /** Versions named in the sentence or a heading, and those that the whole page is about. */
  readonly versions: readonly string[];
  readonly pageVersions: readonly string[];
  readonly years: ReadonlySet<string>;
  /** Whether it tells of what was, is planned, or changed. */
  readonly isPast: boolean;
  /** Sides of an opposition: "client", "read", "min". */
  readonly sides: ReadonlySet<string>;
  /** Options of a command, as "--num-callers". */
  readonly options: ReadonlySet<string>;
}

/** A year behind a verb is when that happened, no more. */
const years =
  /(?<!\b(?:\p{L}+ed|built|born|made|won|set)\s)\b(?:in|of|since|until|by|during|before|after|from|for|year|as of)\s(1[5-9]\d\d|20\d\d)\b|\((1[5-9]\d\d|20\d\d)\)/giu;
const edition = /(?<![\p{N}.,-])(?:1[5-9]|20)\d\d(?![\p{N}%]|[.,]\p{N})/gu;
const past =
  /\b(?:previously|formerly|originally|used to|no longer|historically|(?:was|has been|have been) (?:changed|raised|increased|reduced|lowered)|(?:changed|raised|increased|reduced|lowered) (?:from|to)|until (?:\d{4}|then|recently)|(?:grew|rose|fell) (?:to|by|from)|additional|another|extra|legacy|obsolete|earlier|laid off|hired|lost|gained|in future|plans|planned|proposed|estimated|projected|expected|will (?:be|become|have))\b/iu;
/** "Was mayor from 1951 to 1960", where who is mayor is asked for. */
const wasThen = /\b(?:was|were|had)\b.*\b(?:from|in|until|during) \d{4}\b/iu;
const asksNow = /^\s*\S+ (?:do|does|is|are|will)\b/iu;
const opposed = (
  "min|max minimum|maximum client|server read|write input|output soft|hard upload|download inbound|outbound incoming|outgoing request|response source|destination " +
  "http|https free|pro|premium|enterprise|team|basic|business adult|child|senior|student male|female men|women daily|weekly|monthly|yearly|annual " +
  "internal|external public|private north|south|east|west upper|lower first|second|third|last local|remote primary|secondary|replica production|staging test|debug|release " +
  "idle|connect|read|total hot|cold signed|unsigned single|double ascending|descending start|end begin|close " +
  "Windows|linux|macos|mac|unix|ios|android|freebsd|docker|kubernetes arm|arm64|x86|amd64 chrome|firefox|safari ipv4|ipv6 mobile|desktop"
)
  .split(" ")
  .map((group) => group.split("|"));
const sides = new Set(opposed.flat());

const option = /(?<![\p{L}\p{N}_-])--\p{L}[\p{L}\p{N}]*(?:-[\p{L}\p{N}]+)*/gu;
const condition =
  /\b(?:if|when|whenever|unless|except|provided|as long as|(?:together )?with|without|outside|during)\b/giu;
/** "After 5 pm the ticket", but not "After 40 minutes the train", "With room for 90", which bring the value. */
const scene =
  /^(?:if|when|whenever|unless|except|(?:together )?with|without|outside|during|while|before|after|until|since|once)\b(?!\s(?:(?!the\s)[\p{L}-]+\s){0,5}#)/iu;
/** What says no more than "by default". */
const noCondition =
  /\b(?:if|when|unless|where)\b[^,.;]{0,40}\b(?:given|specified|set|passed|provided|present|configured|changed|omitted|missing|stated|overridden|otherwise)\b/giu;
/** Words of a condition that tell it from another. */
const conditionWords = 3;

/** @param headings Of the sentence, without the title of its page. */
export function narrowingOf(
  question: string,
  headings: string,
  title: string,
  value: Value,
  quote: string,
): Narrowing {
  const path = headings.replace(title, "");
  const isVerdict = value.kind === "verdict";
  const isLasting = value.kind === "name" || value.kind === "date" || value.kind === "word";
  const said = isVerdict ? quote : `${quote.slice(0, value.start)}#${quote.slice(value.end)}`;
  const { from, to } = clauseOf(quote, value.start, value.end);
  const clause = isVerdict
    ? quote.slice(from, to)
    : `${quote.slice(from, value.start)}#${quote.slice(value.end, to)}`;
  const asked = new Set(question.toLowerCase().match(/[\p{L}\p{N}]+/gu));
  const askedTerms = new Set(termsOf(withPlainWords(question)));
  const isNew = (word: string): boolean => !asked.has(word);
  const bare = withPlainWords(clause.replace(noCondition, "").trim());
  const yearsIn = [...`${path}\n${said}`.matchAll(years)].map((match) => match[1] ?? match[2] ?? "");
  return {
    parts: partsOf(bare, askedTerms),
    cases: isLasting ? new Set() : casesOf(bare, askedTerms, isVerdict),
    said: new Set(termsOf(bare)),
    condition: isLasting ? "" : conditionOf(bare, value, asked),
    versions:
      value.kind === "version"
        ? []
        : versionsIn(`${path}\n${said}`).flatMap(({ shown }) => (question.includes(shown) ? [] : [shown])),
    pageVersions: [...versionsIn(title).map(({ shown }) => shown), ...generationsIn(question, said)],
    years: new Set(
      (value.kind === "date" ? (`${title}\n${path}`.match(edition) ?? []) : yearsIn).filter(isNew),
    ),
    isPast: past.test(clause) || (asksNow.test(question) && wasThen.test(clause)),
    sides: new Set(
      (`${path}\n${clause}`.match(/[\p{L}\p{N}]+/gu) ?? [])
        .map((word) => (sides.has(word) ? word : word.toLowerCase()))
        .filter((word) => sides.has(word)),
    ),
    options: new Set(said.match(option)),
  };
}

/** Whether two claims speak of different things or cases, so that their values do not contradict. */
export function differInNarrowing(one: Narrowing, other: Narrowing): boolean {
  return (
    differInVersions(one, other) ||
    areDisjoint(one.years, other.years) ||
    areDisjoint(one.options, other.options) ||
    one.isPast !== other.isPast ||
    one.condition !== other.condition ||
    unsharedOf(one.parts, other.parts).size > 0 ||
    [...one.cases].some((term) => !other.said.has(term)) ||
    [...other.cases].some((term) => !one.said.has(term)) ||
    opposed.some((group) => areDisjoint(sideIn(group, one), sideIn(group, other)))
  );
}

function sideIn(group: readonly string[], { sides }: Narrowing): Set<string> {
  return new Set(group.filter((word) => sides.has(word)));
}

function differInVersions(one: Narrowing, other: Narrowing): boolean {
  const all = [...one.versions, ...one.pageVersions];
  const others = [...other.versions, ...other.pageVersions];
  if (all.length === 0 || others.length === 0) return one.versions.length + other.versions.length > 0;
  return !all.some((version) =>
    others.some((another) => versionsAgree(asVersion(version), asVersion(another))),
  );
}

function asVersion(shown: string) {
  return { parts: shown.split(".") };
}

function areDisjoint<T>(one: ReadonlySet<T>, other: ReadonlySet<T>): boolean {
  return one.size > 0 && other.size > 0 && commonOf(one, other).size === 0;
}

/** Where no value can be compared: statistics and groups of people, each a case of its own. */
const groups =
  /(?<!#\s?)\b(?:default|usually|mean|average(?! (?:day|year|week|night))|median|typical|peak|partial|metropolitan|children|child|kids?|students?|seniors?|pensioners|residents|locals|citizens|reduced|discounted|refurbished|second-hand|private|express|luxury|free|trial|pro|premium|enterprise|team|early|alpha|beta|preview|nightly|experimental|prototype|draft)\b/giu;
/** "The summary of", "the hall beside". */
const partOf =
  /(?<![\p{L}\p{N}#])([\p{L}-]+)(?:\s\p{N}{1,2})?\s+(?:of|in|on(?=\s\p{Lu})|inside|for|beside|behind|near|opposite|outside|around|next\s+to)\s+(?:(?:the|a|an|its|your)\s+)?(?=(\p{L}+))/gu;
/** Another of its kind, "the Morland tower", or a part of it, "the inner doors". */
const modified =
  /(?:[\p{L}\p{N}]\s(\p{Lu}\p{Ll}[\p{L}-]*)|\b(inner|outer|upper|lower|rear|front|back|small|large|little|big|mini|old|new|Inner|Outer|Upper|Lower|Small|Large|Little|Old|New))\s(?=(\p{L}+))/gu;
/** "Ticket office is": the thing is the office. */
const compound =
  /(?<![\p{L}\p{N}])(?=(\p{L}+)\s+((?:[\p{L}-]+\s+){1,2})(?:is|are|was|were|has|have|had|does|do|can|cannot)\b)/gu;
/** Verbs, adverbs and prepositions, as far as they can be told by themselves; a wing is a part. */
const noModifier =
  /(?:s|ed|ing|ly)$|^(?:cannot|may|might|must|could|would|never|always|around|near|per|via|within|without|upon|onto|like)$/iu;
const noPart = /(?:ly|ed|(?<!^(?:w|r|k|spr|str|build|ceil|rail|cross|land|paint))ing)$/iu;
/** What the subject may be called, or what introduces a value of it. */
const plain: ReadonlySet<number> = new Set(
  termsOf(
    "town city country state village company firm product tool app software program service system novel book film total most end makers founder official currently default " +
      "tall long high limit size rate release setting option value parameter case founded located found used available supported enabled disabled required allowed listed shown",
  ),
);

/** The words that make of what is asked a part or a variant. */
function partsOf(text: string, asked: ReadonlySet<number>): Set<number> {
  const isAsked = (word = ""): boolean =>
    termsOf(word)
      .slice(0, 1)
      .some((term) => asked.has(term) && !impliedTerms.has(term));
  const words = [...text.matchAll(/[\p{L}\p{N}_-]+/gu)];
  // "Refresh" in "Sable refresh token", where Sable and its token are asked for.
  const between = words.flatMap(([word], index) => {
    const [before, after] = [words[index - 1], words[index + 1]];
    const isOnePhrase = before && after && /^[\p{L}\p{N}\s_-]+$/u.test(text.slice(before.index, after.index));
    return isOnePhrase && isAsked(before[0]) && isAsked(after[0]) && !noModifier.test(word) ? [word] : [];
  });
  const found = [
    ...between,
    ...[...text.matchAll(groups)].map(([word]) => word),
    ...[...text.matchAll(modified)].flatMap((match) =>
      isAsked(match[3]) ? [match[1] ?? match[2] ?? ""] : [],
    ),
    ...[...text.matchAll(partOf)].flatMap(([, part = "", whole]) =>
      isAsked(whole) && !noPart.test(part) ? [part] : [],
    ),
    ...[...text.matchAll(compound)].flatMap(([, subject, rest = ""]) =>
      isAsked(subject) && !/ly\s/u.test(rest) ? [rest] : [],
    ),
  ];
  return narrowingTerms(found.join(" "), asked);
}

/** "For EU citizens ...", "On the free plan, ...", "In development the ...", "Used, ...". */
const leading =
  /^(?:(?:For|Among|To(?=\sthe))\s+((?:[\p{L}-]+\s+){1,3})|(?:In|On|At|Under|Within|Through|Using|Outside|During|To)\s+(?!(?:his|her|its|their|our|my)\s)(?:([^,\d#]{3,60}),|((?:(?:the|an?)\s+)?[\p{L}-]+(?:\s[\p{L}-]+)?)\s+(?=(?:the|a|an|its)\s))|(\p{L}+ed),\s)/u;
/** Behind the value: "for children", "in the tunnel". */
const trailing =
  /#\s*(?:[\p{L}-]+\s){0,2}?(?:for|in|at|on|under|over|within|inside|outside|during)\s+(?:the\s|an?\s)?(?!two|three|four|five|six|seven|eight|nine|ten|all\b|total\b|adults?\b|our\b|its\b|their\b)([\p{L}-]+(?:(?<=\bfor\s+[\p{L}-]+)\s[\p{L}-]+)?)/iu;
/** The same anywhere in a sentence that says yes or no. */
const anywhere =
  /\s(?:at|above|under|over|below|within|inside|outside|during|among|between|beyond|after|before|except)\s+(?:the\s|an?\s)?([\p{L}\p{N}][\p{L}\p{N}.-]*)/giu;

/** The words of the case it holds in. */
function casesOf(text: string, asked: ReadonlySet<number>, isVerdict: boolean): Set<number> {
  const scenes = (leading.exec(text) ?? []).slice(1);
  const behind = isVerdict
    ? [...text.matchAll(anywhere)].map(([, place]) => place)
    : [trailing.exec(text)?.[1]];
  return narrowingTerms([...scenes, ...behind].join(" "), asked);
}

function narrowingTerms(words: string, asked: ReadonlySet<number>): Set<number> {
  return new Set(
    termsOf(words).filter((term) => !asked.has(term) && !impliedTerms.has(term) && !plain.has(term)),
  );
}

/** The condition that sets the scene, or that a price, a time or a share has right behind it; a yes or no depends on one anywhere. */
function conditionOf(text: string, value: Value, asked: ReadonlySet<string>): string {
  const depends = value.kind === "quantity" && /^[A-Z]{3}|time|percent|bytes/u.test(value.dimension);
  const at = text.indexOf("#");
  const near =
    value.kind === "verdict" ? text : depends ? (/^#[^,;]{0,40}/u.exec(text.slice(at))?.[0] ?? "") : "";
  const behind = [...near.matchAll(condition)].find(([word]) => !asked.has(word.toLowerCase()));
  const said = scene.test(text) ? text : behind && text.slice(Math.max(at, 0) + behind.index);
  return (said?.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, conditionWords).join(" ");
}
