import { termsOf } from "../analyzer.ts";
import type { Value } from "./evidence.ts";
import { isMoney } from "./units.ts";
import { asksForWord } from "./word-classes.ts";

/** What kind of value a question wants: only such values can contradict each other as answers to it. */
export interface Asked {
  readonly kinds: readonly Value["kind"][];
  /** Of quantities: whether this dimension can be the answer. */
  readonly isOfDimension: (dimension: string) => boolean;
  /** Where in a sentence the value must stand. */
  readonly place: Place;
  /** The noun of "how many", as a term. */
  readonly counted: number | undefined;
  /** Whether the right answer changes over the years, so that a newer page knows better. */
  readonly variesWithTime: boolean;
}

export type Place = "anywhere" | "default" | "limit" | "port" | "complement";

interface Form {
  readonly asks: RegExp;
  readonly kinds: readonly Value["kind"][];
  readonly dimensions?: readonly string[] | "money" | "any";
  readonly place?: Place;
}

/** The first that fits holds. A question of no form has no values to compare. */
const forms: readonly Form[] = [
  {
    asks: /^\s*(?:is|are|was|were|do|does|did|can|could|has|have|had|will|should|must|may)\b/iu,
    kinds: ["verdict"],
  },
  {
    asks: /\b(?:who|whom|whose|where)\b|\b(?:which|what) (?:\w+ )?(?:city|country|town|state|place|person|company|organi[sz]ation|university|team|author|language|capital)\b|^\s*what (?:is|was) the capital\b/iu,
    kinds: ["name"],
    place: "complement",
  },
  {
    asks: /\b(?:at )?what time\b|\b(?:opening|closing|departure|arrival|starting|check-in|check-out) (?:time|hour)s?\b|\bat which hour\b/iu,
    kinds: ["quantity"],
    dimensions: ["clock"],
  },
  {
    asks: /\b(?:which|what|latest|current|newest|minimum|required|stable)\b.*\b(?:versions?|release)\b|\bsince which\b/iu,
    kinds: ["version"],
  },
  {
    asks: /^\s*(?:(?:and|since|until|by)\s)?when\b|\b(?:which|what) (?:\w+ )?(?:year|date|day|month)\b|\b(?:release|launch|birth|founding|expiry) date\b/iu,
    kinds: ["date", "version", "quantity"],
    dimensions: ["clock"],
  },
  { asks: /\bports?\b/iu, kinds: ["quantity"], dimensions: [""], place: "port" },
  { asks: /\bdefaults?\b/iu, kinds: ["quantity", "literal"], dimensions: "any", place: "default" },
  { asks: /\bhow (?:many|often)\b|\bnumber of\b|\bpopulation\b/iu, kinds: ["quantity"], dimensions: "any" },
  {
    asks: /\b(?:price|prices|cost|costs|fee|fare|toll|rent|admission|deposit|salary|revenue|budget)\b|\bhow (?:expensive|cheap)\b/iu,
    kinds: ["quantity"],
    dimensions: "money",
  },
  {
    asks: /^\s*(?:what|how much) (?:does|do|did)\b.*\b(?:contain|measure|earn|consume|hold|seat|pump|produce)\b/iu,
    kinds: ["quantity"],
    dimensions: "any",
  },
  { asks: /\b(?:percent|percentage|share|proportion)\b/iu, kinds: ["quantity"], dimensions: ["percent"] },
  {
    asks: /\bhow (?:long|old)\b|\b(?:what|which) age\b|\b(?:time-?out|interval|duration|lifetime|lifespan|period|ttl|latency|delay|age)\b/iu,
    kinds: ["quantity"],
    dimensions: ["time", "length", ""],
  },
  {
    asks: /\b(?:maximum|minimum|limits?|max|min|largest|smallest|longest|shortest|highest|lowest|most|fewest|capacity)\b/iu,
    kinds: ["quantity"],
    dimensions: "any",
    place: "limit",
  },
  {
    asks: /\bhow (?:tall|high|wide|deep|far|thick|big|large)\b|\b(?:height|width|depth|length|distance|diameter|elevation|altitude)\b/iu,
    kinds: ["quantity"],
    dimensions: ["length", "area", "bytes"],
  },
  { asks: /\bhow (?:heavy)\b|\b(?:weight|mass|weighs?)\b/iu, kinds: ["quantity"], dimensions: ["mass"] },
  { asks: /\bhow (?:hot|cold|warm)\b|\btemperature\b/iu, kinds: ["quantity"], dimensions: ["temperature"] },
  { asks: /\barea\b/iu, kinds: ["quantity"], dimensions: ["area"] },
  {
    asks: /\bhow fast\b|\b(?:speed|rate|throughput|bandwidth)\b/iu,
    kinds: ["quantity"],
    dimensions: ["length/time", "bytes/time", "frequency", "time"],
  },
  {
    asks: /\bhow much\b|\b(?:size|memory|weights?|power|voltage|range|circumference|span|yield|rating|density|volume)\b/iu,
    kinds: ["quantity"],
    dimensions: "any",
  },
  {
    asks: /\b(?:which|what) (?:\w+ ){0,2}?(?:command|function|option|flag|method|module|class|parameter|setting|exception|error|keyword|directive|header|variable|statement|operator|attribute)\b/iu,
    kinds: ["literal"],
  },
  {
    asks: /\b(?:colou?rs?|materials?|season|weekday|floor|storey|century)\b|\b(?:made|built|cast|carved|woven|constructed) (?:out )?(?:of|from)\b|\b(?:which|what) (?:kind of |type of |sort of )?(?:wood|metal|stone|timber|fabric|side|direction|bank|shore|end|wing|evening|morning|night)\b/iu,
    kinds: ["word"],
  },
  // Any other "which river", "the name of": what has a capital.
  {
    asks: /^(?:\p{L}+ )?(?:which|what) (?!(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|must|may|might|happens?|happened|kinds?|types?|sorts?|steps|makes?|means?)\b)\p{Ll}{3,}|\b(?:name of|called|named)\b|\bwho\b/iu,
    kinds: ["name"],
    place: "complement",
  },
];

const implied =
  "tall high wide deep far thick big large heavy hot cold warm fast long old often many much year date day month version release height width depth length distance elevation altitude " +
  "weight mass weigh temperature speed price cost expensive cheap fee age module function method command option flag setting parameter library program called name named " +
  "number value amount maximum minimum max min limit city country person people place percent percentage latest current newest per exact take last happen used set come share get class object company work";
/** Terms that stand for a kind of value, and tell nothing of whose value it is. */
export const impliedTerms: ReadonlySet<number> = new Set(termsOf(implied));

const timely =
  /\b(?:latest|current|currently|newest|now|today|recent|population|price|prices|cost|costs|fee|salary|revenue|employees|members|users|version|release|ceo|president|director|leader|minister|record|still|stable)\b/iu;

/** What is answered by an account, of which there are many. */
const explains = /^\s*(?:why|how (?:do|does|did|to|can|could|should|is|are|was|were|come))\b/iu;

/** What a question asks for; nothing when its answers cannot be told to differ. */
export function askedFor(question: string): Asked | undefined {
  if (explains.test(question)) return undefined;
  const form = forms.find(({ asks }) => asks.test(question));
  if (!form) return undefined;
  const { dimensions = "any" } = form;
  const takesWord = form.kinds[0] !== "verdict" && form.kinds[0] !== "literal" && asksForWord(question);
  const place = form.place ?? (/\bdefaults?\b/iu.test(question) ? "default" : "anywhere");
  const noun = /\bhow many ((?:[\w-]+ )?[\w-]+)/iu.exec(question)?.[1];
  return {
    kinds: takesWord && !form.kinds.includes("word") ? [...form.kinds, "word"] : form.kinds,
    isOfDimension: (dimension) =>
      dimensions === "any"
        ? dimension !== "clock"
        : dimensions === "money"
          ? isMoney(dimension)
          : dimensions.includes(dimension),
    place,
    counted: noun === undefined ? undefined : termsOf(noun.split(" ")[0] ?? "").at(0),
    variesWithTime: timely.test(question),
  };
}
