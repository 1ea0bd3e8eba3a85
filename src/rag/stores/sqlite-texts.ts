import type { Database } from "../../database.ts";
import { unpackText } from "../packed-document.ts";
import { readBytes } from "./packed-numbers.ts";
import type { Row } from "./sqlite-rows.ts";

/** UTF-16 units kept, 8 MB at most: the pages of the last few questions. */
const keptUnits = 4_000_000;

/** Unpacked texts of documents, the last used kept. */
export class DocumentTexts {
  readonly #database: Database;
  /** By id and hash of the text, the longest unused first: a text that has changed has another key. */
  readonly #kept = new Map<string, string>();
  #units = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The text of the document with this `id` and `content_hash`; "" where there is none. */
  of(row: Row): string {
    const key = keyOf(row);
    const kept = this.#kept.get(key);
    if (kept === undefined) return this.#read(row);
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept;
  }

  /** Kept under the hash it has now: another process may have written it anew since `row` was read. */
  #read({ id }: Row): string {
    const row = this.#database
      .prepare("SELECT id, content_hash, body FROM document WHERE id = ?")
      .get(Number(id));
    if (!row) return "";
    const text = unpackText(readBytes(row["body"]));
    this.#kept.set(keyOf(row), text);
    this.#units += text.length;
    for (const [oldest, { length }] of this.#kept) {
      if (this.#units <= keptUnits) break;
      this.#kept.delete(oldest);
      this.#units -= length;
    }
    return text;
  }
}

function keyOf(row: Row): string {
  return `${String(row["id"])} ${String(row["content_hash"])}`;
}
