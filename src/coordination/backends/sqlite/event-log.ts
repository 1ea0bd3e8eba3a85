import type { Database } from "../../../database.ts";
import type { EventLog, LoggedEvent } from "../../event-log.ts";

/** The most events one `read` gives unless asked. */
const defaultLimit = 1_000;

/** The event log as rows of the data file; the place in a stream comes from its index, so appending costs the same at any length. */
export class SqliteEventLog implements EventLog {
  readonly #database: Database;

  constructor(deps: { readonly database: Database }) {
    this.#database = deps.database;
  }

  append(stream: string, type: string, data: unknown, now: number): number {
    const row = this.#database
      .prepare(
        `INSERT INTO event(at, stream, place, type, data)
         VALUES(?1, ?2, coalesce((SELECT max(place) FROM event WHERE stream = ?2), 0) + 1, ?3, ?4) RETURNING place`,
      )
      .get(now, stream, type, JSON.stringify(data) ?? "null");
    return Number(row?.["place"]);
  }

  read(stream: string, options: { readonly after?: number; readonly limit?: number } = {}): LoggedEvent[] {
    const rows = this.#database
      .prepare("SELECT * FROM event WHERE stream = ? AND place > ? ORDER BY place LIMIT ?")
      .all(stream, options.after ?? 0, options.limit ?? defaultLimit);
    return rows.map((row) => {
      const { data, ...event } = row as unknown as Omit<LoggedEvent, "data"> & { readonly data: string };
      return { ...event, data: JSON.parse(data) };
    });
  }
}
