import type { PageDocument } from "../../document.ts";
import type { StoredDocument } from "../chunk-store.ts";
import type { Hit } from "../retrieval/retrieve.ts";
import type { Range } from "../text/sentences.ts";
import { type Statement, statementsBetween } from "../text/statements.ts";
import type { SubjectAsked } from "./subject-asked.ts";

/** So many are read beside what was found. */
const mostPassages = 3;
/** Of a page, this much is looked through, in UTF-16 units. */
const mostLookedThrough = 500_000;
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
  return [...ofPages]
    .flatMap(([id, [best, ...others]]) => {
      const stored = documents.get(id);
      if (!best || !stored) return [];
      const read = [best, ...others].map(({ chunk }) => chunk);
      const found = firstDefining(subject, stored.document, read);
      return found ? [{ ...best, chunk: { ...best.chunk, ...passageAt(stored.document, found) } }] : [];
    })
    .slice(0, mostPassages);
}

function firstDefining(
  subject: SubjectAsked,
  document: PageDocument,
  read: readonly Range[],
): Range | undefined {
  for (const statement of statementsBetween(document, { start: 0, end: mostLookedThrough })) {
    const { start, end, kind } = statement;
    if (
      kind === "code" ||
      subject.toldBy(document.text.slice(start, end), termOf(document.text, statement)).defines === 0
    )
      continue;
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
