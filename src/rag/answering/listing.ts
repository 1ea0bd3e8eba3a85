/** "2.5.1. Backup file 2.5.2. Log file": headings with their numbers. */
const numberedHeading = /(?:^|\s)(?:[A-Z]|\d+)(?:\.\d+)+\.?(?=\s+[\p{L}(“"])/gu;
const leastHeadings = 2;
/** "5.2.9. Warnings" by itself, as a line of such a table; without the last dot it may be a version or a measure. */
const loneHeading = /^(?:[A-Z]|\d+)(?:\.\d+)+\.\s+\p{L}\P{Sentence_Terminal}{0,80}$/u;
/** "Exporting accounts ........ 79". */
const dotLeader = /(?:\.\s?){5,}\s*\d*\s*$/mu;
/** "<<< Prev  Chapter 16. Depreciation  Next >>>". */
const pageTurner = /^(?:<+|[«←])\s*prev.*next\s*(?:>+|[»→])$/isu;
const sentenceEnd = /[.!?:。！？]["'”’»)\]]*$/u;

/** Whether a text is of a table of contents or turns pages: it names what is said elsewhere. */
export function isListing(text: string): boolean {
  const flat = text.replace(/[^\S\n]+/gu, " ").trim();
  if (dotLeader.test(flat) || pageTurner.test(flat)) return true;
  if (loneHeading.test(flat)) return true;
  return !sentenceEnd.test(flat) && [...flat.matchAll(numberedHeading)].length >= leastHeadings;
}
