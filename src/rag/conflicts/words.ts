import type { Word } from "./evidence.ts";

const months = "january february march april may june july august september october november december";
/** Words of which one excludes the others. Spellings of one are joined by "/". */
const classes: readonly (readonly [name: string, asks: RegExp, words: string])[] = [
  [
    "weekday",
    /\b(?:which|what) (?:\p{L}+ )?(?:day|days|weekday|evening|morning|night)\b|^\s*when\b/iu,
    "monday/mondays tuesday/tuesdays wednesday/wednesdays thursday/thursdays friday/fridays saturday/saturdays sunday/sundays",
  ],
  ["month", /\bmonths?\b|^\s*when\b/iu, months],
  ["season", /\bseasons?\b|^\s*when\b|\btime of (?:the )?year\b/iu, "spring summer autumn/fall winter"],
  [
    "colour",
    /\bcolou?rs?\b/iu,
    "red blue green yellow black white grey/gray brown orange purple/violet pink gold/golden silver turquoise beige cream ivory bronze",
  ],
  [
    "material",
    /\b(?:made|built|cast|carved|woven|constructed|consists?) (?:out )?(?:of|from)\b|\b(?:which|what) (?:kind of |type of )?(?:material|wood|metal|stone|timber|fabric)s?\b|\bmaterials?\b/iu,
    "oak pine beech ash birch larch spruce walnut cedar maple granite marble sandstone limestone basalt slate brick/bricks concrete steel iron copper bronze brass tin aluminium/aluminum titanium zinc gold silver glass plastic leather wool/woollen cotton linen silk clay rubber bamboo straw",
  ],
  [
    "direction",
    /\b(?:side|direction|bank|shore|end|wing)\b/iu,
    "north/northern south/southern east/eastern west/western left right",
  ],
  [
    "century",
    /\bcentury\b/iu,
    "9th/ninth 10th/tenth 11th/eleventh 12th/twelfth 13th/thirteenth 14th/fourteenth 15th/fifteenth 16th/sixteenth 17th/seventeenth 18th/eighteenth 19th/nineteenth 20th/twentieth 21st",
  ],
];

/** Whether a question asks for a word of a class. */
export function asksForWord(question: string): boolean {
  return classes.some(([, asks]) => asks.test(question));
}

/** Words of the classes that the question asks for. */
export function wordsIn(text: string, question: string): Word[] {
  return classes.flatMap(([name, asks, words]) => {
    if (!asks.test(question)) return [];
    const spelled = new Map(
      words
        .split(" ")
        .flatMap((one) => one.split("/").map((each) => [each, one.split("/")[0] ?? one] as const)),
    );
    const hasCapital = name === "weekday" || name === "month";
    return [...text.matchAll(/(?<![\p{L}\p{N}-])[\p{L}\p{N}]+(?![\p{L}\p{N}-])/gu)].flatMap(
      ({ 0: shown, index }) => {
        const word = spelled.get(shown.toLowerCase());
        if (word === undefined || (hasCapital && !/^\p{Lu}/u.test(shown)) || (shown === "May" && index === 0))
          return [];
        return [{ kind: "word" as const, shown, start: index, end: index + shown.length, class: name, word }];
      },
    );
  });
}
