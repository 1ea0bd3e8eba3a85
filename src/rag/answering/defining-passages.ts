import type { PageDocument } from "../../document.ts";
import type { StoredDocument } from "../chunk-store.ts";
import type { Hit } from "../retrieval/retrieve.ts";
import type { Range } from "../text/sentences.ts";
import { type Statement, statementsBetween } from "../text/statements.ts";
import type { SubjectAsked } from "./subject-asked.ts";

/** So many are read beside what was found. */
const mostPassages = 3;
/** Of all pages together this much is looked through, in UTF-16 units, and so many statements: some 50 ms, in which nothing else runs. */
const mostLookedThrough = 300_000;
const mostStatements = 6_000;
/** As long as a passage is as a rule, in UTF-16 units. */
const passageLength = 800;

/**
 * Where the pages found say what the subject is, in passages that were not found: a page is about one thing, and the passage
 * that says what it is holds few of its words.
 * @returns As hits, in the order of their pages, each in the place of its page's best passage.
 */
export function definingPassages(
  subject: SubjectAsked,
  hits: readonly Hit[],
  documents: ReadonlyMap<Hit["chunk"]["id"], StoredDocument>,
): Hit[] {
  const ofPages = Map.groupBy(hits, ({ chunk }) => chunk.documentId);
  const left = { units: mostLookedThrough, statements: mostStatements };
  const found: Hit[] = [];
  for (const [id, [best, ...others]] of ofPages) {
    const stored = documents.get(id);
    if (!best || !stored || found.length === mostPassages) continue;
    const read = [best, ...others].map(({ chunk }) => chunk);
    const place = firstDefining(subject, stored.document, read, left);
    if (place) found.push({ ...best, chunk: { ...best.chunk, ...passageAt(stored.document, place) } });
  }
  return found;
}

/** @param left What may still be looked through; less by what was. */
function firstDefining(
  subject: SubjectAsked,
  document: PageDocument,
  read: readonly Range[],
  left: { units: number; statements: number },
): Range | undefined {
  const { text } = document;
  const reach = Math.min(text.length, left.units);
  left.units -= reach;
  for (const statement of statementsBetween(document, { start: 0, end: reach })) {
    if (left.statements-- <= 0) return undefined;
    const { start, end, kind } = statement;
    if (kind === "code" || !subject.isDefinedBy(text.slice(start, end), termOf(text, statement))) continue;
    // What was found has one: the page needs no other.
    return read.some((passage) => start < passage.end && end > passage.start) ? undefined : statement;
  }
  return undefined;
}

/** What a statement is an entry of: its first line, or a row's first cell. */
export function termOf(text: string, { start, end, kind, opensEntry }: Statement): string {
  const quote = text.slice(start, end);
  if (kind === "row") return quote.split("\t")[0] ?? "";
  return opensEntry ? (quote.split("\n")[0] ?? "") : "";
}

/** A statement's block and what follows it in its section. */
function passageAt({ text, title, blocks }: PageDocument, { start, end }: Range) {
  const first = Math.max(
    0,
    blocks.findIndex((block) => block.end > start),
  );
  const heading = blocks.slice(0, first).findLast(({ kind }) => kind === "heading");
  const nextHeading = blocks.slice(first).find(({ kind }) => kind === "heading");
  const last = Math.min(nextHeading?.start ?? text.length, start + passageLength);
  const range = { start, end: Math.max(end, last) };
  const path = heading ? [title, text.slice(heading.start, heading.end)] : [title];
  return { ...range, text: text.slice(range.start, range.end), headingPath: path.join(" > ") };
}
