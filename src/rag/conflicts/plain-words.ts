/** Verbs with the forms and doers that stemming does not lead back to them, and other words for the same deed. */
const verbs =
  "write wrote written author|build built builder construct constructed constructs erected|make made maker produce produced manufactured|win won winner|lead led leader head heads headed|" +
  "begin began begun start starts started starting commences|end finish finishes finished ends ended|sell sold|buy bought purchased|draw drew drawn|hold held seats accommodates|run ran|sing sang sung singer|" +
  "teach taught|keep kept|go went gone goes leave leaves depart departs attend attends attended|speak spoke spoken|grow grew grown|take took taken|give gave given|close shut shuts|fall fell fallen|" +
  "invent inventor|found founder founders establish established|create creator|design designer architect|develop developer|maintain maintainer|discover discoverer|owns owner|paint painter|" +
  "sculpt sculptor|conduct conductor|die died death|born birth birthplace|bury grave tomb|sink sank sunk|choose chose chosen|fly flew|rise rose|open inaugurated unveiled|" +
  "release released releases launched launch|marry married|strike struck|catch caught|employ employs employed employee employees|allowed permitted|needed required necessary|" +
  "visitor visitors guest guests|stay remain remains|expire expires expired";
/** What several words say of one. */
const phrases: readonly (readonly [phrase: RegExp, verb: string])[] = [
  [/\b(?:pull|tear|knock|tore|torn)(?:s|ed|ing)? (?:it )?down\b|\brazed\b/giu, "demolish"],
  [/\bbelong(?:s|ed)? to\b/giu, "owns"],
  [/\bset up\b/giu, "found"],
  [/\bshut(?:s)? down\b/giu, "close"],
  [/\btak(?:es?|ing) place\b|\btook place\b/giu, "hold"],
  [/\bc[oa]m(?:es?|ing)? out\b/giu, "release"],
  [
    /\bunless (?:you|told|they|users?|it is|they are|another|otherwise)\b[^,.;]{0,20}\b(?:otherwise|differently|changed|overridden|configured|specified|set|given)\b|\bout of the box\b/giu,
    "by default",
  ],
];
const plain = new Map(
  verbs.split("|").flatMap((group) => {
    const [first = "", ...others] = group.split(" ");
    return others.map((word) => [word, first] as const);
  }),
);
const pattern = new RegExp(`\\b(?:${[...plain.keys()].join("|")})\\b`, "giu");

/** A text with one word for each deed, so that "wrote", "written" and "author" are one term. */
export function withPlainWords(text: string): string {
  return phrases
    .reduce((read, [phrase, verb]) => read.replace(phrase, verb), text)
    .replace(pattern, (form) => plain.get(form.toLowerCase()) ?? form);
}

/** Words with their opposites: an opposite reads as "not" and the first. */
const opposites = (
  "enabled|disabled required|optional mandatory|optional allowed|forbidden|prohibited|disallowed|banned permitted|forbidden|prohibited needed|unnecessary|optional necessary|unnecessary|optional " +
  "free|paid open|closed public|private included|excluded true|false accepted|rejected dead|alive stateless|stateful supported|unsupported"
)
  .split(" ")
  .map((group) => group.split("|"));
const switched =
  /\b(is|are|was|were|turned|switched|to)\s+(on|off)\b(?!\s+(?:the|a|an|its|your|port|which|what|how|whether))/giu;

/** A text with the opposites of a question's words written as denials: "disabled" as "not enabled". */
export function asDenials(text: string, question: string): string {
  let read = text.replace(
    switched,
    (_, verb: string, state: string) => `${verb} ${state.toLowerCase() === "on" ? "enabled" : "disabled"}`,
  );
  const asked = new Set(question.toLowerCase().match(/[\p{L}-]+/gu));
  for (const [word = "", ...others] of opposites) {
    const isState = word === "enabled" && (asked.has("on") || asked.has("off"));
    if (!isState && ![word, ...others].some((one) => asked.has(one))) continue;
    read = read.replace(new RegExp(`\\b(?:${others.join("|")})\\b`, "giu"), `not ${word}`);
  }
  const negated = [...asked].filter((word) => word.length > 3).join("|");
  return read.replace(
    new RegExp(`(?<![\\p{L}-])(?:un|in|im|ir|il|non-?)(${negated || "(?!)"})(?![\\p{L}])`, "giu"),
    "not $1",
  );
}
