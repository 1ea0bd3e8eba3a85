import { termsOf } from "../text/analyzer.ts";
import type { Value } from "./evidence.ts";
import { commonOf, unsharedOf } from "./overlap.ts";
import { adjunctsOf, partsOf } from "./scope.ts";
import { isMoney } from "./units.ts";

/**
 * What narrows a sentence when it is held against one of another site, where words differ more than facts: less than what
 * counts within a site.
 */
export interface Narrowing {
  /** Parts, variants and cases: what one names and the other does not makes them two things. */
  readonly cases: ReadonlySet<number>;
  /** What stands around it: "in the tunnel". */
  readonly adjuncts: ReadonlySet<number>;
  /** All its terms: what both name in whatever place narrows neither. */
  readonly said: ReadonlySet<number>;
  /** Months, seasons and days it holds for. */
  readonly periods: ReadonlySet<string>;
  /** The year its page or its beginning is about. */
  readonly editions: ReadonlySet<string>;
  /** Where the thing of this name lies: "Ebrin on the coast". */
  readonly whereabouts: ReadonlySet<number>;
  /** The condition it stands under; empty where there is none. */
  readonly condition: string;
  /** How it begins, where that sets a time or a bound: "after", "for". */
  readonly bound: string;
}

const period =
  /\b(?:jan(?:uary)?|febr(?:uary)?|march|april|may|june|july|august|sept(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|spring|summer|autumn|winter|monday|tuesday|wednesday|thursday|friday|saturday|sunday|weekday|weekend|holiday|christmas|easter|night|daytime)(?=s?\b)/giu;
/** These are also verbs or first words. */
const capitalised = /^(?:may|march)$/iu;
const spokenOn =
  /\b(?:said|says|announced|reported|told|wrote|published|confirmed)(?:\s[\p{L}]+){0,3}?\s(?:on|last|this)\s\p{L}+/giu;
/** Behind the value (`#`): "for children", "in the tunnel"; not "between the capital and the coast". */
const trailing =
  /#\s*(?:[\p{L}-]+\s){0,2}?(?:for|in|at|on|under|over|within|inside|during)\s+(?!(?:the\s)?(?:two|three)\b)(?:the\s|an?\s)?(?!two|three|four|five|six|seven|eight|nine|ten|all\b|total\b|adults?\b|our\b|its\b|their\b)([\p{L}-]+(?:(?<=\bfor\s+[\p{L}-]+)\s[\p{L}-]+)?)/iu;
const edition = /(?<![\p{N}.,-])(?:1[5-9]\d\d|20\d\d)(?:[/–-]\d{2,4})?(?![\p{N}%]|[.,]\p{N})/gu;
const leadingYear = /^(?:In|For|During|Since|As of)\s(?:the\s(?:year|season)\s)?((?:1[5-9]|20)\d\d)\b/u;
const leadingCondition =
  /^(?:if|when|whenever|unless|(?:together )?with|without|including|excluding|apart|while|in case|as long as|provided|except|once|outside|during)\b/iu;
const bound =
  /^(?:before|after|until|during|outside|for|without|with|since|under|over|except|above|below|within)\b/iu;
const condition = /\b(?:if|when|whenever|unless|except|provided|as long as|with|without)\b/iu;
/** "Foreign keys that span shards": some of them. */
const relative = /(?<=\p{L}\s)(?:that|which|whose)\s(?!(?:the|an?|its|we|you|it|they)\b)/iu;
const anyCondition = new RegExp(condition.source, "giu");

/**
 * @param clause The part of the sentence that gives the value, `#` for a value other than yes or no.
 * @param headings Of the sentence, with the title of its page.
 */
export function narrowingOf(
  question: string,
  asked: ReadonlySet<number>,
  value: Value,
  clause: string,
  headings: string,
): Narrowing {
  const [before = ""] = clause.split("#");
  const isFixed = value.kind === "name" || value.kind === "date" || value.kind === "word";
  const periods = isFixed ? new Set<string>() : periodsIn(clause, question);
  return {
    cases: partsOf(clause, asked),
    adjuncts: isFixed ? new Set() : adjunctsOf(clause, asked, trailing),
    said: new Set(termsOf(clause)),
    periods,
    editions: value.kind === "date" ? editionsIn(clause, headings) : new Set(),
    whereabouts: whereaboutsIn(clause, asked),
    condition: conditionOf(question, value, clause),
    bound: isFixed || valueBehindWith.test(before) ? "" : (bound.exec(clause)?.[0].toLowerCase() ?? ""),
  };
}

/** Whether two sentences of different sites speak of different things or cases. */
export function differInNarrowing(one: Narrowing, other: Narrowing): boolean {
  return (
    areDisjoint(one.periods, other.periods) ||
    unsharedOf(one.cases, other.cases).size > 0 ||
    [...one.adjuncts].some((term) => !other.said.has(term)) ||
    [...other.adjuncts].some((term) => !one.said.has(term)) ||
    areDisjoint(one.editions, other.editions) ||
    areDisjoint(one.whereabouts, other.whereabouts) ||
    one.condition !== other.condition ||
    (one.bound !== "" && other.bound !== "" && one.bound !== other.bound)
  );
}

function areDisjoint<T>(one: ReadonlySet<T>, other: ReadonlySet<T>): boolean {
  return one.size > 0 && other.size > 0 && commonOf(one, other).size === 0;
}

function periodsIn(text: string, question: string): Set<string> {
  const asked = question.toLowerCase();
  return new Set(
    [...text.replace(spokenOn, "").matchAll(period)]
      .map(([word]) => word)
      .filter((word) => !capitalised.test(word) || /^\p{Lu}/u.test(word))
      .map((word) => word.toLowerCase())
      .filter((word) => !asked.includes(word)),
  );
}

function editionsIn(clause: string, headings: string): Set<string> {
  const lead = leadingYear.exec(clause)?.[1];
  return new Set([...(headings.match(edition) ?? []), ...(lead === undefined ? [] : [lead])]);
}

function whereaboutsIn(clause: string, asked: ReadonlySet<number>): Set<number> {
  const found = clause.matchAll(
    /(\p{Lu}[\p{L}\p{N}]*)\s(?:on|in|by|at|near|upon|under|of)\s(?:(?:the|a|an)\s)?([\p{L}-]{3,})/gu,
  );
  return new Set(
    [...found].flatMap(([, name = "", place = ""]) =>
      termsOf(name).some((term) => asked.has(term)) ? termsOf(place).filter((term) => !asked.has(term)) : [],
    ),
  );
}

/** A condition before the value, or of a price, a time or a yes right behind it; how many there are depends on less. */
function conditionOf(question: string, value: Value, clause: string): string {
  const asked = new Set(question.toLowerCase().match(anyCondition));
  const said = clause.replace(anyCondition, (word) => (asked.has(word.toLowerCase()) ? "" : word));
  if (value.kind === "verdict")
    return firstWords(
      [leadingCondition, condition, relative].map((form) => form.exec(said)?.index ?? -1),
      said,
    );
  if (value.kind === "name" || value.kind === "date" || value.kind === "word") return "";
  const [before = "", behind = ""] = said.split("#");
  const scene = before.replace(valueBehindWith, "");
  if (leadingCondition.test(scene) && scene.trim().split(/\s+/u).length > 1) return firstWords([0], scene);
  const depends =
    value.kind !== "quantity" ||
    isMoney(value.dimension) ||
    /time|percent|bytes/u.test(value.dimension) ||
    /\b(?:max|min|limit|default)/iu.test(question);
  const near = /^[^,;]{0,40}/u.exec(behind)?.[0] ?? "";
  return depends ? firstWords([condition.exec(near)?.index ?? -1], near) : "";
}

/** Words of a condition that tell it from another. */
const conditionWords = 3;

function firstWords(starts: readonly number[], text: string): string {
  const start = starts.find((index) => index >= 0);
  if (start === undefined) return "";
  return (
    text
      .slice(start)
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  )
    .slice(0, conditionWords)
    .join(" ");
}

/** "With a length of 5 km", "With room for 90": how a sentence brings its value. */
const valueBehindWith = /^with\s(?!the\s)(?:[\p{L}-]+\s){0,5}\s*$/iu;
