import { hash } from "node:crypto";
import type { Block, PageDocument } from "../../document.ts";
import { analyze } from "../text/analyzer.ts";
import type { ChunkOptions } from "./chunk-options.ts";
import type { NewChunk } from "../chunk-store.ts";
import { cutBlock, wholePiece, type Piece } from "./cut-block.ts";
import { extendPlace, formatPath, HeadingTrail, type Place } from "./heading-path.ts";
import { searchableText } from "../text/searchable-text.ts";
import { estimateTokens } from "../text/token-estimate.ts";

/** A paragraph that is cut goes on with its last sentence again, if that is not longer than this share of a chunk. */
const overlapShare = 0.25;
/** A table's first line is repeated before its later parts, as the last heading, if it has at most so many tokens. */
const headerRowTokens = 16;

/** A chunk being filled. */
interface Draft extends Place {
  readonly start: number;
  readonly end: number;
  /** Of the passage, without the path. */
  readonly tokens: number;
}

/**
 * A page's passages in reading order: packed from whole blocks, cut at headings, within the token limits, each with the
 * path of headings it lies under. Together they cover every block; where a paragraph had to be cut they share a sentence.
 */
export function chunkDocument(document: PageDocument, options: ChunkOptions): NewChunk[] {
  const packer = new Packer(document.text, options);
  const trail = new HeadingTrail(document);
  for (const block of blocksOf(document)) {
    if (block.kind === "heading") trail.enter(block.level, document.text.slice(block.start, block.end));
    packer.add(block, trail.path);
  }
  return packer.finish().map((draft) => finishChunk(document.text, draft, options));
}

/** A document's blocks; text without any is one paragraph. */
function blocksOf(document: PageDocument): readonly Block[] {
  if (document.blocks.length > 0) return document.blocks;
  return [{ kind: "paragraph", start: 0, end: document.text.length, level: 0 }];
}

function finishChunk(text: string, draft: Draft, options: ChunkOptions): NewChunk {
  const { start, end } = draft;
  const headingPath = formatPath(draft.path, options.headingTokens);
  const searched = searchableText(headingPath, text.slice(start, end));
  return { start, end, headingPath, hash: hash("sha256", searched).slice(0, 32), terms: analyze(searched) };
}

class Packer {
  readonly #text: string;
  readonly #options: ChunkOptions;
  readonly #drafts: Draft[] = [];
  #current: Draft | undefined;
  #lastPath: readonly string[] = [];
  #lastPathTokens = 0;

  constructor(text: string, options: ChunkOptions) {
    this.#text = text;
    this.#options = options;
  }

  add(block: Block, path: readonly string[]): void {
    const whole = wholePiece(this.#text, block);
    if (whole.start === whole.end) return;
    if (block.kind === "heading" && this.#isLongEnough()) this.#close();
    if (this.#takes(whole, path)) this.#append(whole, path);
    else if (this.#isLongEnough() && this.#fitsAlone(whole, path)) {
      this.#close();
      this.#append(whole, path);
    } else this.#addInPieces(block, path);
  }

  finish(): Draft[] {
    this.#close();
    const last = this.#drafts.at(-1);
    const before = this.#drafts.at(-2);
    if (!last || !before || last.tokens >= this.#options.minTokens) return this.#drafts;
    const place = extendPlace(before, last.path);
    const tokens = estimateTokens(this.#text, before.start, last.end);
    if (tokens + this.#pathTokens(place.path) > this.#options.maxTokens) return this.#drafts;
    return [...this.#drafts.slice(0, -2), { ...place, start: before.start, end: last.end, tokens }];
  }

  #addInPieces(block: Block, path: readonly string[]): void {
    const limit = this.#options.targetTokens - this.#options.headingTokens;
    const pieces = cutBlock(this.#text, block, limit);
    const isProse = block.kind === "paragraph" || block.kind === "quote";
    const later = block.kind === "table" ? this.#withHeaderRow(pieces[0], path) : path;
    let before: Piece | undefined;
    for (const piece of pieces) {
      const own = before ? later : path;
      if (!this.#takes(piece, own)) {
        this.#close();
        const isShort = before && before.tokens <= overlapShare * this.#options.maxTokens;
        if (isProse && before && isShort && this.#fitsTogether(before, piece, own)) this.#append(before, own);
      }
      this.#append(piece, own);
      before = piece;
    }
  }

  #withHeaderRow(header: Piece | undefined, path: readonly string[]): readonly string[] {
    if (!header || header.tokens > headerRowTokens) return path;
    return [...path, this.#text.slice(header.start, header.end).replace(/\s+/g, " ")];
  }

  /** True when the piece may go into the current chunk: up to the target, beyond it only to leave no fragment. */
  #takes(piece: Piece, path: readonly string[]): boolean {
    const { targetTokens, maxTokens, minTokens } = this.#options;
    if (!this.#current) return this.#fitsAlone(piece, path);
    const isFragment = !this.#isLongEnough() || piece.tokens < minTokens;
    const joined = extendPlace(this.#current, path).path;
    const total = this.#current.tokens + piece.tokens + this.#pathTokens(joined);
    return total <= (isFragment ? maxTokens : targetTokens);
  }

  #fitsAlone(piece: Piece, path: readonly string[]): boolean {
    return piece.tokens + this.#pathTokens(path) <= this.#options.maxTokens;
  }

  #fitsTogether(first: Piece, second: Piece, path: readonly string[]): boolean {
    return first.tokens + second.tokens + this.#pathTokens(path) <= this.#options.maxTokens;
  }

  #isLongEnough(): boolean {
    return (this.#current?.tokens ?? 0) >= this.#options.minTokens;
  }

  #append(piece: Piece, path: readonly string[]): void {
    const { start, end, tokens } = piece;
    const current = this.#current;
    this.#current = current
      ? { ...extendPlace(current, path), start: current.start, end, tokens: current.tokens + tokens }
      : { start, end, tokens, path, isShared: false };
  }

  #close(): void {
    if (this.#current) this.#drafts.push(this.#current);
    this.#current = undefined;
  }

  #pathTokens(path: readonly string[]): number {
    if (path !== this.#lastPath) {
      this.#lastPath = path;
      this.#lastPathTokens = estimateTokens(formatPath(path, this.#options.headingTokens));
    }
    return this.#lastPathTokens;
  }
}
