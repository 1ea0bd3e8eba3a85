import type { Literal } from "./evidence.ts";

const code =
  /`(?<ticked>[^`\n]{1,80})`|(?<![\p{L}\p{N}_.-])(?<bare>--?[a-z][\w-]*|[\p{L}_][\w]*(?:\.[\p{L}_]\w*)+(?:\(\))?|[\p{L}_]\w*\(\)|[\p{L}]\w*_\w+|\p{L}+[a-z]\p{Lu}\w*)(?![\w(])/gu;
/** What a default can be when it is no number. */
const keyword =
  /(?<![\p{L}\p{N}_.-])(?<word>on|off|true|false|none|null|nil|yes|no|enabled|disabled|always|never|auto|empty)(?![\p{L}\p{N}_-])/giu;

/** The words of state that mean the same. */
const meanings: Readonly<Record<string, string>> = {
  true: "on",
  yes: "on",
  enabled: "on",
  false: "off",
  no: "off",
  disabled: "off",
  null: "none",
  nil: "none",
};

/** Code in a text: what stands in backticks, calls, dotted and underscored names, options. */
export function codeIn(text: string): Literal[] {
  return [...text.matchAll(code)].map((match) =>
    literal(match, match.groups?.["ticked"] ?? match.groups?.["bare"] ?? ""),
  );
}

/** What a text may give as a default: code, a quoted word, a word of state. */
export function settingsIn(text: string): Literal[] {
  const found = codeIn(text);
  for (const match of text.matchAll(keyword)) {
    const one = literal(match, match.groups?.["word"] ?? "");
    if (!found.some((other) => one.start < other.end && other.start < one.end)) found.push(one);
  }
  return found;
}

/** Whether two pieces of code are one, as far as writing goes: `walk()` and `os.walk`. */
export function literalsAgree(one: Literal, other: Literal): boolean {
  return (
    one.text === other.text || one.text.endsWith(`.${other.text}`) || other.text.endsWith(`.${one.text}`)
  );
}

function literal(match: RegExpExecArray | RegExpMatchArray, inside: string): Literal {
  const start = match.index ?? 0;
  const plain = inside.replace(/\(\)$/u, "").trim();
  const lower = plain.toLowerCase();
  return {
    kind: "literal",
    shown: match[0],
    start,
    end: start + match[0].length,
    text: meanings[lower] ?? lower,
  };
}
