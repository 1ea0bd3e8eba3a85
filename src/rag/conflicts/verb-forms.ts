/** Past forms and doers that stemming does not lead back to their verbs, of those that questions are asked with. */
const forms: Readonly<Record<string, string>> = {
  wrote: "write",
  written: "write",
  built: "build",
  made: "make",
  won: "win",
  led: "lead",
  began: "begin",
  begun: "begin",
  sold: "sell",
  bought: "buy",
  drew: "draw",
  drawn: "draw",
  held: "hold",
  ran: "run",
  sang: "sing",
  sung: "sing",
  taught: "teach",
  kept: "keep",
  went: "go",
  gone: "go",
  goes: "go",
  spoke: "speak",
  spoken: "speak",
  grew: "grow",
  grown: "grow",
  took: "take",
  taken: "take",
  gave: "give",
  given: "give",
  shut: "close",
  shuts: "close",
  attended: "go",
  attend: "go",
  attends: "go",
  studied: "go",
  studies: "go",
  leave: "go",
  leaves: "go",
  depart: "go",
  departs: "go",
  fell: "fall",
  fallen: "fall",
  inventor: "invent",
  founder: "found",
  founders: "found",
  creator: "create",
  author: "write",
  designer: "design",
  developer: "develop",
  maintainer: "maintain",
  maker: "make",
  builder: "build",
  discoverer: "discover",
  owner: "owns",
  painter: "paint",
  singer: "sing",
  sculptor: "sculpt",
  conductor: "conduct",
  winner: "win",
  leader: "lead",
  head: "lead",
  heads: "lead",
  headed: "lead",
  died: "die",
  death: "die",
  birth: "born",
  birthplace: "born",
  grave: "bury",
  tomb: "bury",
  architect: "design",
  sank: "sink",
  sunk: "sink",
  chose: "choose",
  chosen: "choose",
  flew: "fly",
  rose: "rise",
  seats: "hold",
  accommodates: "hold",
  inaugurated: "open",
  unveiled: "open",
  launched: "release",
  launch: "release",
  married: "marry",
  killed: "kill",
  struck: "strike",
  caught: "catch",
  employee: "employ",
  employees: "employ",
};
/** Words for one thing to do or be, in the forms that questions and pages have them; the first stands for all. */
const synonyms =
  "begin start starts started starting begins commence commences commenced|found establish established establishes|build construct constructed constructs erect erected|" +
  "end finish finishes finished ends ended|allowed permitted|needed required necessary|buy purchase purchased|make produce produced produces manufacture manufactured manufactures|" +
  "visitor visitors guest guests|demolish demolished|release released releases|employ employs employed|stay remain remains|expire expires expired";
/** What several words say of one. */
const phrases: readonly (readonly [phrase: RegExp, verb: string])[] = [
  [/\b(?:pull|tear|knock|tore|torn)(?:s|ed|ing)? (?:it )?down\b|\brazed\b/giu, "demolish"],
  [/\bbelong(?:s|ed)? to\b|\b(?:is|are|was|were) the property of\b|\bin the hands of\b/giu, "owns"],
  [/\bset up\b|\bbrought into being\b/giu, "found"],
  [/\b(?:put|went) up\b/giu, "build"],
  [/\bshut(?:s)? down\b|\bclos(?:es|ed) its doors\b/giu, "close"],
  [/\bpassed away\b/giu, "die"],
  [/\btak(?:es?|ing) place\b|\btook place\b/giu, "hold"],
  [/\bcom(?:es?|ing) out\b|\bcame out\b/giu, "release"],
  [/\bdrew up\b|\bdrawn up\b|\blaid out\b/giu, "design"],
];
const plain = new Map(Object.entries(forms));
for (const group of synonyms.split("|")) {
  const [first = "", ...others] = group.split(" ");
  for (const word of others) plain.set(word, first);
}
const pattern = new RegExp(`\\b(?:${[...plain.keys()].join("|")})\\b`, "giu");

const byDefault =
  /\bunless (?:you|told|they|users?|it is|they are|another|otherwise)\b[^,.;]{0,20}\b(?:otherwise|differently|changed|overridden|configured|specified|set|given)\b|\bout of the box\b/giu;

/** A text with these as their verbs, so that "wrote", "written" and "author" are one term; so are the ways to say "by default". */
export function withPlainVerbs(text: string): string {
  return phrases
    .reduce((read, [phrase, verb]) => read.replace(phrase, verb), text)
    .replace(byDefault, "by default")
    .replace(pattern, (form) => plain.get(form.toLowerCase()) ?? form);
}
