import { termsOf } from "../text/analyzer.ts";
import { impliedTerms } from "./asked.ts";

/** Statistics, editions, stages and groups: each is a case of its own, unless it is what is counted. */
const cases =
  /(?<!#\s+)\b(?:mean|average(?! (?:day|year|week|night|visitor|reader|person|winter|summer))|median|typical(?:ly)?|peak|theoretical|partial|metropolitan|children|child|kids|students?|seniors?|pensioners|residents|locals|citizens|reduced|discounted|refurbished|second-hand|private|shared|express|urgent|luxury|deluxe|economy|free|trial|pro|premium|enterprise|business|team|student|early|alphas?|betas?|preview|nightly|experimental|prototype|draft)\b/giu;
/** "For EU citizens ...", "On the free plan, ...": who or what the rest holds for. */
const leading =
  /^(?:(?:For|Among|To(?=\sthe))\s+((?:[\p{L}-]+\s+){1,3})|(?:In|On|At|Under|Within|Through|Using)\s+(?!(?:his|her|its|their|our|my)\s)([^,\d]{3,60}),)/u;
/** "In development the default ...". */
const leadingWord =
  /^(?:In|On|At|Under|Inside|During)\s+((?:(?:the|an?)\s+)?[\p{L}-]+(?:\s[\p{L}-]+)?)\s+(?=(?:the|a|an|its)\s)|^(\p{L}+ed),\s/u;
/** Behind the value (`#`): "for children", "in the tunnel". */
const trailing =
  /#\s*(?:[\p{L}-]+\s){0,2}?(?:for|in|at|on|above|under|over|below|within|inside|during|among|between|beyond)\s+(?:the\s|an?\s)?(?!two|three|four|five|six|seven|eight|nine|ten)([\p{L}-]+)/iu;
/** The same anywhere in a sentence that says yes or no. */
const between =
  /\s(?:at|above|under|over|below|within|inside|outside|during|among|between|beyond|after|before|except)\s+(?:the\s|an?\s)?([\p{L}\p{N}][\p{L}\p{N}.-]*)/giu;
/** Verbs, adverbs and prepositions, as far as they can be told by themselves. */
export const noModifier =
  /(?:s|ed|ing|ly)$|^(?:cannot|may|might|must|could|would|never|always|around|near|per|via|within|without|upon|onto|like)$/iu;
const words = /[\p{L}\p{N}_-]+/gu;
const partOf =
  /(?<![\p{L}\p{N}])([\p{L}-]+)(?:\s\p{N}{1,2})?\s+(?:of|in|on(?=\s\p{Lu})|inside|for|beside|behind|near|opposite|outside|around|next\s+to)\s+(?:(?:the|a|an|its|your)\s+)?(?=([\p{L}]+))/gu;
/** Verbs and adverbs; a wing is a part. */
const noPart = /(?:ly|ed|(?<!^(?:w|r|k|spr|str|build|ceil|rail|cross|land|paint))ing)$/iu;
/** "You can register for": a verb. */
const afterModal = /\b(?:can|could|may|might|must|to|will|would|should|you|we|they|not)\s$/iu;
/** Another of its kind: "the Morland tower". */
const otherName = /[\p{L}\p{N}]\s(?=(\p{Lu}\p{Ll}[\p{L}-]*)\s(\p{Ll}+))/gu;
/** A part of it: "the inner doors". */
const partName =
  /\b(inner|outer|upper|lower|rear|front|back|small|large|little|big|mini|old|new)\s(\p{L}+)/giu;
const compound =
  /(?<![\p{L}\p{N}])(?=([\p{L}]+)\s+((?:[\p{L}-]+\s+){1,2})(?:is|are|was|were|has|have|had|does|do|cannot|can)\b)/gu;
/** What the subject may be called, or what introduces a value of it. */
const plain: ReadonlySet<number> = new Set(
  termsOf(
    "town city country state village company firm product tool app software program service system novel book film total most end makers founder official currently default " +
      "tall long high limit size rate release setting option value parameter case founded located found used available supported enabled disabled required allowed listed shown",
  ),
);

/**
 * The words that narrow a claim to a part or a case of its subject: "main span" of the bridge, "free" plan, "EU citizens".
 * @param asked The question's terms.
 * @param text The sentence with `#` for its value, or as it is when that is a yes or no.
 */
export function scopeOf(text: string, asked: ReadonlySet<number>): Set<number> {
  return new Set([...partsOf(text, asked), ...adjunctsOf(text, asked)]);
}

/** Of those, the words of what stands around: "in the tunnel", "on the free plan". */
export function adjunctsOf(text: string, asked: ReadonlySet<number>, behind: RegExp = trailing): Set<number> {
  const scope = new Set<number>();
  const add = (words: string): void => {
    for (const term of narrowingTerms(words, asked)) scope.add(term);
  };
  const [, before, before2] = leading.exec(text) ?? [];
  add(before ?? before2 ?? "");
  const [, place, state] = leadingWord.exec(text) ?? [];
  // "At Kerrow stands the ...": the verb is no part of the place.
  add((place ?? "").replace(/\s(\S+)$/u, (_, word: string) => (noModifier.test(word) ? "" : ` ${word}`)));
  // "Used, it costs less": said of a state of it, however common the word.
  for (const term of termsOf(state ?? "")) if (!asked.has(term)) scope.add(term);
  add(behind.exec(text)?.[1] ?? "");
  if (!text.includes("#")) for (const [, place = ""] of text.matchAll(between)) add(place);
  return scope;
}

/** Of those, the words in the phrase of the subject itself: "main span", "season ticket". */
export function partsOf(text: string, asked: ReadonlySet<number>): Set<number> {
  const scope = new Set<number>();
  const isAsked = (term: number): boolean => asked.has(term) && !impliedTerms.has(term);
  const add = (words: string): void => {
    for (const term of narrowingTerms(words, asked)) scope.add(term);
  };
  for (const [word] of text.matchAll(cases)) add(word);
  for (const word of betweenAsked(text, isAsked)) add(word);
  for (const [, name = "", word = ""] of [...text.matchAll(otherName), ...text.matchAll(partName)])
    if (isSubject(word, isAsked)) add(name);
  for (const { 1: part = "", 2: whole = "", index } of text.matchAll(partOf)) {
    // Of "# litres of water" the litres are the value's.
    if (/#\s$/u.test(text.slice(0, index))) continue;
    if (!isSubject(whole, isAsked) || noPart.test(part) || afterModal.test(text.slice(0, index))) continue;
    add(part);
    // "The VIP area of": what kind of area.
    const kind = /(?<!\p{L})(\p{L}+)\s$/u.exec(text.slice(0, index))?.[1] ?? "";
    if (termsOf(part).some((term) => impliedTerms.has(term)) && !noModifier.test(kind)) add(kind);
  }
  for (const [, subject = "", rest = ""] of text.matchAll(compound)) {
    if (isSubject(subject, isAsked) && !/ly\s/u.test(rest)) add(rest);
  }
  return scope;
}

function narrowingTerms(words: string, asked: ReadonlySet<number>): number[] {
  return termsOf(words).filter((term) => !asked.has(term) && !impliedTerms.has(term) && !plain.has(term));
}

/** "Refresh" in "Sable refresh token", where Sable and its token are asked for. */
function betweenAsked(text: string, isAsked: (term: number) => boolean): string[] {
  const found = [...text.matchAll(words)];
  return found.flatMap(([word], index) => {
    const [before, after] = [found[index - 1], found[index + 1]];
    if (!before || !after || noModifier.test(word)) return [];
    const run = text.slice(before.index, after.index + after[0].length);
    return /[^\p{L}\p{N}\s_-]/u.test(run) || !isSubject(before[0], isAsked) || !isSubject(after[0], isAsked)
      ? []
      : [word];
  });
}

function isSubject(word: string, isAsked: (term: number) => boolean): boolean {
  const [term] = termsOf(word);
  return term !== undefined && isAsked(term);
}
