import { termsOf } from "../text/analyzer.ts";
import type { Value } from "./evidence.ts";
import { withPlainWords } from "./plain-words.ts";
import { isMoney } from "./units.ts";
import { asDenials } from "./plain-words.ts";
import { asksForWord } from "./words.ts";

/** What a question asks for: the kind of value, and the words that tell of what. */
export interface Question {
  readonly text: string;
  /** Only such values can contradict each other as answers; the first that a sentence has is meant. */
  readonly kinds: readonly Value["kind"][];
  /** Of quantities: whether this dimension can be the answer. */
  readonly isOfDimension: (dimension: string) => boolean;
  /** The noun of "how many" with others for the same, as terms; empty where there is none. */
  readonly counted: ReadonlySet<number>;
  /** The telling terms with their weights. */
  readonly weights: ReadonlyMap<number, number>;
  readonly total: number;
  /** One of these a sentence must hold itself: what was done, of who did it or when. */
  readonly relation: ReadonlySet<number>;
  /** Whether the right answer changes over the years, so that a newer page knows better. */
  readonly variesWithTime: boolean;
}

type Form = readonly [
  asks: RegExp,
  kinds: readonly Value["kind"][],
  dimensions?: readonly string[] | "money" | "measured" | "any",
];

/** The first that fits holds. A question of no form has no values to compare. */
const forms: readonly Form[] = [
  [/^\s*(?:is|are|was|were|do|does|did|can|could|has|have|had|will|should|must|may)\b/iu, ["verdict"]],
  [
    /\b(?:who|whom|whose|where)\b|\b(?:which|what) (?:\w+ )?(?:city|country|town|state|place|person|company|organi[sz]ation|university|team|author|language|capital)\b|^\s*what (?:is|was|are|were) the (?:\p{L}+ ){0,2}(?:capital|language|currency|name|nickname|title)\b/iu,
    ["name"],
  ],
  [
    /\bwhat time\b|\b(?:opening|closing|departure|arrival|check-in|check-out) (?:time|hour)s?\b/iu,
    ["quantity"],
    ["clock"],
  ],
  [
    /\b(?:which|what|latest|current|newest|minimum|required|stable)\b.*\b(?:versions?|release)\b/iu,
    ["version"],
  ],
  [
    /^\s*(?:(?:and|since|until|by)\s)?when\b|\b(?:which|what) (?:\w+ )?(?:year|date|day|month)\b|\b(?:release|launch|birth|founding|expiry) date\b/iu,
    ["date", "version", "quantity"],
    ["clock"],
  ],
  // "Port Elder" is a place.
  [/\bports?\b/u, ["quantity"], [""]],
  [/\bdefaults?\b/iu, ["quantity", "literal"]],
  [
    /^(?!\s*how (?:many|often|old|long|far|tall|high|fast|heavy)\b).*\b(?:prices?|costs?|fees?|fares?|toll|(?<!\bto )rent|admission|deposit|salary|revenue|budget)\b|\bhow (?:expensive|cheap)\b/iu,
    ["quantity"],
    "money",
  ],
  [/\b(?:percent|percentage|share|proportion|turnout)\b/iu, ["quantity"], ["percent"]],
  [
    /\bhow (?:long|old)\b|\b(?:time-?out|interval|duration|lifetime|period|ttl|latency|delay|age)\b/iu,
    ["quantity"],
    ["time", "length", ""],
  ],
  [
    /\bhow (?:tall|high|wide|deep|far|thick|big|large|heavy|hot|cold|warm|fast)\b|\b(?:height|width|depth|length|distance|diameter|elevation|altitude|area|weight|mass|weighs?|temperature|speed|rate|throughput|bandwidth)\b/iu,
    ["quantity"],
    "measured",
  ],
  [
    /\bhow (?:many|often|much)\b|\b(?:number of|population|max(?:imum)?|min(?:imum)?|limits?|capacity|size|memory|power|voltage|range|circumference|span|yield|rating|density|volume)\b|\b(?:larg|small|long|short|high|low|few)est\b/iu,
    ["quantity"],
  ],
  [
    /\b(?:which|what) (?:\w+ ){0,2}?(?:command|function|option|flag|method|module|class|parameter|setting|exception|error|keyword|directive|header|variable|statement|operator|attribute)\b/iu,
    ["literal"],
  ],
  [
    /\b(?:colou?r|material|season|weekday|century)s?\b|\b(?:made|built|cast|carved|constructed) (?:out )?(?:of|from)\b/iu,
    ["word"],
  ],
  // Any other "which river", "the name of": what has a capital.
  [
    /^(?:\p{L}+ )?(?:which|what) (?!(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|must|may|might|happens?|happened|kinds?|types?|sorts?|steps|makes?|means?)\b)\p{Ll}{3,}|\b(?:name of|called|named)\b/iu,
    ["name"],
  ],
  // "What is the boiling point of ...": whatever can be measured or dated; the attribute must be named.
  [
    /^\s*(?:what|which) (?:is|are|was|were) (?:the|its|their) (?:\p{L}+ ){1,4}(?:of|for|in|on|at)\b|^\s*(?:at|to|by|with|in|on) (?:what|which)\b/iu,
    ["quantity", "date"],
    "measured",
  ],
];

/** Nouns that a count may be given of in place of each other. */
const countedAlike = [
  "people inhabitants residents citizens souls persons population",
  "people passengers spectators seats visitors guests places",
  "people employees workers staff members jobs",
  "people students pupils children learners",
  "storeys stories floors levels",
].map((words) => new Set(termsOf(words)));

/** Terms that stand for a kind of value, and tell nothing of whose value it is. */
export const impliedTerms: ReadonlySet<number> = new Set(
  termsOf(
    "tall high wide deep far thick big large heavy hot cold warm fast long old often many much year date day month version release height width depth length distance elevation altitude " +
      "weight mass weigh temperature speed price cost expensive cheap fee age module function method command option flag setting parameter library program called name named " +
      "number value amount maximum minimum max min limit city country person people place percent percentage latest current newest per exact take last happen used set come share get class object company work area volume capacity circumference diameter must point",
  ),
);

const timely =
  /\b(?:latest|current|currently|newest|now|today|recent|population|price|prices|cost|costs|fee|salary|revenue|employees|members|users|version|release|ceo|president|director|leader|minister|record|still|stable)\b/iu;
/** What is answered by an account, of which there are many. */
const explains = /^\s*(?:why|how (?:do|does|did|to|can|could|should|is|are|was|were|come))\b/iu;

/**
 * What a question asks for; nothing when its answers cannot be told to differ.
 * @param idf The weight of a term id among the indexed passages. Absent, all weigh the same.
 */
export function readQuestion(text: string, idf: (term: number) => number = () => 1): Question | undefined {
  const form = explains.test(text) ? undefined : forms.find(([asks]) => asks.test(text));
  if (!form) return undefined;
  const [, [kind = "quantity", ...others], dimensions = "any"] = form;
  const isPlain = kind === "verdict" || kind === "literal" || kind === "word" || !asksForWord(text);
  const all = [...new Set(termsOf(withPlainWords(kind === "verdict" ? asDenials(text, text) : text)))];
  const telling = all.filter((term) => !impliedTerms.has(term));
  const weights = new Map((telling.length > 0 ? telling : all).map((term) => [term, idf(term)]));
  return {
    text,
    kinds: [kind, ...others, ...(isPlain ? [] : ["word" as const])],
    isOfDimension: (dimension) => {
      if (dimensions === "any") return dimension !== "clock";
      if (dimensions === "measured") return dimension !== "";
      return dimensions === "money" ? isMoney(dimension) : dimensions.includes(dimension);
    },
    counted: countedIn(/\bhow many ((?:[\w-]+ )?[\w-]+)/iu.exec(text)?.[1] ?? ""),
    weights,
    total: [...weights.values()].reduce((sum, weight) => sum + weight, 0),
    relation: relationOf(text, kind, telling),
    variesWithTime: timely.test(text),
  };
}

/** Behind the noun of "how many": the verb, or what it is of. */
const noNoun =
  /\s(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|must|may|of|in|on|at|per|a|an|the|there|\p{L}+ed)$/u;

function countedIn(noun: string): ReadonlySet<number> {
  const terms = termsOf(noun.replace(noNoun, ""));
  return new Set([
    ...terms,
    ...countedAlike.filter((alike) => terms.some((term) => alike.has(term))).flatMap((alike) => [...alike]),
  ]);
}

function relationOf(text: string, kind: Value["kind"], telling: readonly number[]): ReadonlySet<number> {
  if (kind === "name" && /^\s*who\b/iu.test(text)) return new Set(telling.slice(0, 1));
  if (kind !== "date") return new Set();
  const common = new Set(termsOf(withPlainWords(text.replace(/\p{Lu}[\p{L}\p{N}]*/gu, " "))));
  return new Set(telling.filter((term) => common.has(term)));
}

/** Share of the question's weight that these terms have. */
export function coverageOf({ weights, total }: Question, terms: ReadonlySet<number>): number {
  let covered = 0;
  for (const term of terms) covered += weights.get(term) ?? 0;
  return total > 0 ? covered / total : 0;
}
