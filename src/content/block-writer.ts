import type { Block, BlockKind } from "../document.ts";
import { codeSpan, escapeInline, escapeLineStart, fenceFor } from "./markdown-text.ts";
import { collapse } from "./white-space.ts";

/** An inline mark around text: `**`, `[...](url)`. Written only once there is text inside. */
export interface InlineMark {
  readonly open: string;
  readonly close: string;
  readonly isLink: boolean;
}

interface OpenMark {
  readonly mark: InlineMark;
  isWritten: boolean;
}

/** What a container puts before each line within: a quote's `> `, an item's bullet and then spaces. */
interface LinePrefix {
  readonly first: string;
  readonly rest: string;
  isUsed: boolean;
}

/**
 * Writes text, markdown and block ranges in step. A leaf is one run of inline content; its end is a block border.
 * Inside a merged block (a list, a quote) leaves are lines of that block; outside, each is a block of its own.
 */
export class BlockWriter {
  text = "";
  markdown = "";
  readonly blocks: Block[] = [];
  /** The text reached its cap; nothing more is taken. */
  isFull = false;
  readonly #maxLength: number;
  readonly #isCell: boolean;
  #leafText = "";
  /** The last character of the leaf: asking the growing string itself would copy it each time. */
  #leafEnd = "";
  #leafMarkdown: string[] = [];
  #leafLevel = 0;
  #needsSpace = false;
  readonly #marks: OpenMark[] = [];
  readonly #prefixes: LinePrefix[] = [];
  #separator = "";
  #mergedKind: BlockKind | undefined = undefined;
  #mergedStart = 0;

  /** @param isCell Writes one table cell: a single line, pipes escaped. */
  constructor(maxLength: number, isCell = false) {
    this.#maxLength = maxLength;
    this.#isCell = isCell;
  }

  get isInBlock(): boolean {
    return this.#mergedKind !== undefined;
  }

  /** Inline text; what stood in a `pre` (an article in one, say) has its white space collapsed here. */
  write(given: string): void {
    const text = collapse(given);
    const start = text.startsWith(" ") ? 1 : 0;
    if (start === text.length) {
      if (start === 1) this.#needsSpace = true;
      return;
    }
    const hasEndSpace = text.endsWith(" ");
    if (start === 1) this.#needsSpace = true;
    const core = start === 1 || hasEndSpace ? text.slice(start, hasEndSpace ? -1 : undefined) : text;
    this.#put(core, escapeInline(core, this.#isCell, this.#isInLink()));
    this.#needsSpace = hasEndSpace;
  }

  writeCode(code: string): void {
    const span = codeSpan(code);
    this.#put(code, this.#isCell ? span.replaceAll("|", "\\|") : span);
  }

  /** Markdown that has no text beside it: an image. */
  writeImage(markdown: string): void {
    this.#writeSpace();
    this.#openMarks();
    this.#leafMarkdown.push(markdown);
  }

  /** `<br>`: a new line, and after another one a new paragraph. */
  breakLine(): void {
    if (this.#leafEnd === "") return;
    if (this.#isCell || this.#leafLevel > 0) this.#needsSpace = true;
    else if (this.#leafEnd === "\n") this.endLeaf();
    else {
      this.#needsSpace = false;
      this.#appendText("\n");
      this.#leafMarkdown.push("  \n");
    }
  }

  openMark(mark: InlineMark): void {
    this.#marks.push({ mark, isWritten: false });
  }

  closeMark(): void {
    const open = this.#marks.pop();
    if (open?.isWritten === true) this.#leafMarkdown.push(open.mark.close);
  }

  hasMark(open: string): boolean {
    return this.#marks.some((each) => each.mark.open === open);
  }

  /** A block border. */
  endLeaf(): void {
    this.#needsSpace = false;
    if (this.#leafMarkdown.length === 0) return;
    for (let i = this.#marks.length - 1; i >= 0; i--) {
      const open = this.#marks[i];
      if (open?.isWritten !== true) continue;
      this.#leafMarkdown.push(open.mark.close);
      open.isWritten = false;
    }
    const level = this.#leafLevel;
    const text = this.#leafText.trimEnd();
    const markdown = this.#leafMarkdown.join("").trimEnd();
    this.#leafText = "";
    this.#leafEnd = "";
    this.#leafMarkdown = [];
    if (text !== "") this.#addText(level > 0 ? "heading" : "paragraph", text, level);
    if (level > 0) this.#addLines([`${"#".repeat(level)} ${markdown}`]);
    else this.#addLines(markdown.split("\n").map(escapeLineStart));
  }

  startHeading(level: number): void {
    this.endLeaf();
    this.#leafLevel = level;
  }

  endHeading(): void {
    this.endLeaf();
    this.#leafLevel = 0;
  }

  /** Leaves until {@link endMerged} are lines of one block. Only where none is open. */
  startMerged(kind: BlockKind): void {
    this.endLeaf();
    this.#mergedKind = kind;
    this.#mergedStart = -1;
  }

  endMerged(): void {
    this.endLeaf();
    const kind = this.#mergedKind;
    this.#mergedKind = undefined;
    if (kind !== undefined && this.#mergedStart >= 0) {
      this.blocks.push({ kind, start: this.#mergedStart, end: this.text.length, level: 0 });
    }
  }

  openPrefix(first: string, rest: string): void {
    this.endLeaf();
    this.#prefixes.push({ first, rest, isUsed: false });
  }

  closePrefix(): void {
    this.endLeaf();
    this.#prefixes.pop();
  }

  /** The next line follows without an empty one between, as items of a tight list do. */
  tighten(): void {
    this.endLeaf();
    if (this.#separator !== "") this.#separator = "\n";
  }

  addCode(code: string, language: string): void {
    this.endLeaf();
    this.#addText("code", code, 0);
    const fence = fenceFor(code);
    this.#addLines([fence + language, ...code.split("\n"), fence]);
  }

  addTable(text: string, markdownLines: readonly string[]): void {
    this.endLeaf();
    this.#addText("table", text, 0);
    this.#addLines(markdownLines);
  }

  addRule(): void {
    this.endLeaf();
    if (this.markdown !== "") this.#addLines(["---"]);
  }

  #put(text: string, markdown: string): void {
    this.#writeSpace();
    this.#openMarks();
    this.#appendText(text);
    this.#leafMarkdown.push(markdown);
  }

  #appendText(text: string): void {
    this.#leafText += text;
    this.#leafEnd = text.at(-1) ?? this.#leafEnd;
  }

  #writeSpace(): void {
    if (!this.#needsSpace) return;
    this.#needsSpace = false;
    if (this.#leafMarkdown.length === 0 || this.#leafEnd === "\n") return;
    this.#leafMarkdown.push(" ");
    // Beside an image there may be markdown and no text yet.
    if (this.#leafEnd !== "" && this.#leafEnd !== " ") this.#appendText(" ");
  }

  #openMarks(): void {
    for (const open of this.#marks) {
      if (open.isWritten) continue;
      open.isWritten = true;
      this.#leafMarkdown.push(open.mark.open);
    }
  }

  #isInLink(): boolean {
    for (const open of this.#marks) if (open.mark.isLink) return true;
    return false;
  }

  #addText(kind: BlockKind, added: string, level: number): void {
    if (this.isFull) return;
    const isContinued = this.#mergedKind !== undefined && this.#mergedStart >= 0;
    const separator = this.text === "" ? "" : this.#isCell ? " " : isContinued ? "\n" : "\n\n";
    const room = this.#maxLength - this.text.length - separator.length;
    let text = added;
    if (text.length > room) {
      this.isFull = true;
      text = text
        .slice(0, Math.max(0, room))
        .toWellFormed()
        .replace(/\ufffd$/, "")
        .trimEnd();
      if (text.trim() === "") return;
    }
    this.text += separator;
    const start = this.text.length;
    this.text += text;
    if (this.#mergedKind === undefined) this.blocks.push({ kind, start, end: this.text.length, level });
    else if (!isContinued) this.#mergedStart = start;
  }

  #addLines(lines: readonly string[]): void {
    if (this.isFull) return;
    if (this.#isCell) {
      this.markdown += (this.markdown === "" ? "" : " ") + lines.join(" ");
      return;
    }
    let out = "";
    if (this.#separator === "\n\n") out = `\n${this.#rest().trimEnd()}\n`;
    else out = this.#separator;
    for (let i = 0; i < lines.length; i++) {
      if (i > 0) out += "\n";
      const line = lines[i] ?? "";
      const prefix = this.#prefixes.length === 0 ? "" : this.#prefix();
      out += line === "" ? prefix.trimEnd() : prefix + line;
    }
    this.markdown += out;
    this.#separator = "\n\n";
  }

  #prefix(): string {
    let out = "";
    for (const prefix of this.#prefixes) {
      out += prefix.isUsed ? prefix.rest : prefix.first;
      prefix.isUsed = true;
    }
    return out;
  }

  /** What an empty line within the containers that are already begun starts with. */
  #rest(): string {
    let out = "";
    for (const prefix of this.#prefixes) if (prefix.isUsed) out += prefix.rest;
    return out;
  }
}
