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
const pattern = new RegExp(`\\b(?:${Object.keys(forms).join("|")})\\b`, "giu");

const byDefault =
  /\bunless (?:you|told|they|users?|it is|they are|another|otherwise)\b[^,.;]{0,20}\b(?:otherwise|differently|changed|overridden|configured|specified|set|given)\b|\bout of the box\b/giu;

/** A text with these as their verbs, so that "wrote", "written" and "author" are one term; so are the ways to say "by default". */
export function withPlainVerbs(text: string): string {
  return text
    .replace(byDefault, (phrase) => `${phrase} by default`)
    .replace(pattern, (form) => forms[form.toLowerCase()] ?? form);
}
