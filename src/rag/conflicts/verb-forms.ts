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
  owner: "own",
  leader: "lead",
  employee: "employ",
  employees: "employ",
};
const pattern = new RegExp(`\\b(?:${Object.keys(forms).join("|")})\\b`, "giu");

/** A text with these as their verbs, so that "wrote", "written" and "author" are one term. */
export function withPlainVerbs(text: string): string {
  return text.replace(pattern, (form) => forms[form.toLowerCase()] ?? form);
}
