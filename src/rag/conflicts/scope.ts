import { termsOf } from "../analyzer.ts";

/** Statistics, editions and stages: each is a case of its own. */
const cases =
  /\b(?:mean|average|median|typical(?:ly)?|peak|theoretical|partial|main|metropolitan|free|trial|pro|premium|enterprise|business|team|student|early|alphas?|betas?|preview|nightly|experimental|prototype|draft)\b/giu;
/** "For EU citizens ...", "On the free plan, ...": who or what the rest holds for. */
const leading =
  /^(?:(?:For|Among)\s+((?:[\p{L}-]+\s+){1,3})|(?:In|On|At|Under|Within|Through|Using)\s+([^,\d]{3,60}),)/u;
const partOf =
  /(?<![\p{L}\p{N}])([\p{L}-]+)\s+(?:of|in|inside|for)\s+(?:(?:the|a|an|its|your)\s+)?(?=([\p{L}]+))/gu;
const compound =
  /(?<![\p{L}\p{N}])(?=([\p{L}]+)\s+((?:[\p{L}-]+\s+){1,2})(?:is|are|was|were|has|have|had|does|do|cannot|can)\b)/gu;
/** What the subject may be called, or what introduces a value of it. */
const plain: ReadonlySet<number> = new Set(
  termsOf(
    "town city country state village island company firm product tool app software program service system novel book film total most end makers founder official currently default " +
      "tall long high limit size rate release setting option value parameter case founded located found used available supported enabled disabled required allowed listed shown",
  ),
);

/**
 * The words that narrow a claim to a part or a case of its subject: "main span" of the bridge, "free" plan, "EU citizens".
 * @param isAsked Whether a term is the question's, or stands for the kind of value it asks for.
 * @param text The sentence without its value.
 */
export function scopeOf(text: string, isAsked: (term: number) => boolean): Set<number> {
  const scope = new Set<number>();
  const add = (words: string): void => {
    for (const term of termsOf(words)) if (!isAsked(term) && !plain.has(term)) scope.add(term);
  };
  for (const [word] of text.matchAll(cases)) add(word);
  const [, before, before2] = leading.exec(text) ?? [];
  add(before ?? before2 ?? "");
  for (const [, part = "", whole = ""] of text.matchAll(partOf)) {
    if (isSubject(whole, isAsked) && !/(?:ly|ed|ing)$/u.test(part)) add(part);
  }
  for (const [, subject = "", rest = ""] of text.matchAll(compound)) {
    if (isSubject(subject, isAsked) && !/ly\s/u.test(rest)) add(rest);
  }
  return scope;
}

function isSubject(word: string, isAsked: (term: number) => boolean): boolean {
  const [term] = termsOf(word);
  return term !== undefined && isAsked(term);
}
