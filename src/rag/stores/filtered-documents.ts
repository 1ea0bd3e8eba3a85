import type { Database } from "../../database.ts";
import type { Filter } from "../filter.ts";
import { compileFilter } from "./sqlite-filter.ts";

/** Which documents a filter holds for; the last answer is kept, since the searches of a question ask one after another. */
export class FilteredDocuments {
  readonly #database: Database;
  #last:
    | { readonly filter: string; readonly revision: number; readonly accepts: (document: number) => boolean }
    | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @param revision Of the documents: another one, another answer. */
  acceptedBy(filter: Filter, revision: number): (document: number) => boolean {
    const key = JSON.stringify(filter);
    if (this.#last?.filter !== key || this.#last.revision !== revision) {
      this.#last = { filter: key, revision, accepts: this.#look(filter) };
    }
    return this.#last.accepts;
  }

  #look(filter: Filter): (document: number) => boolean {
    const { sql, values } = compileFilter(filter);
    // One text instead of a row each: of 25,000 documents in a quarter of the time.
    const row = this.#database
      .prepare(`SELECT max(id) AS highest, json_group_array(id) AS ids FROM document WHERE ${sql}`)
      .get(...values);
    const isAccepted = new Uint8Array(Number(row?.["highest"] ?? 0) + 1);
    for (const id of JSON.parse(String(row?.["ids"])) as number[]) isAccepted[id] = 1;
    return (document) => isAccepted[document] === 1;
  }
}
