import type { Database } from "../../../../database.ts";
import type { TaskNews } from "./task-news.ts";

/** What an earlier task must not have become, and what it must no longer be, for a later one to start. */
const isInTheWay = "earlier.state IN ('dead','cancelled') AND earlier.on_failure <> 'continue'";
const isAwaited = "earlier.state NOT IN ('done','dead','cancelled')";

/**
 * Which tasks wait for which. A waiting one has a count of what has not ended, changed in the transaction that ends a
 * task, so that nothing is released twice or forgotten. Everything is synchronous and belongs inside `Database.write`.
 */
export class TaskGraph {
  readonly #database: Database;
  readonly #news: TaskNews;

  constructor(deps: { readonly database: Database; readonly news: TaskNews }) {
    this.#database = deps.database;
    this.#news = deps.news;
  }

  /** Makes a new task, or one that was called off, wait for what it has to wait for; at once ready when that is nothing. */
  place(id: number, now: number): void {
    const obstacle = this.#obstacle(id);
    if (obstacle !== undefined) {
      this.#stop("id = ?1", id, obstacle, now);
      this.failed(id, now);
      return;
    }
    const row = this.#database
      .prepare(
        `UPDATE task SET pending = waits,
           state = CASE WHEN waits > 0 THEN 'blocked' WHEN at > ?2 THEN 'delayed' ELSE 'ready' END,
           at = iif(waits > 0, at, max(at, ?2))
         FROM (SELECT count(*) AS waits FROM dependency JOIN task AS earlier ON earlier.id = dependency.earlier
               WHERE dependency.later = ?1 AND ${isAwaited})
         WHERE id = ?1 AND state = 'blocked' RETURNING kind`,
      )
      .get(id, now);
    if (row) this.#news.ready(String(row["kind"]));
  }

  /** Lets those go on that waited for nothing but this. */
  succeeded(id: number, now: number): void {
    const rows = this.#database
      .prepare(
        `UPDATE task SET pending = pending - 1,
           state = CASE WHEN pending > 1 THEN 'blocked' WHEN at > ?2 THEN 'delayed' ELSE 'ready' END,
           at = iif(pending > 1, at, max(at, ?2))
         WHERE id IN (SELECT later FROM dependency WHERE earlier = ?1) AND state = 'blocked' RETURNING kind, state`,
      )
      .all(id, now);
    for (const row of rows) if (row["state"] !== "blocked") this.#news.ready(String(row["kind"]));
  }

  /** Does with those that waited for this one what its policy says, and so on along the graph. */
  failed(id: number, now: number): void {
    const failed = [id];
    for (const each of failed) {
      const policy = this.#database.prepare("SELECT on_failure, run FROM task WHERE id = ?").get(each);
      if (policy?.["on_failure"] === "continue") this.succeeded(each, now);
      else if (policy?.["on_failure"] === "fail")
        this.#stop("run = ?1 AND state IN ('blocked','ready','delayed')", Number(policy["run"]), each, now);
      else {
        const where = "id IN (SELECT later FROM dependency WHERE earlier = ?1) AND state = 'blocked'";
        failed.push(...this.#stop(where, each, each, now));
      }
    }
  }

  /** Takes up again what was called off because of this one, now that it is tried again; who went on without it waits once more. */
  restore(id: number, now: number): void {
    const restored = [id];
    for (const each of restored) {
      const waiting = this.#database
        .prepare(
          "SELECT id FROM task WHERE id IN (SELECT later FROM dependency WHERE earlier = ?) AND state = 'blocked'",
        )
        .all(each);
      for (const row of waiting) this.place(Number(row["id"]), now);
      const stopped = this.#database
        .prepare("SELECT id FROM task WHERE stopped_by = ? AND state = 'cancelled' ORDER BY id")
        .all(each);
      for (const row of stopped) if (this.#takeUp(Number(row["id"]), now)) restored.push(Number(row["id"]));
    }
  }

  #takeUp(id: number, now: number): boolean {
    const obstacle = this.#obstacle(id);
    if (obstacle !== undefined) {
      this.#database.prepare("UPDATE task SET stopped_by = ? WHERE id = ?").run(obstacle, id);
      return false;
    }
    const { changes } = this.#database
      .prepare(
        `UPDATE OR IGNORE task SET state = 'blocked', at = ?, attempt = 0, error = '', stopped_by = NULL WHERE id = ?`,
      )
      .run(now, id);
    if (changes > 0) this.place(id, now);
    return changes > 0;
  }

  /** One that it waits for and that will not end well. */
  #obstacle(id: number): number | undefined {
    const row = this.#database
      .prepare(
        `SELECT earlier.id FROM dependency JOIN task AS earlier ON earlier.id = dependency.earlier
         WHERE dependency.later = ? AND ${isInTheWay} ORDER BY earlier.id LIMIT 1`,
      )
      .get(id);
    return row && Number(row["id"]);
  }

  /** Calls tasks off because of another one. @returns Their ids. */
  #stop(where: string, parameter: number, cause: number, now: number): number[] {
    const rows = this.#database
      .prepare(
        `UPDATE task SET state = 'cancelled', at = ?2, stopped_by = ?3, rearm = NULL, starts = 0,
           error = (SELECT 'Task "' || coalesce(cause.name, cause.kind) || '" did not end well.' FROM task AS cause WHERE cause.id = ?3)
         WHERE ${where} RETURNING id, kind`,
      )
      .all(parameter, now, cause);
    for (const row of rows) this.#news.ended(Number(row["id"]), String(row["kind"]));
    return rows.map((row) => Number(row["id"]));
  }
}
