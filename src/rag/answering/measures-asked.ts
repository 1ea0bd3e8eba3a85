/** A thing that a question may ask to have told, and whether a quote tells one that the question does not. */
interface Measure {
  readonly asks: RegExp;
  readonly isTold: (quote: string, question: string) => boolean;
}

/** "How many virtual hosts are": the last word before the verb is what is counted. */
const counted =
  /\bhow many (?:[\w'-]+ ){0,2}?([\w'-]+)(?= (?:does|do|did|can|could|may|must|should|will|would|is|are|was|were|has|have|of|in|at|on|per|a|the|need\w*|i|you|for|that|to|from|with|by)\b|[?,]|$)|\bnumber of ([\w'-]+)/iu;
/** Where its number may stand: behind at most three further words, or in digits at most ten words before its number. */
const wordsBehind = 4;
const wordsAhead = 10;

const written =
  "zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|ninety|hundreds?|thousands?|millions?|billions?|dozens?|unlimited|infinite|unbounded|none|half|twice";
const quantity = new RegExp(`(?<![\\w.])(?:\\d[\\d.,]*|${written})(?!\\w)`, "giu");
/** With words that count beside what they count, and say little alone. */
const count = new RegExp(
  `(?<![\\w.])(?:\\d[\\d.,]*|${written}|one|no|any|once|single|both|several|never|as many|arbitrary|all)(?!\\w)`,
  "giu",
);
/** Numbers that only name a thing: of a version, a table, a heading. */
const label =
  /\b(?:versions?|tables?|figures?|sections?|chapters?|examples?|steps?|lines?|page|pep|rfc|appendix)\s+\d[\d.]*|^\s*\d+(?:\.\d+)+\.?\s/gimu;
const period =
  /\b(?:ms|msec|microsecond|millisecond|sec|second|minute|min|hour|day|week|month|quarter|year|decade|centur(?:y|ie)|dail|weekl|monthl|yearl|annuall)(?:s|y)?\b|\b(?:every|each|once|twice|forever|never|indefinite\w*|until|immediately|as (?:long|soon) as)\b/iu;
const date =
  /\b(?:1[5-9]|20)\d\ds?\b|\b\d+\.\d+\b|\b(?:january|february|march|april|june|july|august|september|october|november|december)\b/giu;
const person =
  /(?:\bby\s+(?:the\s+)?|\b[Aa]uthor\w*:?\s+)\p{Lu}\w+|\p{Lu}\p{Ll}+ (?:\p{Lu}\. ?)?(?:(?:van|von|de|den|la) )?\p{Lu}\p{Ll}+/u;
const role =
  /\b(?:user|administrator|owner|root|author|developer|maintainer|group|member|people|anyone|everyone|company|team|employee|employer|customer|client)s?\b/iu;
/** Whoever did such a thing is told by name. */
const asksMaker =
  /^\s*who (?:is|was|wrote|invented|created|designed|founded|developed|discovered|painted|made|maintains)\b/iu;
const colour =
  /\b(?:red|green|blue|yellow|black|white|gr[ae]y|orange|purple|pink|brown|violet|cyan|magenta|transparent)\b/iu;
const money = /[$€£]\s?\d|\d\s?(?:dollar|euro|usd|eur|cent|pound)s?\b|\bfree\b/iu;
const unit =
  /\bin ((?:micro|milli)?seconds?|minutes?|hours?|days?|pixels?|(?:kilo|mega|giga)?bytes?|percent)\b/iu;

const measures: readonly Measure[] = [
  { asks: counted, isTold: tellsCount },
  {
    asks: /\bhow (?:much|big|large|tall|wide|high|far|deep|fast|heavy)\b|\b(?:size|width|height|length|resolution|percentage|ratio|maximum|minimum)\b/iu,
    isTold: (quote, question) => counted.test(question) || newOnes(quantity, quote, question).length > 0,
  },
  {
    asks: /\bhow (?:long|old|often|soon|quickly)\b/iu,
    isTold: (quote, question) => period.test(quote) || newOnes(quantity, quote, question).length > 0,
  },
  {
    asks: /\bwhen (?:was|were|did|will)\b|\b(?:what|which) (?:year|date|month)\b/iu,
    isTold: (quote, question) =>
      newOnes(date, quote, question).some(
        ([found]) => found.length > 3 || !/\byear\b|\bwill\b/iu.test(question),
      ),
  },
  {
    asks: /^\s*who\b|\bwhose\b|\bwhich (?:person|author|developer|company|artist)\b/iu,
    isTold: (quote, question) => person.test(quote) || (!asksMaker.test(question) && role.test(quote)),
  },
  { asks: /\b(?:what|which) colou?r\b/iu, isTold: (quote) => colour.test(quote) },
  { asks: /\b(?:fee|costs?)\b|\bhow much money\b/iu, isTold: (quote) => money.test(quote) },
  {
    asks: unit,
    isTold: (quote, question) => holdsWord(quote.split(/\W+/u), unit.exec(question)?.[1] ?? ""),
  },
];

/**
 * Whether a question asks how many there are of a thing, how much, how long, when, who, which colour, at what cost or in
 * which unit, and a quote does not tell: "Which is the largest number of transactions?" is not answered by "one file
 * contains many transactions".
 */
export function lacksMeasure(question: string, quote: string): boolean {
  return measures.some(({ asks, isTold }) => asks.test(question) && !isTold(quote, question));
}

/** A number beside what is counted, in one clause. */
function tellsCount(quote: string, question: string): boolean {
  const [, one, other] = counted.exec(question) ?? [];
  const thing = one ?? other ?? "";
  if (/^(?:dollars?|euros?|percent)$/iu.test(thing)) return /[$€%]|\d/u.test(quote);
  return newOnes(count, quote, question).some(({ 0: found, index, input }) => {
    const behind = input.slice(index + found.length).split(/[.;:]\s/u)[0] ?? "";
    if (holdsWord(wordsOf(behind).slice(0, wordsBehind), thing)) return true;
    const ahead =
      input
        .slice(0, index)
        .split(/[.;:]\s/u)
        .at(-1) ?? "";
    return /^\d/u.test(found) && holdsWord(wordsOf(ahead).slice(-wordsAhead), thing);
  });
}

/** What a quote has of a kind and the question does not name itself. */
function newOnes(pattern: RegExp, quote: string, question: string): RegExpExecArray[] {
  const said = new Set(question.toLowerCase().match(/[\w.,]*\w/gu));
  return [...quote.replace(label, " ").matchAll(pattern)].filter(
    ([found]) => !said.has(found.toLowerCase().replace(/[.,]+$/u, "")),
  );
}

/** The same word in any of its forms, or shortened: "chars" for "characters". */
function holdsWord(words: readonly string[], word: string): boolean {
  const begin = word.toLowerCase().slice(0, 4);
  return words.some((one) => one.toLowerCase().replace(/s$/u, "").slice(0, 4) === begin.replace(/s$/u, ""));
}

function wordsOf(text: string): string[] {
  return text.match(/[\w'-]+/gu) ?? [];
}
