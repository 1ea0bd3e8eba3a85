import type { Database } from "../../database.ts";
import { PostingList, PostingWriter } from "../postings.ts";
import { asBytes, readNumbers, unpackTerms } from "./packed-numbers.ts";
import { PostingCursor, postingKey } from "./posting-cursor.ts";

/** The two things that are ranked by BM25; also the name of the table that holds their terms. */
export type Field = "chunk" | "page";

/** Segments of like size are merged by so many; Lucene's tiered merging takes 10. */
const fanOut = 8;
/** The largest of a run may be so many times its mean. */
const unevenness = 1.5;
/** A segment is written anew when so much of it is deleted. */
const deadShare = 1 / 3;

/** How much waits and how much is done at a time. */
export interface IndexLimits {
  /** Rows that wait unpacked; readers hold them in memory, about 10 bytes a term. At most 8,192. */
  readonly tailItems: Readonly<Record<Field, number>>;
  /** One step of a merge moves so many postings, so that a crawl never waits long. */
  readonly stepPostings: number;
  /** Vectors whose signs share one BLOB: opening reads 56 bytes a vector, not 1,536. */
  readonly blockItems: number;
}

/** A page has some twenty chunks. Packing takes about 15 ms every fifty pages, a step of merging 5 ms. */
export const defaultLimits: IndexLimits = {
  tailItems: { chunk: 1_000, page: 50 },
  stepPostings: 50_000,
  blockItems: 1_024,
};

interface SegmentRow {
  readonly id: number;
  readonly items: number;
  readonly dead: number;
}

interface Merge {
  readonly target: number;
  readonly inputs: readonly number[];
  readonly deadUntil: number;
  readonly nextTerm: number;
}

/**
 * Writes the inverted index of one field: rows become immutable segments, segments become larger ones.
 * Everything it knows is in rows, so what a transaction undoes is undone here too. All methods run in a write.
 * @see O'Neil and others, The log-structured merge-tree, Acta Informatica 1996.
 */
export class SegmentWriter {
  readonly #database: Database;
  readonly #field: Field;
  readonly #limits: IndexLimits;
  /** Where each input's slots go in the merge under way; made from immutable rows, kept from step to step. */
  #remaps: { readonly key: string; readonly slots: readonly Int32Array[] } | undefined;

  constructor(database: Database, field: Field, limits: IndexLimits) {
    this.#database = database;
    this.#field = field;
    this.#limits = limits;
  }

  /** Notes that an item's row has gone. */
  markDead(id: number): void {
    this.#database.prepare("INSERT INTO dead(field, id) VALUES(?, ?)").run(this.#field, id);
  }

  /** Packs rows that have waited long enough and does one step of merging. */
  advance(): void {
    if (this.#newest() - this.#covered() >= this.#limits.tailItems[this.#field]) this.#pack();
    const merge = this.#merge();
    if (merge) this.#step(merge);
  }

  /**
   * One step towards few segments, the tail packed too.
   * @returns False when nothing is left to do.
   */
  optimize(): boolean {
    if (this.#newest() > this.#covered()) {
      this.#pack();
      return true;
    }
    let merge = this.#merge();
    if (!merge) {
      const inputs = chooseForRest(this.#segments());
      if (inputs.length === 0) return false;
      merge = this.#begin(inputs);
    }
    this.#step(merge);
    return true;
  }

  #newest(): number {
    return Number(this.#database.prepare(`SELECT max(id) AS id FROM ${this.#field}`).get()?.["id"] ?? 0);
  }

  #covered(): number {
    const row = this.#database
      .prepare("SELECT max(last_id) AS id FROM segment WHERE field = ? AND is_ready = 1")
      .get(this.#field);
    return Number(row?.["id"] ?? 0);
  }

  /** Rows past the last segment become segments of at most `tailItems`. */
  #pack(): void {
    const before = this.#covered();
    const select = this.#database.prepare(
      `SELECT id, document_id, length, terms FROM ${this.#field} WHERE id > ? ORDER BY id LIMIT ${this.#limits.tailItems[this.#field]}`,
    );
    let last = before;
    for (;;) {
      const rows = select.all(last);
      if (rows.length === 0) break;
      const ids = Uint32Array.from(rows, (row) => Number(row["id"]));
      const segment = this.#insert(true, last + 1, {
        ids,
        documents: Uint32Array.from(rows, (row) => Number(row["document_id"])),
        lengths: Uint32Array.from(rows, (row) => Number(row["length"])),
      });
      this.#writePostings(segment, rows);
      last = ids.at(-1) ?? last;
    }
    // The new segments hold living rows only.
    this.#database
      .prepare("DELETE FROM dead WHERE field = ? AND id > ? AND id <= ?")
      .run(this.#field, before, last);
    if (this.#merge()) return;
    const inputs = chooseTier(this.#segments());
    if (inputs.length > 0) this.#begin(inputs);
  }

  #writePostings(segment: number, rows: readonly Record<string, unknown>[]): void {
    const writer = this.#postingWriter(segment);
    const list = new PostingList();
    let term = -1;
    for (const key of sortedPostings(rows)) {
      const own = Math.floor(key / termUnit);
      if (own !== term) {
        if (list.size > 0) writer.add(term, list);
        list.clear();
        term = own;
      }
      list.push(Math.floor(key / slotUnit) % maxTailItems, key % slotUnit);
    }
    if (list.size > 0) writer.add(term, list);
    writer.flush();
  }

  #postingWriter(segment: number): PostingWriter {
    const insert = this.#database.prepare("INSERT INTO posting(id, block) VALUES(?, ?)");
    return new PostingWriter((firstTerm, block) => insert.run(postingKey(segment, firstTerm), block));
  }

  /** Ready segments in the order of their items. */
  #segments(): SegmentRow[] {
    const rows = this.#database
      .prepare(
        `SELECT id, items, (SELECT count(*) FROM dead WHERE dead.field = segment.field
           AND dead.id BETWEEN first_id AND last_id) AS dead
         FROM segment WHERE field = ? AND is_ready = 1 ORDER BY first_id`,
      )
      .all(this.#field);
    return rows.map((row) => ({
      id: Number(row["id"]),
      items: Number(row["items"]),
      dead: Number(row["dead"]),
    }));
  }

  #merge(): Merge | undefined {
    const row = this.#database
      .prepare("SELECT target, inputs, dead_until, next_term FROM merge WHERE field = ?")
      .get(this.#field);
    if (!row) return undefined;
    return {
      target: Number(row["target"]),
      inputs: JSON.parse(String(row["inputs"])) as number[],
      deadUntil: Number(row["dead_until"]),
      nextTerm: Number(row["next_term"]),
    };
  }

  #begin(inputs: readonly number[]): Merge {
    this.#remaps = undefined;
    const none = new Uint32Array();
    const target = this.#insert(false, 0, { ids: none, documents: none, lengths: none });
    const newest = this.#database.prepare("SELECT max(seq) AS seq FROM dead").get();
    const deadUntil = Number(newest?.["seq"] ?? 0);
    this.#database
      .prepare("INSERT INTO merge VALUES(?, ?, ?, ?, 0)")
      .run(this.#field, target, JSON.stringify(inputs), deadUntil);
    return { target, inputs, deadUntil, nextTerm: 0 };
  }

  #step(merge: Merge): void {
    const remaps = this.#slotsAfter(merge);
    const cursors = merge.inputs.map((input) => new PostingCursor(this.#database, input, merge.nextTerm));
    const writer = this.#postingWriter(merge.target);
    const list = new PostingList();
    let moved = 0;
    let term = lowest(cursors);
    while (term !== undefined && moved < this.#limits.stepPostings) {
      list.clear();
      for (let at = 0; at < cursors.length; at++) {
        const cursor = cursors[at] as PostingCursor;
        if (cursor.term === term) cursor.take(list, remaps[at] as Int32Array);
      }
      if (list.size > 0) writer.add(term, list);
      moved += list.size + 1;
      term = lowest(cursors);
    }
    writer.flush();
    if (term === undefined) this.#finish(merge, remaps);
    else {
      this.#database.prepare("UPDATE merge SET next_term = ? WHERE field = ?").run(term, this.#field);
    }
  }

  /** The target takes the place of its inputs. */
  #finish(merge: Merge, remaps: readonly Int32Array[]): void {
    const select = this.#database.prepare(
      "SELECT first_id, last_id, ids, documents, lengths FROM segment WHERE id = ?",
    );
    const rows = merge.inputs.map((input) => select.get(input) ?? {});
    const first = Number(rows[0]?.["first_id"]);
    const last = Number(rows.at(-1)?.["last_id"]);
    const join = (column: string) =>
      asBytes(
        joinKept(
          rows.map((row) => readNumbers(row[column])),
          remaps,
        ),
      );
    const ids = join("ids");
    for (const input of merge.inputs) {
      this.#database
        .prepare("DELETE FROM posting WHERE id >= ? AND id < ?")
        .run(postingKey(input, 0), postingKey(input + 1, 0));
      this.#database.prepare("DELETE FROM segment WHERE id = ?").run(input);
    }
    this.#database
      .prepare(
        `UPDATE segment SET is_ready = 1, first_id = ?, last_id = ?, items = ?, ids = ?, documents = ?, lengths = ?
         WHERE id = ?`,
      )
      .run(first, last, ids.length / 4, ids, join("documents"), join("lengths"), merge.target);
    this.#database
      .prepare("DELETE FROM dead WHERE field = ? AND id BETWEEN ? AND ? AND seq <= ?")
      .run(this.#field, first, last, merge.deadUntil);
    this.#database.prepare("DELETE FROM merge WHERE field = ?").run(this.#field);
    this.#remaps = undefined;
  }

  #slotsAfter(merge: Merge): readonly Int32Array[] {
    const key = `${merge.target} ${merge.inputs.join()} ${merge.deadUntil}`;
    if (this.#remaps?.key === key) return this.#remaps.slots;
    let next = 0;
    const slots = merge.inputs.map((input) => {
      const row = this.#database
        .prepare("SELECT first_id, last_id, ids FROM segment WHERE id = ?")
        .get(input);
      const ids = readNumbers(row?.["ids"]);
      const gone = this.#database
        .prepare("SELECT id FROM dead WHERE field = ? AND id BETWEEN ? AND ? AND seq <= ?")
        .all(this.#field, Number(row?.["first_id"]), Number(row?.["last_id"]), merge.deadUntil);
      const dead = new Set(gone.map((one) => Number(one["id"])));
      return Int32Array.from(ids, (id) => (dead.has(id) ? -1 : next++));
    });
    this.#remaps = { key, slots };
    return slots;
  }

  #insert(
    isReady: boolean,
    firstId: number,
    items: { readonly ids: Uint32Array; readonly documents: Uint32Array; readonly lengths: Uint32Array },
  ): number {
    const { ids, documents, lengths } = items;
    const result = this.#database
      .prepare(
        `INSERT INTO segment(field, is_ready, first_id, last_id, items, ids, documents, lengths)
         VALUES(?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        this.#field,
        isReady ? 1 : 0,
        firstId,
        ids.at(-1) ?? 0,
        ids.length,
        asBytes(ids),
        asBytes(documents),
        asBytes(lengths),
      );
    return Number(result.lastInsertRowid);
  }
}

/** Postings as numbers that sort by term, then slot: 32 bits of term, 13 of slot, 8 of count. */
const slotUnit = 2 ** 8;
const maxTailItems = 2 ** 13;
const termUnit = slotUnit * maxTailItems;

function sortedPostings(rows: readonly Record<string, unknown>[]): Float64Array {
  const texts = rows.map((row) => unpackTerms(row["terms"]));
  const keys = new Float64Array(texts.reduce((sum, { ids }) => sum + ids.length, 0));
  let size = 0;
  for (const [slot, { ids, counts }] of texts.entries()) {
    for (let at = 0; at < ids.length; at++) {
      keys[size++] = (ids[at] as number) * termUnit + slot * slotUnit + (counts[at] as number);
    }
  }
  return keys.sort();
}

/**
 * What to merge while a crawl goes on: `fanOut` neighbours of like size, the smallest such run, or one with many dead.
 * Neighbours only, so that items stay in the order of their ids.
 */
export function chooseTier(segments: readonly SegmentRow[]): number[] {
  const wasteful = segments.find((segment) => segment.dead > segment.items * deadShare);
  if (wasteful) return [wasteful.id];
  let best: readonly SegmentRow[] = [];
  let bestItems = Number.POSITIVE_INFINITY;
  for (let start = 0; start + fanOut <= segments.length; start++) {
    const run = segments.slice(start, start + fanOut);
    const items = run.reduce((sum, segment) => sum + segment.items, 0);
    const largest = Math.max(...run.map((segment) => segment.items));
    if (largest <= (unevenness * items) / fanOut && items < bestItems) [best, bestItems] = [run, items];
  }
  return best.map((segment) => segment.id);
}

/** What to merge at the end of a crawl: the newest segments, as far back as they are not small beside what came before. */
export function chooseForRest(segments: readonly SegmentRow[]): number[] {
  const wasteful = segments.find((segment) => segment.dead > segment.items * deadShare);
  if (wasteful) return [wasteful.id];
  let start = segments.length;
  let items = 0;
  while (start > 0) {
    const segment = segments[start - 1];
    if (!segment || (items > 0 && segment.items > fanOut * items)) break;
    items += segment.items;
    start--;
  }
  const run = segments.slice(start);
  return run.length > 1 ? run.map((segment) => segment.id) : [];
}

function lowest(cursors: readonly PostingCursor[]): number | undefined {
  let term: number | undefined;
  for (const cursor of cursors) {
    if (cursor.term !== undefined && (term === undefined || cursor.term < term)) term = cursor.term;
  }
  return term;
}

function joinKept(parts: readonly Uint32Array[], remaps: readonly Int32Array[]): Uint32Array {
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  const joined = new Uint32Array(total);
  let size = 0;
  for (const [at, part] of parts.entries()) {
    const remap = remaps[at];
    for (const [slot, value] of part.entries()) {
      if ((remap?.[slot] ?? -1) >= 0) joined[size++] = value;
    }
  }
  return joined.subarray(0, size);
}
