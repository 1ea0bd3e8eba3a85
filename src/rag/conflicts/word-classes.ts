import type { Word } from "./evidence.ts";

/** Words of which one excludes the others: a day, a colour. Spellings of one are joined by "/". */
interface WordClass {
  readonly name: string;
  readonly asks: RegExp;
  readonly words: string;
}

const classes: readonly WordClass[] = [
  {
    name: "weekday",
    asks: /\b(?:which|what) (?:\p{L}+ )?(?:day|days|weekday|evening|morning|night)\b|^\s*when\b/iu,
    words:
      "monday/mondays tuesday/tuesdays wednesday/wednesdays thursday/thursdays friday/fridays saturday/saturdays sunday/sundays",
  },
  {
    name: "season",
    asks: /\bseasons?\b|^\s*when\b|\btime of (?:the )?year\b/iu,
    words: "spring summer autumn/fall winter",
  },
  {
    name: "month",
    asks: /\bmonths?\b|^\s*when\b/iu,
    words: "january february march april may june july august september october november december",
  },
  {
    name: "colour",
    asks: /\bcolou?rs?\b/iu,
    words:
      "red blue green yellow black white grey/gray brown orange purple/violet pink gold/golden silver turquoise beige cream ivory bronze",
  },
  {
    name: "material",
    asks: /\b(?:made|built|cast|carved|woven|constructed|consists?) (?:out )?(?:of|from)\b|\b(?:which|what) (?:kind of |type of |sort of )?(?:material|wood|metal|stone|timber|fabric)s?\b|\bmaterials?\b/iu,
    words:
      "oak pine beech ash birch larch spruce walnut cedar ebony maple cherry teak granite marble sandstone limestone basalt slate brick/bricks concrete steel iron copper bronze brass tin aluminium/aluminum titanium zinc gold silver glass plastic leather wool/woollen cotton linen silk clay rubber bamboo straw",
  },
  {
    name: "animal",
    asks: /\b(?:animals?|beasts?|creatures?|birds?|fish|mascot|emblem)\b/iu,
    words:
      "lion bear wolf/wolves fox/foxes eagle heron otter stag deer horse bull ox goat sheep/ram/lamb boar pig dog/hound cat swan goose/geese duck raven crow owl falcon hawk stork crane dove pelican cock/rooster salmon trout pike carp herring cod whale seal dolphin beaver badger hare rabbit squirrel snake dragon unicorn griffin bee ant spider frog toad tortoise turtle elephant tiger leopard camel donkey hedgehog mole bat puffin penguin",
  },
  {
    name: "fuel",
    asks: /\b(?:fuels?|powered|runs? on|heated with|driven by)\b/iu,
    words:
      "gas/propane/butane petrol/gasoline diesel alcohol/ethanol/spirit kerosene/paraffin wood/logs pellets coal peat electricity hydrogen oil steam",
  },
  {
    name: "plant",
    asks: /\b(?:plants?|trees?|flowers?|fruits?|crops?|grains?|vegetables?)\b/iu,
    words:
      "oak pine beech ash birch larch spruce walnut cedar maple cherry willow lime/linden elm poplar chestnut apple pear plum quince fig olive grape orange lemon wheat rye barley oats maize/corn rice potato/potatoes beet hops flax rose lily tulip daisy iris poppy sunflower thistle orchid violet heather cabbage onion bean/beans pea/peas carrot tomato/tomatoes",
  },
  {
    name: "instrument",
    asks: /\b(?:instruments?)\b|^\s*(?:what|which) did\b.*\bplay\b/iu,
    words:
      "violin viola cello bass flute oboe clarinet bassoon horn trumpet trombone tuba harp guitar lute piano organ harpsichord accordion drum/drums saxophone recorder banjo mandolin fiddle",
  },
  {
    name: "direction",
    asks: /\b(?:side|direction|bank|shore|end|wing)\b/iu,
    words: "north/northern south/southern east/eastern west/western left right",
  },
  {
    name: "floor",
    asks: /\b(?:floor|storey|story)\b/iu,
    words: "ground first second third fourth fifth sixth seventh eighth ninth tenth top",
  },
  {
    name: "century",
    asks: /\bcentury\b/iu,
    words:
      "9th/ninth 10th/tenth 11th/eleventh 12th/twelfth 13th/thirteenth 14th/fourteenth 15th/fifteenth 16th/sixteenth 17th/seventeenth 18th/eighteenth 19th/nineteenth 20th/twentieth 21st",
  },
];
const capitalised: ReadonlySet<string> = new Set(["weekday", "month"]);

/** Whether a question asks for a word of a class. */
export function asksForWord(question: string): boolean {
  return classes.some(({ asks }) => asks.test(question));
}

/** Words of the classes that the question asks for. */
export function wordsIn(text: string, question: string): Word[] {
  return classes
    .filter(({ asks }) => asks.test(question))
    .flatMap(({ name, words }) =>
      words.split(" ").flatMap((spellings) => {
        const [text_ = "", ...others] = spellings.split("/");
        const pattern = new RegExp(
          `(?<![\\p{L}\\p{N}-])(?:${[text_, ...others].join("|")})(?![\\p{L}\\p{N}-])`,
          "giu",
        );
        return [...text.matchAll(pattern)]
          .filter(([shown]) => !capitalised.has(name) || /^\p{Lu}/u.test(shown))
          .filter(({ index, 0: shown }) => shown !== "May" || index > 0)
          .map(({ 0: shown, index }) => ({
            kind: "word" as const,
            shown,
            start: index,
            end: index + shown.length,
            class: name,
            word: text_,
          }));
      }),
    );
}
