/** A half-open run of a text, in UTF-16 units. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Words before a full stop that does not end a sentence, in lower case. */
const abbreviations: ReadonlySet<string> = new Set(
  (
    "mr mrs ms dr prof rev hon st gen col capt lt sgt gov sen rep pres vs cf al fig figs eq eqs sec ch vol nos no pp " +
    "ed eds approx ca dept est jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun op cit viz"
  ).split(" "),
);
/** A line shorter than this that is followed by a line break is a line of its own: a heading, an item, a verse. */
const shortLine = 60;

const stops = ".!?…";
/** They end a sentence without a space after them: of Chinese and Japanese, of Hindi, Burmese and Khmer, of Urdu and Arabic. */
export const wideStops = "。！？｡।॥။៕។۔؟";
const closers = "\"')]}”’»」』）";

/**
 * The sentences of `text` between `start` and `end`: exact, in order, not overlapping, none empty, all but white space
 * covered. One pass, so a text without any sentence end costs no more than others.
 */
export function sentenceRanges(text: string, start = 0, end: number = text.length): Range[] {
  const ranges: Range[] = [];
  let from = skipSpace(text, start, end);
  let lineStart = from;
  let at = from;
  const close = (to: number) => {
    const last = trimEnd(text, from, to);
    if (last > from) ranges.push({ start: from, end: last });
    from = skipSpace(text, to, end);
    at = from;
    if (text.slice(to, from).includes("\n")) lineStart = from;
  };
  while (at < end) {
    const character = text.charAt(at);
    if (character === "\n") {
      if (isLineEnd(text, lineStart, at, end)) close(at);
      else at++;
      lineStart = at;
    } else if (wideStops.includes(character)) {
      close(skipClosers(text, at + 1, end));
    } else if (stops.includes(character)) {
      const after = skipClosers(text, at + 1, end);
      if (isSentenceEnd(text, from, at, after, end)) close(after);
      else at = after;
    } else {
      at++;
    }
  }
  close(end);
  return ranges;
}

function isSentenceEnd(text: string, from: number, stop: number, after: number, end: number): boolean {
  if (after >= end) return true;
  if (!isSpace(text.charCodeAt(after))) return false;
  const next = skipSpace(text, after, end);
  if (next >= end) return true;
  // A line may begin with a small letter: a list's next entry, as in "work_mem (integer)".
  if (isLowerCase(text.charAt(next)) && !text.slice(after, next).includes("\n")) return false;
  return text.charAt(stop) !== "." || !isAbbreviation(text, from, stop);
}

/** "Dr.", an initial as in "J. Smith", or letters with stops between as in "U.S." and "e.g.". */
function isAbbreviation(text: string, from: number, stop: number): boolean {
  // Twelve units hold any abbreviation with its stops.
  let start = stop;
  while (start > from && stop - start <= 12 && !isSpace(text.charCodeAt(start - 1))) start--;
  const word = text.slice(start, stop).replace(/^["'([{“‘«]+/, "");
  // The number of a section or an item, which its heading follows.
  if (start === from && /^\d+(?:\.\d+)*$/.test(word)) return true;
  return abbreviations.has(word.toLowerCase()) || /^\p{Lu}$/u.test(word) || /^(?:\p{L}\.)+\p{L}$/u.test(word);
}

/** An empty line follows, an item begins, or the line was short; else the break is that of a text wrapped by hand. */
function isLineEnd(text: string, lineStart: number, lineBreak: number, end: number): boolean {
  if (lineBreak - lineStart < shortLine) return true;
  const next = text.slice(lineBreak + 1, Math.min(lineBreak + 6, end));
  return /^\s*(?:\n|[-*•·]\s|\d{1,2}[.)]\s)/.test(next);
}

function skipClosers(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && (stops + wideStops + closers).includes(text.charAt(at))) at++;
  return at;
}

function skipSpace(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && isSpace(text.charCodeAt(at))) at++;
  return at;
}

function trimEnd(text: string, from: number, to: number): number {
  let at = to;
  while (at > from && isSpace(text.charCodeAt(at - 1))) at--;
  return at;
}

function isLowerCase(character: string): boolean {
  return character !== character.toUpperCase();
}

/** White space as in `String.prototype.trim`. */
export function isSpace(unit: number): boolean {
  if (unit < 128) return unit === 32 || (unit >= 9 && unit <= 13);
  return (
    unit === 0xa0 ||
    unit === 0x3000 ||
    unit === 0xfeff ||
    unit === 0x1680 ||
    (unit >= 0x2000 && unit <= 0x200a) ||
    unit === 0x2028 ||
    unit === 0x2029 ||
    unit === 0x202f ||
    unit === 0x205f
  );
}
