/** Past forms that stemming does not lead back, of verbs that questions are asked with. */
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
};
const past = new RegExp(`\\b(?:${Object.keys(forms).join("|")})\\b`, "giu");

/** A text with irregular past forms as their verbs, so that "wrote" and "written" are one term. */
export function withPlainVerbs(text: string): string {
  return text.replace(past, (form) => forms[form.toLowerCase()] ?? form);
}
