import { sentenceRanges, type Range } from "../text/sentences.ts";

/** What a question asks for, and how that stands in a quote: the first group, or all of the match. */
interface Value {
  readonly asks: RegExp;
  readonly stands: readonly RegExp[];
}

const amount =
  /(?<![\p{L}\p{N}_.-])(?:[$€£¥]\s?)?\d(?:[\d.,:]*\d)?(?:\s?(?:%|percent|bytes?|bits?|[kKMGT]i?B|ms|milliseconds?|seconds?|minutes?|hours?|days?|weeks?|months?|years?|times?|characters?|chars?|columns?|rows?|metres?|meters?|[A-Z]{3})\b)?/u;
const literal =
  /[“"`'][^”"`'\n]{1,60}[”"`']|<\/?[A-Za-z][\w-]*>|--?[A-Za-z][\w-]*|\w+(?:[_.:/]\w+)+(?:\(\))?|\w+\(\)|\b\p{Lu}{2,}\b/u;
const properName = /\p{Lu}[\p{L}'’.-]+(?:\s+(?:van|von|de|der|of|\p{Lu}[\p{L}'’.-]*))+/u;

/** The more telling questions first. */
const values: readonly Value[] = [
  {
    asks: /\bstands? for\b|\babbreviat|\bacronym/iu,
    stands: [/\(([^()]*\p{Ll}[^()]*)\)/u, /\bstands? for\s+([^.,;()]+)/iu, /\bshort for\s+([^.,;()]+)/iu],
  },
  {
    asks: /\bdefaults?\b/iu,
    stands: [
      /\bdefaults?(?:\s+[\w-]+){0,5}?\s+(?:is|are|was)\s+([^.,;()]*[\p{L}\p{N}](?:\.\d+)?)/iu,
      /\bdefaults?\s+to\s+([^.,;()]*[\p{L}\p{N}](?:\.\d+)?)/iu,
      /\bdefault(?:\s+value)?[:=]\s*([^.,;()\s]+(?:\s+\d\S*)?)/iu,
      amount,
    ],
  },
  {
    asks: /\b(?:what|which) year\b|\bwhen (?:was|were|did)\b/iu,
    stands: [/\b(?:1[89]|20)\d\d\b/u, /\b\d+\.\d+(?:\.\d+)*\b/u],
  },
  { asks: /\bversion\b|\brelease\b/iu, stands: [/\b\d+\.\d+(?:\.\d+)*\b/u] },
  {
    asks: /\bhow (?:many|much|long|far|old|often|tall|high|big|large|deep|fast)\b|\b(?:number|percentage|size|port|ratio|cost|fee|maximum|minimum|limit|status code|largest|smallest|longest|shortest|highest|lowest)\b/iu,
    stands: [
      amount,
      /\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|a dozen|a hundred|unlimited)\b/iu,
    ],
  },
  {
    asks: /\b(?:who|whom|whose)\b/iu,
    stands: [/\bby\s+((?:the\s+)?\p{Lu}[\p{L}'’.-]*(?:\s+(?:and\s+)?\p{Lu}[\p{L}'’.-]*)*)/u, properName],
  },
  {
    asks: /\b(?:which|what) (?:\w+ ){0,3}?(?:command|option|flag|function|method|module|class|parameter|directive|variable|program|setting|statement|token|exception|decorator|attribute|operator|keyword|file|utility|key)\b/iu,
    stands: [literal],
  },
];

/**
 * Where in a quote the value stands that a question asks for: a number with its unit, a default, a name, a literal. What
 * the question says itself is not its answer; of several, the one in the sentence that is worth most to the question.
 */
export function answerSpan(
  question: string,
  quote: string,
  worthOf: (sentence: string) => number = () => 0,
): Range | undefined {
  const asked = values.find(({ asks }) => asks.test(question));
  const said = question.toLowerCase();
  const sentences = sentenceRanges(quote)
    .map((range) => ({ ...range, worth: worthOf(quote.slice(range.start, range.end)) }))
    .sort((one, other) => other.worth - one.worth);
  for (const pattern of asked?.stands ?? []) {
    const places = [...quote.matchAll(new RegExp(pattern.source, `${pattern.flags}gd`))]
      .map(({ indices }) => trimmed(quote, indices?.[1] ?? indices?.[0] ?? [0, 0]))
      .filter(({ start, end }) => end > start && !said.includes(quote.slice(start, end).toLowerCase()));
    for (const sentence of sentences) {
      const place = places.find(({ start, end }) => start >= sentence.start && end <= sentence.end);
      if (place) return place;
    }
  }
  return undefined;
}

function trimmed(quote: string, [start, end]: readonly [number, number]): Range {
  const text = quote.slice(start, end);
  const lead = text.length - text.trimStart().length;
  return { start: start + lead, end: start + lead + text.trim().length };
}
