import type { Database } from "../../../database.ts";
import type { EventLog, LoggedEvent, Snapshot } from "../../event-log.ts";
import { CompactedError, VersionConflictError } from "../../memory.ts";

/** The most events one `read` gives unless asked. */
const defaultLimit = 1_000;
/** The most events that one `compact` or `forget` drops: 2 ms of the file's write lock. */
const droppedAtOnce = 2_000;

/**
 * The event log as rows of the data file. A stream's last place is looked up in the index of its events, and in its
 * snapshot once these are gone, so appending costs the same at any length and needs no row beside the event.
 */
export class SqliteEventLog implements EventLog {
  readonly #database: Database;

  constructor(deps: { readonly database: Database }) {
    this.#database = deps.database;
  }

  append(
    stream: string,
    type: string,
    data: unknown,
    now: number,
    options: { readonly expected?: number } = {},
  ): number {
    const { expected } = options;
    if (expected !== undefined) {
      const last = this.lastPlace(stream);
      if (last !== expected) throw new VersionConflictError(stream, expected, last);
    }
    const row = this.#database
      .prepare(
        `INSERT INTO event(at, stream, place, type, data)
         VALUES(?2, ?1, coalesce(${lastPlace}, 0) + 1, ?3, ?4) RETURNING place`,
      )
      .get(stream, now, type, JSON.stringify(data) ?? "null");
    return Number(row?.["place"]);
  }

  read(stream: string, options: { readonly after?: number; readonly limit?: number } = {}): LoggedEvent[] {
    const { after = 0, limit = defaultLimit } = options;
    const rows = this.#database
      .prepare("SELECT * FROM event WHERE stream = ? AND place > ? ORDER BY place LIMIT ?")
      .all(stream, after, limit);
    // Places have no gaps, so one at the beginning is what was compacted.
    const next = rows.length > 0 ? Number(rows[0]?.["place"]) : this.lastPlace(stream) + 1;
    if (next > after + 1) throw new CompactedError(`The history of ${stream}`, after, next - 1);
    return rows.map((row) => {
      const { data, ...event } = row as unknown as Omit<LoggedEvent, "data"> & { readonly data: string };
      return { ...event, data: JSON.parse(data) };
    });
  }

  lastPlace(stream: string): number {
    const row = this.#database.prepare(`SELECT ${lastPlace} AS place`).get(stream);
    return Number(row?.["place"] ?? 0);
  }

  saveSnapshot(stream: string, { place, state }: Snapshot): void {
    const last = this.lastPlace(stream);
    if (place > last) throw new RangeError(`${stream} has ${last} events: there is no state after ${place}.`);
    this.#database
      .prepare(
        `INSERT INTO event_snapshot(stream, place, at, state)
         VALUES(?1, ?2, coalesce((SELECT at FROM event WHERE stream = ?1 AND place = ?2), 0), ?3)
         ON CONFLICT DO UPDATE SET place = excluded.place, at = max(at, excluded.at), state = excluded.state
         WHERE excluded.place >= place`,
      )
      .run(stream, place, JSON.stringify(state) ?? "null");
  }

  snapshot(stream: string): Snapshot | undefined {
    const row = this.#database
      .prepare("SELECT place, state FROM event_snapshot WHERE stream = ?")
      .get(stream);
    return row && { place: Number(row["place"]), state: JSON.parse(String(row["state"])) };
  }

  compact(stream: string): number {
    return this.#drop(stream, this.snapshot(stream)?.place ?? 0, droppedAtOnce);
  }

  forget(prefix: string, before: number): number {
    let dropped = 0;
    for (const stream of this.#oldStreams(prefix, before)) {
      dropped += this.#drop(stream, this.lastPlace(stream), droppedAtOnce - dropped);
      if (dropped >= droppedAtOnce) return dropped;
    }
    // A stream of which a part is left keeps its snapshot.
    const { changes } = this.#database
      .prepare(
        `DELETE FROM event_snapshot WHERE stream >= ? AND stream < ? AND at < ?
         AND NOT EXISTS(SELECT 1 FROM event WHERE event.stream = event_snapshot.stream)`,
      )
      .run(prefix, prefix + beyondAnyName, before);
    return dropped + Number(changes);
  }

  /** The oldest events go first, so that what is left has no gap. */
  #drop(stream: string, upTo: number, limit: number): number {
    const { changes } = this.#database
      .prepare(
        `DELETE FROM event WHERE sequence IN
           (SELECT sequence FROM event WHERE stream = ? AND place <= ? ORDER BY place LIMIT ?)`,
      )
      .run(stream, upTo, limit);
    return Number(changes);
  }

  /** Steps from stream to stream through the index, so that the events themselves are not read. https://sqlite.org/lang_with.html */
  #oldStreams(prefix: string, before: number): string[] {
    const rows = this.#database
      .prepare(
        `WITH RECURSIVE each(stream) AS (
           SELECT min(stream) FROM event WHERE stream >= ?1 AND stream < ?2
           UNION ALL
           SELECT (SELECT min(stream) FROM event WHERE stream > each.stream AND stream < ?2)
           FROM each WHERE each.stream IS NOT NULL)
         SELECT stream FROM each WHERE stream IS NOT NULL
         AND (SELECT at FROM event WHERE event.stream = each.stream ORDER BY place DESC LIMIT 1) < ?3 LIMIT ?4`,
      )
      .all(prefix, prefix + beyondAnyName, before, droppedAtOnce);
    return rows.map((row) => String(row["stream"]));
  }
}

/** The last place of the stream that is the statement's first parameter; null where there is none. */
const lastPlace = `coalesce(
  (SELECT max(place) FROM event WHERE stream = ?1), (SELECT place FROM event_snapshot WHERE stream = ?1))`;

/** Follows every stream's name, by code point. */
const beyondAnyName = "\u{10ffff}";
