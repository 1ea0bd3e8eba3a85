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
  leader: "lead",
  employee: "employ",
  employees: "employ",
};
/** Words for one thing to do or be, in the forms that questions and pages have them; the first stands for all. */
const synonyms =
  "begin start starts started starting begins commence commences commenced|found establish established establishes|build construct constructed constructs erect erected|" +
  "end finish finishes finished ends ended|allowed permitted|needed required necessary|buy purchase purchased|make produce produced produces manufacture manufactured manufactures|" +
  "visitor visitors guest guests|employ employs employed|stay remain remains|expire expires expired";
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
  return text
    .replace(byDefault, "by default")
    .replace(pattern, (form) => plain.get(form.toLowerCase()) ?? form);
}
