/** What may stand between two of the words: "point of sale". */
const fillers = ["of ", "the ", "and "];
const letterOrDigit = /[\p{L}\p{N}]/u;
const smallLetter = /\p{Ll}/u;

/**
 * Whether a text writes an abbreviation out, a word or a part of one for each of its letters: "write-ahead log" and
 * "multiversion concurrency control". In one pass: as a pattern this has as many ways to fail as a page's word can be parted,
 * and one word of 8,000 letters took 70 ms, of 100,000 ten seconds.
 * @param abbreviation Capitals of one unit each.
 */
export function isSpeltOut(abbreviation: string, text: string): boolean {
  // A bit for each letter that may be the last one read: its word has begun, goes on, or is over.
  const whole = 1 << (abbreviation.length - 1);
  let begun = 0;
  let goesOn = 0;
  let over = 0;
  let filler = { over: 0, end: -1 };
  let isInside = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (at === filler.end) over |= filler.over;
    const first = isInside ? 0 : 1;
    const next = ((goesOn | over) << 1) | first;
    const isOn = begun | goesOn;
    begun = next === 0 ? 0 : next & placesOf(character, abbreviation);
    over = character === " " || character === "-" ? goesOn : 0;
    if (over !== 0) {
      const found = fillers.find((one) => text.startsWith(one, at + 1));
      if (found !== undefined) filler = { over, end: at + 1 + found.length };
    }
    goesOn = isOn !== 0 && smallLetter.test(character) ? isOn : 0;
    if ((goesOn & whole) !== 0) return true;
    isInside = letterOrDigit.test(character);
  }
  return false;
}

/** A bit for each place of the abbreviation that a letter can be read for. */
function placesOf(letter: string, abbreviation: string): number {
  const capital = letter.toUpperCase();
  let places = 0;
  for (let at = 0; at < abbreviation.length; at++) if (abbreviation.charAt(at) === capital) places |= 1 << at;
  return places;
}
