// Soft hyphens, zero-width spaces and byte order marks split words for a reader of the text, not for one of the page.
const invisible = /[\u00ad\u200b\u2060\ufeff]|(?!\s)\p{Cc}/gu;
const needsWork = /[^\S ]| {2}|[\u00ad\u200b\u2060]|\p{Cc}/u;

/** White space as a browser shows it outside `pre`: each run one space, no-break spaces included, invisible characters gone. */
export function collapse(text: string): string {
  if (!needsWork.test(text)) return text;
  return text.replace(invisible, "").replace(/\s+/g, " ");
}

/** A text of one line: collapsed and trimmed. */
export function oneLine(text: string): string {
  return collapse(text).trim();
}
