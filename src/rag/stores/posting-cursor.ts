import type { Database } from "../../database.ts";
import { PostingBlock, type PostingList } from "../postings.ts";
import { readBytes } from "./packed-numbers.ts";

/** Key of the block of `segment` that begins with `term`: blocks lie in the order of segment, then term. Exact up to segment 2^21. */
export function postingKey(segment: number, term: number): number {
  return segment * 2 ** 32 + term;
}

/** The block of a segment in which `term` is, if it is anywhere. */
export function findPostingBlock(
  database: Database,
  segment: number,
  term: number,
): { readonly key: number; readonly block: PostingBlock } | undefined {
  const row = database
    .prepare("SELECT id, block FROM posting WHERE id >= ? AND id <= ? ORDER BY id DESC LIMIT 1")
    .get(postingKey(segment, 0), postingKey(segment, term));
  return row && { key: Number(row["id"]), block: new PostingBlock(readBytes(row["block"])) };
}

/** Walks over a segment's terms in order, one block in memory. */
export class PostingCursor {
  readonly #database: Database;
  readonly #segment: number;
  #key: number;
  #block: PostingBlock | undefined;
  #place = 0;

  /** Stands on the first term that is not below `from`. */
  constructor(database: Database, segment: number, from: number) {
    this.#database = database;
    this.#segment = segment;
    const found = findPostingBlock(database, segment, from);
    this.#key = found?.key ?? postingKey(segment, 0) - 1;
    this.#block = found?.block;
    if (!found) this.#nextBlock();
    while (this.term !== undefined && this.term < from) this.#advance();
  }

  /** `undefined` at the end. */
  get term(): number | undefined {
    return this.#block?.terms[this.#place];
  }

  /** Adds the term's postings to `list`, their slots renamed, those named -1 left out, and goes on to the next term. */
  take(list: PostingList, remap: Int32Array): void {
    this.#block?.addRenamed(this.#place, list, remap);
    this.#advance();
  }

  #advance(): void {
    this.#place++;
    if (this.#block && this.#place >= this.#block.terms.length) this.#nextBlock();
  }

  #nextBlock(): void {
    const row = this.#database
      .prepare("SELECT id, block FROM posting WHERE id > ? AND id < ? ORDER BY id LIMIT 1")
      .get(this.#key, postingKey(this.#segment + 1, 0));
    this.#key = Number(row?.["id"]);
    this.#block = row && new PostingBlock(readBytes(row["block"]));
    this.#place = 0;
  }
}
