import type { Database } from "../../database.ts";
import { BitIndex } from "../vectors/bit-index.ts";
import type { ScoredId } from "../chunk-store.ts";
import { TopHits } from "../top-hits.ts";
import { dot } from "../vectors/vector-math.ts";
import { ItemColumns } from "./item-columns.ts";
import { readNumbers } from "./packed-numbers.ts";
import { readVector } from "./sqlite-vectors.ts";

/** Of the vectors nearest by their signs so many a wanted hit are compared in full: recall in {@link BitIndex}. */
const oversampling = 4;
/** Short lists are looked for among as many as this one. */
const leastLimit = 100;

/** Reads vectors: signs in memory (56 bytes a vector), numbers from rows. Methods run in a snapshot, after {@link refresh}. */
export class VectorIndex {
  readonly #database: Database;
  #blockIds = "";
  readonly #signs: BitIndex;
  /** Embedding id and document by slot; a length of 0 marks what is gone. */
  #items = new ItemColumns();
  #lastRow = 0;
  #deadSeen = 0;

  constructor(database: Database, dimensions: number) {
    this.#database = database;
    this.#signs = new BitIndex(dimensions);
  }

  /** Takes in what was committed since. */
  refresh(): void {
    const rows = this.#database.prepare("SELECT id FROM sign_block ORDER BY last_id").all();
    const blockIds = rows.map((row) => row["id"]).join();
    if (blockIds !== this.#blockIds || this.#lastRow === 0) this.#reload();
    this.#blockIds = blockIds;
    this.#readTail();
    this.#readDead();
  }

  /** Chunks by cosine, best first. */
  search(
    vector: Float32Array,
    options: { readonly limit: number; readonly accepts?: (document: number) => boolean },
  ): ScoredId<number>[] {
    const { documents, lengths, ids } = this.#items;
    const accepts = (slot: number) =>
      lengths[slot] !== 0 && (options.accepts?.(documents[slot] as number) ?? true);
    const wanted = oversampling * Math.max(options.limit, leastLimit);
    const nearest = this.#signs.nearest(vector, wanted, accepts).map((slot) => ids[slot]);
    // All in one value: a row for each costs twice as much. SQLite joins bytes as text and leaves them as they are, since
    // the file's text is UTF-8; both lists are in the order of the same scan.
    const row = this.#database
      .prepare(
        `SELECT json_group_array(chunk_id) AS ids, CAST(group_concat(numbers, '') AS BLOB) AS numbers
         FROM json_each(?) CROSS JOIN embedding ON embedding.id = value CROSS JOIN vector ON vector.id = vector_id`,
      )
      .get(JSON.stringify(nearest));
    const chunkIds = JSON.parse(String(row?.["ids"])) as readonly number[];
    if (chunkIds.length === 0) return [];
    const numbers = readVector(row?.["numbers"]);
    const width = vector.length;
    const top = new TopHits(options.limit);
    for (const [at, id] of chunkIds.entries()) top.offer(id, dot(vector, numbers, at * width));
    return top.sorted();
  }

  #reload(): void {
    this.#items = new ItemColumns();
    this.#signs.clear();
    this.#lastRow = 0;
    this.#deadSeen = 0;
    const blocks = this.#database
      .prepare("SELECT last_id, ids, documents, signs FROM sign_block ORDER BY last_id")
      .iterate();
    for (const block of blocks) {
      this.#items.append(block["ids"], block["documents"], block["documents"]);
      this.#signs.append(readNumbers(block["signs"]));
      this.#lastRow = Number(block["last_id"]);
    }
  }

  #readTail(): void {
    const rows = this.#database
      .prepare(
        `SELECT embedding.id, document_id, numbers FROM embedding JOIN vector ON vector.id = vector_id
         WHERE embedding.id > ? ORDER BY embedding.id`,
      )
      .iterate(this.#lastRow);
    for (const row of rows) {
      this.#lastRow = Number(row["id"]);
      this.#items.push(this.#lastRow, Number(row["document_id"]), 1);
      this.#signs.push(readVector(row["numbers"]));
    }
  }

  #readDead(): void {
    const rows = this.#database
      .prepare("SELECT seq, id FROM dead WHERE field = 'embedding' AND seq > ? ORDER BY seq")
      .all(this.#deadSeen);
    for (const row of rows) {
      this.#deadSeen = Number(row["seq"]);
      const slot = this.#items.find(Number(row["id"]));
      if (slot >= 0) this.#items.lengths[slot] = 0;
    }
  }
}
