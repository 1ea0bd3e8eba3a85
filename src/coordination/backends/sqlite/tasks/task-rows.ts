import type { Database } from "../../../../database.ts";
import type { Task } from "../../../tasks.ts";
import type { Rearming } from "./task-adding.ts";
import type { TaskGraph } from "./task-graph.ts";
import type { TaskNews } from "./task-news.ts";

/** Failed tries that are kept of a task. */
const keptAttempts = 20;

/** The history with one more failed try; the arguments are SQL. */
export function longerHistory(at: string, code: string, error: string): string {
  return `json_insert(
    iif(json_array_length(history) >= ${keptAttempts}, json_remove(history, '$[0]'), history),
    '$[#]', json_object('attempt', attempt, 'at', ${at}, 'code', ${code}, 'error', ${error}))`;
}

const isOurs = "state = 'leased' AND fence =";

/** Why a try failed. */
export interface Failure {
  readonly code: string;
  readonly error: string;
}

/**
 * What a worker does to the task it has. Each gives false when the task has passed to another holder or was called
 * off, and then changes nothing. Everything is synchronous and belongs inside `Database.write`.
 */
export class TaskRows {
  readonly #database: Database;
  readonly #news: TaskNews;
  readonly #graph: TaskGraph;

  constructor(deps: { readonly database: Database; readonly news: TaskNews; readonly graph: TaskGraph }) {
    this.#database = deps.database;
    this.#news = deps.news;
    this.#graph = deps.graph;
  }

  holds(task: Task): boolean {
    return (
      this.#database.prepare(`SELECT 1 FROM task WHERE id = ? AND ${isOurs} ?`).get(task.id, task.fence) !==
      undefined
    );
  }

  renew(task: Task, until: number): boolean {
    const { changes } = this.#database
      .prepare(`UPDATE task SET at = ? WHERE id = ? AND ${isOurs} ?`)
      .run(until, task.id, task.fence);
    return changes > 0;
  }

  progress(task: Task, checkpoint: string, until: number): boolean {
    const { changes } = this.#database
      .prepare(`UPDATE task SET progress = ?, at = ? WHERE id = ? AND ${isOurs} ?`)
      .run(checkpoint, until, task.id, task.fence);
    return changes > 0;
  }

  finish(task: Task, result: string, now: number): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE task SET state = 'done', result = ?, error = '', at = ?, starts = 0, owner = NULL
         WHERE id = ? AND ${isOurs} ? AND rearm IS NULL`,
      )
      .run(result, now, task.id, task.fence);
    if (changes === 0) return this.#rearm(task, result, undefined, now);
    if (task.name !== undefined) this.#graph.succeeded(task.id, now);
    this.#news.ended(task.id, task.kind);
    return true;
  }

  /** To the dead letters. */
  fail(task: Task, { code, error }: Failure, now: number): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE task SET state = 'dead', error = ?3, at = ?1, starts = 0, owner = NULL,
           history = ${longerHistory("?1", "?2", "?3")}
         WHERE id = ?4 AND ${isOurs} ?5 AND rearm IS NULL`,
      )
      .run(now, code, error, task.id, task.fence);
    if (changes === 0) return this.#rearm(task, "null", { code, error }, now);
    if (task.run !== undefined) this.#graph.failed(task.id, now);
    this.#news.ended(task.id, task.kind);
    return true;
  }

  /** Another try, which counts. */
  retry(task: Task, { code, error }: Failure, dueAt: number, now: number): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE task SET state = 'delayed', at = ?4, error = ?3, starts = 0, owner = NULL,
           history = ${longerHistory("?1", "?2", "?3")}
         WHERE id = ?5 AND ${isOurs} ?6`,
      )
      .run(now, code, error, dueAt, task.id, task.fence);
    return this.#returned(task, changes);
  }

  /** Due again later, and this was no try. */
  putOff(task: Task, dueAt: number, change: { readonly input?: string; readonly error?: string }): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE task SET state = 'delayed', at = ?, input = coalesce(?, input), error = ?, attempt = attempt - 1,
           starts = 0, owner = NULL
         WHERE id = ? AND ${isOurs} ?`,
      )
      .run(dueAt, change.input ?? null, change.error ?? "", task.id, task.fence);
    return this.#returned(task, changes);
  }

  /** Back to ready as if it had not been taken. */
  giveBack(task: Task, now: number): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE task SET state = 'ready', at = ?, attempt = attempt - 1, starts = 0, owner = NULL
         WHERE id = ? AND ${isOurs} ?`,
      )
      .run(now, task.id, task.fence);
    return this.#returned(task, changes);
  }

  #returned(task: Task, changes: number | bigint): boolean {
    if (changes === 0) return false;
    this.#news.ready(task.kind);
    return true;
  }

  /** Begins anew with what was added meanwhile, if this is ours and something was. */
  #rearm(task: Task, result: string, failure: Failure | undefined, now: number): boolean {
    const row = this.#database
      .prepare(`SELECT rearm FROM task WHERE id = ? AND ${isOurs} ? AND rearm IS NOT NULL`)
      .get(task.id, task.fence);
    if (!row) return false;
    const next = JSON.parse(String(row["rearm"])) as Rearming;
    this.#database
      .prepare(
        `UPDATE task SET state = iif(?3 > ?1, 'delayed', 'ready'), at = max(?3, ?1), input = ?4, priority = ?5,
           deadline = ?6, max_attempts = ?7, trace = ?8, result = ?9, rearm = NULL, progress = NULL, attempt = 0,
           starts = 0, owner = NULL, error = coalesce(?10, ''),
           history = iif(?10 IS NULL, history, ${longerHistory("?1", "?11", "?10")})
         WHERE id = ?2`,
      )
      .run(
        now,
        task.id,
        next.dueAt,
        next.input,
        next.priority,
        next.deadlineAt,
        next.maxAttempts,
        next.trace,
        result,
        failure?.error ?? null,
        failure?.code ?? null,
      );
    this.#news.ready(task.kind);
    return true;
  }
}
