import type { Database } from "../../database.ts";
import { inverseDocumentFrequency, lengthPenalty, saturation, termWeight } from "../bm25.ts";
import type { ScoredId, TermCounts } from "../chunk-store.ts";
import { PostingList } from "../postings.ts";
import { TopHits } from "../top-hits.ts";
import { ItemColumns } from "./item-columns.ts";
import { unpackTerms } from "./packed-numbers.ts";
import { findPostingBlock } from "./posting-cursor.ts";
import type { Field } from "./sqlite-segments.ts";

/** Items by BM25, and what the scores mean. */
export interface TermRanking {
  /** Best first. */
  readonly hits: readonly ScoredId<number>[];
  /** The score of a text that holds every term as often as it likes: sum of idf (k + 1). */
  readonly maxScore: number;
}

interface OpenSegment {
  readonly id: number;
  /** Where its items begin in the columns. */
  readonly base: number;
}

/**
 * Reads the inverted index of one field and ranks by BM25: every matching item is scored, none is pruned.
 * In memory are three numbers an item and the rows that no segment holds yet; postings are read for each query.
 * All methods but the constructor run in a snapshot, after {@link refresh}.
 */
export class TermIndex {
  readonly #database: Database;
  readonly #field: Field;
  #segments: readonly OpenSegment[] = [];
  #segmentIds = "";
  /** Ids, documents and lengths of the items by slot; a length of 0 marks what is deleted or has no terms. */
  #items = new ItemColumns();
  /** Terms of the rows past the last segment: slot and count, in turns. */
  #tail = new Map<number, number[]>();
  #lastRow = 0;
  #deadSeen = 0;
  /** Whether any item of a segment has gone since it was packed. */
  #hasDead = false;
  #living = 0;
  #totalLength = 0;
  readonly #frequencies = new Map<number, number>();
  readonly #postings = new PostingList();
  #scores = new Float64Array();

  constructor(database: Database, field: Field) {
    this.#database = database;
    this.#field = field;
  }

  /** Takes in what was committed since. */
  refresh(): void {
    const rows = this.#database
      .prepare("SELECT id, items FROM segment WHERE field = ? AND is_ready = 1 ORDER BY first_id")
      .all(this.#field);
    const segmentIds = rows.map((row) => row["id"]).join();
    if (segmentIds !== this.#segmentIds || this.#lastRow === 0) this.#reload(rows);
    this.#segmentIds = segmentIds;
    this.#readTail();
    this.#readDead();
    this.#frequencies.clear();
  }

  /**
   * Items that hold any of the terms, by BM25 over all living items.
   * @param accepts Which documents may be among the hits; it has no influence on the scores.
   */
  search(
    terms: TermCounts,
    options: { readonly limit: number; readonly accepts?: (document: number) => boolean },
  ): TermRanking {
    const { documents, ids, size } = this.#items;
    const scores = this.#clearScores(size);
    let maxScore = 0;
    for (const term of terms.ids) {
      const list = this.#livePostings(term);
      const idf = inverseDocumentFrequency(this.#living, list.size);
      maxScore += idf * (saturation + 1);
      this.#addScores(scores, list, idf);
    }
    const top = new TopHits(options.limit);
    const results = this.#field === "page" ? documents : ids;
    let { floor } = top;
    for (let slot = 0; slot < size; slot++) {
      const score = scores[slot] as number;
      if (score === 0 || score < floor) continue;
      if (options.accepts && !options.accepts(documents[slot] as number)) continue;
      top.offer(results[slot] as number, score);
      floor = top.floor;
    }
    return { hits: top.sorted(), maxScore };
  }

  /** idf of each term, in the order given. */
  idf(terms: TermCounts): Float64Array {
    return Float64Array.from(terms.ids, (term) =>
      inverseDocumentFrequency(this.#living, this.#frequency(term)),
    );
  }

  /** Whether any living item has the term. */
  holds(term: number): boolean {
    const isPacked = ({ id }: OpenSegment) =>
      (findPostingBlock(this.#database, id, term)?.block.find(term) ?? -1) >= 0;
    // Where items have gone, those that have the term may be among them.
    return (!this.#hasDead && this.#segments.some(isPacked)) || this.#frequency(term) > 0;
  }

  /** The best of `items` by the score that {@link search} gives them. */
  best(items: readonly Record<string, unknown>[], terms: TermCounts): ScoredId<number> | undefined {
    const idf = this.idf(terms);
    const average = this.#averageLength();
    const top = new TopHits(1);
    for (const item of items) {
      const held = unpackTerms(item["terms"]);
      let score = 0;
      for (const [at, term] of terms.ids.entries()) {
        const count = held.counts[held.ids.indexOf(term)];
        if (count) score += (idf[at] ?? 0) * termWeight(count, Number(item["length"]), average);
      }
      if (score > 0) top.offer(Number(item["id"]), score);
    }
    return top.sorted()[0];
  }

  #averageLength(): number {
    return this.#living === 0 ? 1 : this.#totalLength / this.#living;
  }

  #clearScores(size: number): Float64Array {
    if (this.#scores.length < size) this.#scores = new Float64Array(Math.ceil(size * 1.25));
    else this.#scores.fill(0, 0, size);
    return this.#scores;
  }

  #addScores(scores: Float64Array, list: PostingList, idf: number): void {
    const { lengths } = this.#items;
    const { slots, counts, size } = list;
    const base = saturation * (1 - lengthPenalty);
    const byLength = (saturation * lengthPenalty) / this.#averageLength();
    const factor = idf * (saturation + 1);
    for (let at = 0; at < size; at++) {
      const slot = slots[at] as number;
      const count = counts[at] as number;
      scores[slot] =
        (scores[slot] as number) + (factor * count) / (count + base + byLength * (lengths[slot] as number));
    }
  }

  #frequency(term: number): number {
    return this.#frequencies.get(term) ?? this.#livePostings(term).size;
  }

  /** The list is reused by the next call. */
  #livePostings(term: number): PostingList {
    const list = this.#postings;
    const { lengths } = this.#items;
    list.clear();
    for (const segment of this.#segments) {
      const block = findPostingBlock(this.#database, segment.id, term)?.block;
      const place = block?.find(term) ?? -1;
      if (!block || place < 0) continue;
      if (this.#hasDead) block.addLive(place, list, segment.base, lengths);
      else block.add(place, list, segment.base);
    }
    const pairs = this.#tail.get(term) ?? [];
    for (let at = 0; at < pairs.length; at += 2) {
      const slot = pairs[at] as number;
      if (lengths[slot] !== 0) list.push(slot, pairs[at + 1] as number);
    }
    this.#frequencies.set(term, list.size);
    return list;
  }

  #reload(segments: readonly Record<string, unknown>[]): void {
    const select = this.#database.prepare(
      "SELECT last_id, ids, documents, lengths FROM segment WHERE id = ?",
    );
    const columns = new ItemColumns();
    this.#lastRow = 0;
    this.#segments = segments.map((segment) => {
      const row = select.get(Number(segment["id"])) ?? {};
      const base = columns.size;
      columns.append(row["ids"], row["documents"], row["lengths"]);
      this.#lastRow = Math.max(this.#lastRow, Number(row["last_id"]));
      return { id: Number(segment["id"]), base };
    });
    this.#items = columns;
    this.#tail = new Map();
    this.#deadSeen = 0;
    this.#hasDead = false;
    this.#living = 0;
    this.#totalLength = 0;
    for (let slot = 0; slot < columns.size; slot++) {
      this.#totalLength += columns.lengths[slot] as number;
      if (columns.lengths[slot] !== 0) this.#living++;
    }
  }

  #readTail(): void {
    const rows = this.#database
      .prepare(`SELECT id, document_id, length, terms FROM ${this.#field} WHERE id > ? ORDER BY id`)
      .all(this.#lastRow);
    for (const row of rows) {
      const slot = this.#items.size;
      const length = Number(row["length"]);
      const { ids, counts } = unpackTerms(row["terms"]);
      this.#lastRow = Number(row["id"]);
      this.#items.push(this.#lastRow, Number(row["document_id"]), length);
      this.#totalLength += length;
      if (length > 0) this.#living++;
      for (let at = 0; at < ids.length; at++) {
        const term = ids[at] as number;
        const pairs = this.#tail.get(term);
        if (pairs) pairs.push(slot, counts[at] as number);
        else this.#tail.set(term, [slot, counts[at] as number]);
      }
    }
  }

  #readDead(): void {
    const rows = this.#database
      .prepare("SELECT seq, id FROM dead WHERE field = ? AND seq > ? ORDER BY seq")
      .all(this.#field, this.#deadSeen);
    for (const row of rows) {
      this.#deadSeen = Number(row["seq"]);
      const slot = this.#items.find(Number(row["id"]));
      const length = slot < 0 ? 0 : (this.#items.lengths[slot] ?? 0);
      if (length === 0) continue;
      this.#items.lengths[slot] = 0;
      this.#hasDead = true;
      this.#totalLength -= length;
      this.#living--;
    }
  }
}
