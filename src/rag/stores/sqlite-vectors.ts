import type { Database } from "../../database.ts";
import { StoreError } from "../../errors.ts";
import { signWords, writeSigns } from "../vectors/vector-math.ts";
import { asBytes, readNumbers } from "./packed-numbers.ts";
import type { IndexLimits } from "./sqlite-segments.ts";

/** The model whose vectors a store reads and writes. */
export interface EmbedderIdentity {
  readonly id: string;
  readonly dimensions: number;
}

/**
 * Writes vectors: one row a text hash and model, one `embedding` row a chunk that has its vector, and blocks of signs.
 * All methods run in a write; like the segments, everything it knows is in rows.
 */
export class VectorWriter {
  readonly #database: Database;
  readonly #blockItems: number;

  constructor(database: Database, limits: IndexLimits) {
    this.#database = database;
    this.#blockItems = limits.blockItems;
  }

  /**
   * Makes `embedder` the one whose vectors count. Those of another stay in the file, unused; those that this one
   * made before count again.
   */
  adopt(embedder: EmbedderIdentity): void {
    const { id, dimensions } = embedder;
    this.#database
      .prepare("INSERT INTO embedder(name, dimensions) VALUES(?, ?) ON CONFLICT DO NOTHING")
      .run(id, dimensions);
    const row = this.#database.prepare("SELECT id, dimensions FROM embedder WHERE name = ?").get(id);
    if (Number(row?.["dimensions"]) !== dimensions) {
      throw new StoreError(
        `The index holds vectors of ${id} with ${String(row?.["dimensions"])} numbers, this one gives ${dimensions}. ` +
          "Give the embedder another id, or start over with --fresh.",
      );
    }
    const embedderId = Number(row?.["id"]);
    if (this.#embedderId() === embedderId) return;
    for (const statement of [
      "DELETE FROM embedding",
      "DELETE FROM sign_block",
      "DELETE FROM dead WHERE field = 'embedding'",
      "UPDATE chunk SET is_embedded = 0 WHERE is_embedded = 1",
    ]) {
      this.#database.prepare(statement).run();
    }
    this.#database
      .prepare(
        `INSERT INTO embedding(chunk_id, document_id, vector_id)
         SELECT chunk.id, chunk.document_id, vector.id FROM vector JOIN chunk ON chunk.hash = vector.hash
         WHERE vector.embedder_id = ?`,
      )
      .run(embedderId);
    this.#database
      .prepare("UPDATE chunk SET is_embedded = 1 WHERE id IN (SELECT chunk_id FROM embedding)")
      .run();
    this.#database
      .prepare(
        `UPDATE index_state SET stamp = stamp + 1, embedder_id = ?,
           embedded = (SELECT count(*) FROM embedding),
           embedded_leads = (SELECT count(*) FROM chunk WHERE is_embedded = 1 AND rank <= 1) WHERE id = 1`,
      )
      .run(embedderId);
    this.pack();
  }

  /** Keeps the vector of a text. @returns The chunks that have it from now on. */
  put(hash: string, vector: Float32Array): { readonly documentId: number; readonly isLead: boolean }[] {
    const chunks = this.#database
      .prepare("SELECT id, document_id, rank FROM chunk WHERE hash = ? AND is_embedded = 0")
      .all(hash);
    if (chunks.length === 0) return [];
    this.#database
      .prepare("INSERT INTO vector(hash, embedder_id, numbers) VALUES(?, ?, ?) ON CONFLICT DO NOTHING")
      .run(hash, this.#embedderId(), asBytes(vector));
    return chunks.map((chunk) => {
      this.link(Number(chunk["id"]), Number(chunk["document_id"]), hash);
      this.#database.prepare("UPDATE chunk SET is_embedded = 1 WHERE id = ?").run(Number(chunk["id"]));
      return { documentId: Number(chunk["document_id"]), isLead: Number(chunk["rank"]) <= 1 };
    });
  }

  /** Gives a chunk the vector that its text has already. @returns False when there is none. */
  link(chunkId: number, documentId: number, hash: string): boolean {
    const { changes } = this.#database
      .prepare(
        `INSERT INTO embedding(chunk_id, document_id, vector_id)
         SELECT ?, ?, id FROM vector WHERE hash = ? AND embedder_id = ?`,
      )
      .run(chunkId, documentId, hash, this.#embedderId());
    return changes > 0;
  }

  /** Forgets a chunk that has gone, and its vector when no other chunk has the same text. */
  unlink(chunkId: number, hash: string): void {
    const row = this.#database.prepare("SELECT id FROM embedding WHERE chunk_id = ?").get(chunkId);
    if (row) {
      this.#database.prepare("INSERT INTO dead(field, id) VALUES('embedding', ?)").run(Number(row["id"]));
      this.#database.prepare("DELETE FROM embedding WHERE id = ?").run(Number(row["id"]));
    }
    this.#database
      .prepare(
        "DELETE FROM vector WHERE hash = ? AND NOT EXISTS (SELECT 1 FROM chunk WHERE hash = vector.hash)",
      )
      .run(hash);
  }

  /** Packs the signs of full blocks, and writes blocks anew of which half is dead. */
  pack(): void {
    const newest = this.#database.prepare("SELECT max(id) AS id FROM embedding").get();
    const covered = this.#database.prepare("SELECT max(last_id) AS id FROM sign_block").get();
    let last = Number(covered?.["id"] ?? 0);
    if (Number(newest?.["id"] ?? 0) - last < this.#blockItems) return;
    const select = this.#database.prepare(
      `SELECT embedding.id, document_id, numbers FROM embedding JOIN vector ON vector.id = vector_id
       WHERE embedding.id > ? ORDER BY embedding.id LIMIT ${this.#blockItems}`,
    );
    for (;;) {
      const rows = select.all(last);
      if (rows.length < this.#blockItems) break;
      const vectors = rows.map((row) => readVector(row["numbers"]));
      const words = signWords(vectors[0]?.length ?? 0);
      const signs = new Uint32Array(words * rows.length);
      for (const [at, vector] of vectors.entries()) writeSigns(vector, signs, at * words);
      const ids = Uint32Array.from(rows, (row) => Number(row["id"]));
      const documents = Uint32Array.from(rows, (row) => Number(row["document_id"]));
      this.#insertBlock(ids, documents, signs);
      this.#database
        .prepare("DELETE FROM dead WHERE field = 'embedding' AND id > ? AND id <= ?")
        .run(last, ids.at(-1) ?? last);
      last = ids.at(-1) ?? last;
    }
    this.#compact();
  }

  #compact(): void {
    const wasteful = this.#database
      .prepare(
        `WITH block AS (SELECT id, items, last_id, lag(last_id, 1, 0) OVER (ORDER BY last_id) AS before FROM sign_block)
         SELECT id, before, last_id FROM block WHERE items < 2 * (SELECT count(*) FROM dead
           WHERE dead.field = 'embedding' AND dead.id > before AND dead.id <= last_id)`,
      )
      .all();
    for (const { id, before, last_id: last } of wasteful)
      this.#compactBlock(Number(id), Number(before), Number(last));
  }

  #compactBlock(block: number, before: number, last: number): void {
    const row = this.#database
      .prepare("SELECT ids, documents, signs FROM sign_block WHERE id = ?")
      .get(block);
    const gone = this.#database
      .prepare("SELECT id FROM dead WHERE field = 'embedding' AND id > ? AND id <= ?")
      .all(before, last);
    const dead = new Set(gone.map((one) => Number(one["id"])));
    const ids = readNumbers(row?.["ids"]);
    const signs = readNumbers(row?.["signs"]);
    const documents = readNumbers(row?.["documents"]);
    const words = signs.length / ids.length;
    const kept = Array.from(ids.keys()).filter((slot) => !dead.has(ids[slot] ?? 0));
    const keptSigns = new Uint32Array(kept.length * words);
    for (const [at, slot] of kept.entries()) {
      keptSigns.set(signs.subarray(slot * words, (slot + 1) * words), at * words);
    }
    this.#database.prepare("DELETE FROM sign_block WHERE id = ?").run(block);
    if (kept.length > 0) {
      this.#insertBlock(
        Uint32Array.from(kept, (slot) => ids[slot] ?? 0),
        Uint32Array.from(kept, (slot) => documents[slot] ?? 0),
        keptSigns,
        last,
      );
    }
    this.#database
      .prepare("DELETE FROM dead WHERE field = 'embedding' AND id > ? AND id <= ?")
      .run(before, last);
  }

  #insertBlock(ids: Uint32Array, documents: Uint32Array, signs: Uint32Array, last = ids.at(-1) ?? 0): void {
    this.#database
      .prepare("INSERT INTO sign_block(last_id, items, ids, documents, signs) VALUES(?, ?, ?, ?, ?)")
      .run(last, ids.length, asBytes(ids), asBytes(documents), asBytes(signs));
  }

  #embedderId(): number {
    return Number(this.#database.prepare("SELECT embedder_id FROM index_state").get()?.["embedder_id"]);
  }
}

/** A vector's row, in place. */
export function readVector(blob: unknown): Float32Array {
  const words = readNumbers(blob);
  return new Float32Array(words.buffer, words.byteOffset, words.length);
}
