import { termsOf } from "../text/analyzer.ts";
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
  /** The noun of "how many" with others for the same, as terms; empty where there is none. */
  readonly counted: ReadonlySet<number>;
  /** Whether the right answer changes over the years, so that a newer page knows better. */
  readonly variesWithTime: boolean;
}

export type Place = "anywhere" | "default" | "limit" | "port" | "complement" | "agent";

interface Form {
  readonly asks: RegExp;
  readonly kinds: readonly Value["kind"][];
  readonly dimensions?: readonly string[] | "money" | "measured" | "any";
  readonly place?: Place;
}

/** The first that fits holds. A question of no form has no values to compare. */
const forms: readonly Form[] = [
  {
    asks: /^\s*(?:is|are|was|were|do|does|did|can|could|has|have|had|will|should|must|may)\b/iu,
    kinds: ["verdict"],
  },
  {
    asks: /\b(?:who|whom|whose)\b/iu,
    kinds: ["name"],
    place: "agent",
  },
  {
    asks: /\bwhere\b|\b(?:which|what) (?:\w+ )?(?:city|country|town|state|place|person|company|organi[sz]ation|university|team|author|language|capital)\b|^\s*what (?:is|was|are|were) the (?:\p{L}+ ){0,2}(?:capital|language|currency|nickname|title|mascot|anthem|religion|denomination)\b/iu,
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
  // "Port Elder" is a place.
  { asks: /\bports?\b/u, kinds: ["quantity"], dimensions: [""], place: "port" },
  { asks: /\bdefaults?\b/iu, kinds: ["quantity", "literal"], dimensions: "any", place: "default" },
  { asks: /\bhow (?:many|often)\b|\bnumber of\b|\bpopulation\b/iu, kinds: ["quantity"], dimensions: "any" },
  {
    asks: /^(?!\s*how (?:old|long|far|tall|high|fast|heavy)\b).*\b(?:price|prices|cost|costs|fee|fare|toll|(?<!\bto )rent|admission|deposit|salary|revenue|budget)\b|\bhow (?:expensive|cheap)\b/iu,
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
    asks: /\b(?:maximum|minimum|limits?|max|min|largest|smallest|longest|shortest|highest|lowest|most|fewest)\b/iu,
    kinds: ["quantity"],
    dimensions: "any",
    place: "limit",
  },
  { asks: /\blength of\b/iu, kinds: ["quantity"], dimensions: ["length", "time"] },
  {
    asks: /\bhow (?:tall|high|wide|deep|far|thick|big|large)\b|\b(?:height|width|depth|length|distance|diameter|elevation|altitude)\b/iu,
    kinds: ["quantity"],
    dimensions: ["length", "area", "bytes"],
  },
  { asks: /\bhow (?:heavy)\b|\b(?:weight|mass|weighs?)\b/iu, kinds: ["quantity"], dimensions: ["mass"] },
  { asks: /\bhow (?:hot|cold|warm)\b|\btemperature\b/iu, kinds: ["quantity"], dimensions: ["temperature"] },
  { asks: /\barea\b/iu, kinds: ["quantity"], dimensions: ["area"] },
  {
    asks: /\b(?:interest|tax|growth|unemployment|birth|success|graduation|turnout|vat)\b.*\brate\b|\bturnout\b/iu,
    kinds: ["quantity"],
    dimensions: ["percent", "percent/time"],
  },
  {
    asks: /\bhow fast\b|\b(?:speed|rate|throughput|bandwidth)\b/iu,
    kinds: ["quantity"],
    dimensions: ["length/time", "bytes/time", "frequency", "time", "/time"],
  },
  {
    asks: /\bhow much\b|\b(?:capacity|size|memory|weights?|power|voltage|range|circumference|span|yield|rating|density|volume)\b/iu,
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
  // "What is the boiling point of ...": whatever can be measured or dated; the attribute must be named.
  {
    asks: /^\s*(?:what|which) (?:is|are|was|were) (?:the|its|their) (?:\p{L}+ ){1,4}(?:of|for|in|on|at)\b|^\s*(?:at|to|by|with|in|on) (?:what|which)\b/iu,
    kinds: ["quantity", "date"],
    dimensions: "measured",
  },
];

/** Nouns that a count may be given of in place of each other. */
const countedAlike = [
  "people inhabitants residents citizens souls persons population villagers townspeople",
  "people passengers persons riders travellers",
  "people spectators seats visitors guests fans viewers places persons listeners attendees",
  "people employees workers staff members jobs posts positions",
  "people students pupils children learners",
  "people dead deaths victims casualties lives",
  "people injured hurt wounded",
  "volumes books titles works",
  "steps stairs",
  "rooms bedrooms chambers",
  "guests beds places",
  "copies units",
  "species kinds",
  "calories kcal",
  "storeys stories floors levels",
  "times titles cups wins",
].map((words) => new Set(termsOf(words)));

const implied =
  "tall high wide deep far thick big large heavy hot cold warm fast long old often many much year date day month version release height width depth length distance elevation altitude " +
  "weight mass weigh temperature speed price cost expensive cheap fee age module function method command option flag setting parameter library program called name named " +
  "number value amount maximum minimum max min limit city country person people place percent percentage latest current newest per exact take last happen used set come share get class object company work area volume capacity circumference diameter must point";
/** Terms that stand for a kind of value, and tell nothing of whose value it is. */
export const impliedTerms: ReadonlySet<number> = new Set(termsOf(implied));

const timely =
  /\b(?:latest|current|currently|newest|now|today|recent|population|price|prices|cost|costs|fee|salary|revenue|employees|members|users|version|release|ceo|president|director|leader|minister|record|still|stable)\b/iu;

/** Behind the noun of "how many": the verb, or what it is of. */
const noNoun =
  /\s(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|must|may|of|in|on|at|per|a|an|the|there|\p{L}+ed)$/u;

function countedIn(noun: string): ReadonlySet<number> {
  const terms = termsOf(noun.replace(noNoun, ""));
  return new Set(
    terms.flatMap((term) => [
      term,
      ...countedAlike.filter((alike) => alike.has(term)).flatMap((alike) => [...alike]),
    ]),
  );
}

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
        : dimensions === "measured"
          ? dimension !== ""
          : dimensions === "money"
            ? isMoney(dimension)
            : dimensions.includes(dimension),
    place,
    counted: countedIn(noun ?? ""),
    variesWithTime: timely.test(question),
  };
}
