import type { Block, PageDocument } from "../../document.ts";
import { sentenceRanges, wideStops, type Range } from "./sentences.ts";

/** A run of a document's text that says something on its own. */
export interface Statement extends Range {
  /** What it is about without saying so: the term it is listed under, its table's first row; or "". */
  readonly about: string;
  readonly kind: "sentence" | "row" | "code";
  /** It begins with the term that it says something of: what stands before it is of something else. */
  readonly opensEntry?: true;
}

/** A line no longer than this without a full stop, before a sentence, is what the sentence is about: a term, a signature. */
const maxTermLength = 120;
/** A term is this near to what is said of it. */
const mostBlocksBefore = 4;
const sentenceEnd = new RegExp(String.raw`[.!?:…${wideStops}]["'”’»)\]」』）]*$`, "u");

/**
 * Statements that reach into a passage, whole even where the passage cuts them: a term that ends the passage before still
 * belongs to what it says of it. Headings are none.
 */
export function* statementsBetween(
  { text, blocks }: Pick<PageDocument, "text" | "blocks">,
  passage: Range,
): Generator<Statement> {
  const reader = new EntryReader(text);
  const within = blocks.findIndex(({ end }) => end > passage.start);
  if (within < 0) return;
  for (const block of blocks.slice(readFrom(blocks, within))) {
    if (block.start >= passage.end && !reader.hasTerm) break;
    for (const statement of statementsOf(text, block, reader)) {
      if (statement.end > passage.start && statement.start < passage.end) yield statement;
    }
  }
  for (const statement of reader.leave()) {
    if (statement.end > passage.start && statement.start < passage.end) yield statement;
  }
}

/** The first block from which a passage's first block may be read on: below the heading that it stands under, and near. */
function readFrom(blocks: readonly Block[], index: number): number {
  const nearest = Math.max(0, index - mostBlocksBefore);
  return nearest + blocks.slice(nearest, index).findLastIndex(({ kind }) => kind === "heading") + 1;
}

function* statementsOf(text: string, block: Block, reader: EntryReader): Generator<Statement> {
  switch (block.kind) {
    case "heading":
      yield* reader.leave();
      return;
    case "table":
      yield* rowsOf(text, block);
      return;
    case "code":
      for (const line of sentenceRanges(text, block.start, block.end))
        yield { ...line, about: "", kind: "code" };
      return;
    case "paragraph":
    case "quote":
    case "list":
      for (const sentence of sentenceRanges(text, block.start, block.end)) yield* reader.read(sentence);
      // What follows a list belongs to no entry of it.
      if (block.kind === "list") yield* reader.leave();
  }
}

/** "Height" and "98 m": a first row that names no columns. */
const entry = /^[^\t\d]+\t[^\t]*\d[^\t]*$/u;

/** Rows below the first, which says what the columns are, unless it is an entry like them. */
function* rowsOf(text: string, block: Block): Generator<Statement> {
  const first = text.indexOf("\n", block.start);
  if (first < 0 || first >= block.end) return;
  const top = text.slice(block.start, first);
  const about = entry.test(top) ? "" : top;
  if (about === "") yield { start: block.start, end: first, about, kind: "row" };
  for (let start = first + 1; start < block.end;) {
    const lineEnd = text.indexOf("\n", start);
    const end = lineEnd < 0 ? block.end : Math.min(lineEnd, block.end);
    if (text.slice(start, end).trim() !== "") yield { start, end, about, kind: "row" };
    start = end + 1;
  }
}

/** Joins a term or signature with the sentence that says what it is, as definition lists have them, and remembers it for those that follow. */
class EntryReader {
  readonly #text: string;
  #term: Range | undefined;
  #about = "";

  constructor(text: string) {
    this.#text = text;
  }

  /** Whether a term waits for the sentence that says what it is. */
  get hasTerm(): boolean {
    return this.#term !== undefined;
  }

  *read(sentence: Range): Generator<Statement> {
    const { start, end } = sentence;
    const isWhole = sentenceEnd.test(this.#text.slice(start, end));
    const term = this.#term;
    if (term && isWhole && this.#text.slice(term.end, start).trim() === "") {
      this.#term = undefined;
      const about = this.#text.slice(term.start, term.end);
      yield { start: term.start, end, about: "", kind: "sentence", opensEntry: true };
      this.#about = about;
      return;
    }
    if (!isWhole && end - start <= maxTermLength && this.#hasLetters(sentence)) {
      yield* this.leave();
      this.#term = sentence;
      return;
    }
    if (term) yield* this.leave();
    yield { start, end, about: this.#about, kind: "sentence" };
  }

  /** What comes next belongs to no entry. */
  *leave(): Generator<Statement> {
    const term = this.#term;
    this.#term = undefined;
    this.#about = "";
    if (term) yield { ...term, about: "", kind: "sentence" };
  }

  #hasLetters({ start, end }: Range): boolean {
    return /\p{L}{2}/u.test(this.#text.slice(start, end));
  }
}
