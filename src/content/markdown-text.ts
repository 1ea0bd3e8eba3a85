const special = /[\\`*_<&~[\]|]/;

/**
 * Escapes what CommonMark would read as markup inside a line, and nothing else: `a * b`, `snake_case` and `[note]` stay.
 * The ends of `text` count as next to something, since other runs of the same line may follow.
 * @param isTableCell Escapes pipes too.
 * @see CommonMark 0.31, 2.4 "Backslash escapes", 6.2 "Emphasis"
 */
export function escapeInline(text: string, isTableCell: boolean, isLinkText: boolean): string {
  if (!special.test(text)) return text;
  return text.replace(/\*+|_+|~+|[\\`<&[\]|]/g, (marks, at: number) => {
    if (!isMarkup(marks, text, at, isTableCell, isLinkText)) return marks;
    return marks.length === 1 ? `\\${marks}` : marks.replace(/./g, "\\$&");
  });
}

function isMarkup(
  marks: string,
  text: string,
  at: number,
  isTableCell: boolean,
  isLinkText: boolean,
): boolean {
  const before = text[at - 1] ?? "";
  const after = text[at + marks.length] ?? "";
  switch (marks[0]) {
    case "\\":
      return after === "" || /[!-/:-@[-`{-~]/.test(after);
    case "`":
      return true;
    case "*":
      return before !== " " || after !== " ";
    case "_":
      return !(isWordCharacter(before) && isWordCharacter(after)) && (before !== " " || after !== " ");
    case "~":
      return marks.length > 1;
    case "<":
      return after === "" || /[a-z/!?]/i.test(after);
    case "&":
      return /^&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/i.test(text.slice(at, at + 35));
    case "|":
      return isTableCell;
    default:
      return isLinkText || (marks === "]" && (after === "(" || after === ""));
  }
}

function isWordCharacter(character: string): boolean {
  return /[\p{L}\p{N}]/u.test(character);
}

/** Escapes what CommonMark would read as markup at the start of a line: headings, bullets, numbers, quotes, rules, fences. */
export function escapeLineStart(line: string): string {
  const found = /^(?:#{1,6}(?= |$)|[-+](?= |$)|>|-{3,}\s*$|={2,}\s*$|:(?= ))/.exec(line);
  if (found !== null) return `\\${line}`;
  const number = /^(\d{1,9})([.)])(?= |$)/.exec(line);
  return number === null ? line : `${number[1]}\\${line.slice(number[1]?.length)}`;
}

/** A fence longer than any run of back-ticks within. */
export function fenceFor(code: string): string {
  let longest = 2;
  for (const run of code.match(/`{3,}/g) ?? []) longest = Math.max(longest, run.length);
  return "`".repeat(longest + 1);
}

/** A code span whose back-ticks outnumber those within. */
export function codeSpan(code: string): string {
  let longest = 0;
  for (const run of code.match(/`+/g) ?? []) longest = Math.max(longest, run.length);
  const ticks = "`".repeat(longest + 1);
  const pad = code.startsWith("`") || code.endsWith("`") ? " " : "";
  return ticks + pad + code + pad + ticks;
}

/** A link's target as CommonMark takes it: no white space, balanced parentheses or none. */
export function linkTarget(url: string): string {
  return /[\s()<>]/.test(url)
    ? url.replace(/[\s()<>]/g, (c) => encodeURIComponent(c).replace("(", "%28").replace(")", "%29"))
    : url;
}
