import type { Database } from "../../../../database.ts";
import { maxTaskCrashes } from "../../../tasks.ts";
import { isGone, parseProcess } from "../../../process-identity.ts";
import type { TaskGraph } from "./task-graph.ts";
import type { TaskNews } from "./task-news.ts";
import { longerHistory } from "./task-rows.ts";

/** Which tasks, by what they have in common. */
export type Which =
  | { readonly ids: readonly number[] }
  | { readonly run: number }
  | { readonly kind: string };

/** Tasks removed by one {@link TaskUpkeep.forget}, so that it never holds up the writers for long. */
const forgottenAtOnce = 10_000;
/** Code and message of a task whose deadline passed. */
export const expired = { code: "expired", error: "Its deadline passed before it was done." };
const live = "state IN ('blocked','ready','delayed','leased')";

interface Ended {
  readonly id: number;
  readonly kind: string;
  readonly run: number | null;
}

/**
 * What is done to tasks by others than their workers. Everything that changes something is synchronous and belongs
 * inside `Database.write`.
 */
export class TaskUpkeep {
  readonly #database: Database;
  readonly #news: TaskNews;
  readonly #graph: TaskGraph;

  constructor(deps: { readonly database: Database; readonly news: TaskNews; readonly graph: TaskGraph }) {
    this.#database = deps.database;
    this.#news = deps.news;
    this.#graph = deps.graph;
  }

  /** Gives up what was not begun before its deadline. */
  expire(now: number): void {
    if ((this.nextDeadline() ?? Infinity) > now) return;
    const rows = this.#database
      .prepare(
        `UPDATE task SET state = 'dead', at = ?1, error = ?3, history = ${longerHistory("?1", "?2", "?3")}
         WHERE deadline <= ?1 AND deadline IS NOT NULL AND state IN ('blocked','ready','delayed')
         RETURNING id, kind, run`,
      )
      .all(now, expired.code, expired.error);
    this.#ended(rows as unknown as Ended[], now);
  }

  nextDeadline(): number | undefined {
    const row = this.#database
      .prepare(
        `SELECT deadline FROM task WHERE deadline IS NOT NULL AND state IN ('blocked','ready','delayed')
         ORDER BY deadline LIMIT 1`,
      )
      .get();
    return row && Number(row["deadline"]);
  }

  /** @returns What was ended, whatever followed from it aside. */
  cancel(which: Which, reason: string, now: number): number[] {
    const [where, parameter] =
      "ids" in which
        ? ["id IN (SELECT value FROM json_each(?3))", JSON.stringify(which.ids)]
        : "run" in which
          ? ["run = ?3", which.run]
          : ["kind = ?3", which.kind];
    const rows = this.#database
      .prepare(
        `UPDATE task SET state = 'cancelled', at = ?1, error = ?2, rearm = NULL, owner = NULL, starts = 0
         WHERE ${where} AND ${live} RETURNING id, kind, run`,
      )
      .all(now, reason, parameter) as unknown as Ended[];
    this.#ended(rows, now);
    return rows.map(({ id }) => id);
  }

  /** Not when it is not dead, or a live task has its dedupe key by now. A deadline that passed counts no more. */
  replay(id: number, now: number): boolean {
    const row = this.#database
      .prepare(
        `UPDATE OR IGNORE task SET state = 'ready', at = ?1, attempt = 0, starts = 0,
           deadline = iif(deadline <= ?1, NULL, deadline)
         WHERE id = ?2 AND state = 'dead' RETURNING kind, run`,
      )
      .get(now, id);
    if (!row) return false;
    this.#news.ready(String(row["kind"]));
    if (row["run"] !== null) this.#graph.restore(id, now);
    return true;
  }

  purge(id: number): boolean {
    return this.#database.prepare("DELETE FROM task WHERE id = ? AND state = 'dead'").run(id).changes > 0;
  }

  /** Whether {@link recover} or {@link expire} would find something; only reads. */
  isNeeded(now: number): boolean {
    const { owners, isOverdue } = this.#lost(now);
    return isOverdue || owners.length > 0 || (this.nextDeadline() ?? Infinity) <= now;
  }

  /** Gives back what dead holders had. @returns How many were given back or up. */
  recover(now: number, options: { readonly all: boolean }): number {
    const lost = options.all ? "" : "AND (at <= ?2 OR owner IN (SELECT value FROM json_each(?3)))";
    const owners = options.all ? [] : [JSON.stringify(this.#lost(now).owners)];
    const error = "'Its worker died ' || starts || ' times in a row.'";
    const rows = this.#database
      .prepare(
        `UPDATE task SET
           state = iif(starts >= ?1, 'dead', 'ready'), at = ?2, attempt = iif(starts >= ?1, starts, attempt - 1),
           owner = NULL, error = iif(starts >= ?1, ${error}, error),
           history = iif(starts >= ?1, ${longerHistory("?2", "'crash'", error)}, history)
         WHERE state = 'leased' ${lost} RETURNING id, kind, run, state`,
      )
      .all(maxTaskCrashes, now, ...owners) as unknown as (Ended & { readonly state: string })[];
    for (const { state, kind } of rows) if (state === "ready") this.#news.ready(kind);
    this.#ended(
      rows.filter(({ state }) => state === "dead"),
      now,
    );
    return rows.length;
  }

  forget(before: number): number {
    const { changes } = this.#database
      .prepare(
        `DELETE FROM task WHERE id IN (
           SELECT id FROM task WHERE state IN ('done','cancelled') AND at < ?1 AND (run IS NULL OR run NOT IN (
             SELECT run FROM task WHERE run IS NOT NULL AND state NOT IN ('done','cancelled')))
           ORDER BY at LIMIT ?2)`,
      )
      .run(before, forgottenAtOnce);
    this.#database.prepare("DELETE FROM task_count WHERE count = 0").run();
    return Number(changes);
  }

  forgetRun(run: number): void {
    this.#database
      .prepare("DELETE FROM task WHERE run = ? AND state IN ('done','dead','cancelled')")
      .run(run);
  }

  /** Leases that ran out, and processes that have ended: those need not be waited for. */
  #lost(now: number): { readonly owners: readonly string[]; readonly isOverdue: boolean } {
    const rows = this.#database
      .prepare(
        "SELECT coalesce(owner, '') AS owner, min(at) AS at FROM task WHERE state = 'leased' GROUP BY owner",
      )
      .all();
    return {
      owners: rows.map((row) => String(row["owner"])).filter((owner) => isGone(parseProcess(owner))),
      isOverdue: rows.some((row) => Number(row["at"]) <= now),
    };
  }

  /** What follows from several ends must not depend on the order in which the rows were found. */
  #ended(rows: readonly Ended[], now: number): void {
    for (const { id, kind, run } of rows.toSorted((left, right) => left.id - right.id)) {
      if (run !== null) this.#graph.failed(id, now);
      this.#news.ended(id, kind);
    }
  }
}
