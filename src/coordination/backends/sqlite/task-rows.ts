import type { Database } from "../../../database.ts";
import { maxTaskCrashes, type EndedTask, type NewTask, type Task, type TaskCounts } from "../../tasks.ts";

const defaultPriority = 2;
const defaultAttempts = 3;
/** Every so many takings the oldest task goes first, whatever its priority, so that none starves. */
const agingInterval = 16;
const endedColumns = "id, kind, state, result, error, attempt AS attempts";

type RawTask = Omit<Task, "input" | "run"> & { readonly input: string; readonly run: number | null };
type RawEnd = Omit<EndedTask, "result"> & { readonly result: string };

/** The task table. Everything is synchronous and belongs inside `Database.write`. */
export class TaskRows {
  readonly #database: Database;
  #takings = 0;

  constructor(deps: { readonly database: Database }) {
    this.#database = deps.database;
  }

  /** Gives the task's id, or the live one's that has its dedupe key. */
  insert(task: NewTask, now: number): number {
    const dueAt = Math.ceil(task.dueAt ?? now);
    const added = this.#database
      .prepare(
        `INSERT INTO task(kind, priority, run, dedupe, state, at, max_attempts, input) VALUES(?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT(kind, dedupe) WHERE dedupe IS NOT NULL AND state IN ('ready','delayed','leased') DO NOTHING
         RETURNING id`,
      )
      .get(
        task.kind,
        task.priority ?? defaultPriority,
        task.run ?? null,
        task.dedupe ?? null,
        dueAt > now ? "delayed" : "ready",
        dueAt,
        task.maxAttempts ?? defaultAttempts,
        JSON.stringify(task.input) ?? "null",
      );
    const row =
      added ??
      this.#database
        .prepare(
          "SELECT id FROM task WHERE kind = ? AND dedupe = ? AND dedupe IS NOT NULL AND state IN ('ready','delayed','leased')",
        )
        .get(task.kind, task.dedupe ?? null);
    return Number(row?.["id"]);
  }

  /** Takes tasks that are due: urgent ones first, then the oldest. */
  claim(kind: string, limit: number, until: number, now: number): Task[] {
    this.#database
      .prepare("UPDATE task SET state = 'ready' WHERE kind = ? AND state = 'delayed' AND at <= ?")
      .run(kind, now);
    const oldest = ++this.#takings % agingInterval === 0 ? this.#take(kind, "id", 1, until) : [];
    return [...oldest, ...this.#take(kind, "priority, id", limit - oldest.length, until)];
  }

  finish(task: Task, result: unknown, now: number): boolean {
    return this.#end(task, "done", JSON.stringify(result) ?? "null", "", now);
  }

  /** @returns False when the task passed to another holder; so does every change below. */
  fail(task: Task, error: string, now: number): boolean {
    return this.#end(task, "dead", "null", error, now);
  }

  retry(task: Task, error: string, dueAt: number): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE task SET state = 'delayed', at = ?, error = ?, starts = 0
         WHERE id = ? AND state = 'leased' AND fence = ?`,
      )
      .run(dueAt, error, task.id, task.fence);
    return changes > 0;
  }

  /** Back to ready as if it had not been taken. */
  giveBack(task: Task): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE task SET state = 'ready', attempt = attempt - 1, starts = 0
         WHERE id = ? AND state = 'leased' AND fence = ?`,
      )
      .run(task.id, task.fence);
    return changes > 0;
  }

  renew(task: Task, until: number): boolean {
    const { changes } = this.#database
      .prepare("UPDATE task SET at = ? WHERE id = ? AND state = 'leased' AND fence = ?")
      .run(until, task.id, task.fence);
    return changes > 0;
  }

  maxAttempts(id: number): number {
    return Number(
      this.#database.prepare("SELECT max_attempts FROM task WHERE id = ?").get(id)?.["max_attempts"],
    );
  }

  cancel(id: number, reason: string, now: number): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE task SET state = 'cancelled', at = ?, error = ?
         WHERE id = ? AND state IN ('ready','delayed','leased')`,
      )
      .run(now, reason, id);
    return changes > 0;
  }

  /** Gives the kind of what is ready again; nothing when it was not dead, or a live task has its dedupe key by now. */
  replay(id: number, now: number): string | undefined {
    const row = this.#database
      .prepare(
        `UPDATE OR IGNORE task SET state = 'ready', at = ?, attempt = 0, starts = 0
         WHERE id = ? AND state = 'dead' RETURNING kind`,
      )
      .get(now, id);
    return row && String(row["kind"]);
  }

  purge(id: number): boolean {
    return this.#database.prepare("DELETE FROM task WHERE id = ? AND state = 'dead'").run(id).changes > 0;
  }

  /** Gives the kinds of what is ready again, and the ids of what is dead, one each a task. */
  recover(
    now: number,
    options: { readonly all: boolean },
  ): { readonly id: number; readonly state: string }[] {
    return this.#database
      .prepare(
        `UPDATE task SET
           state = iif(starts >= ?1, 'dead', 'ready'), at = ?2, attempt = iif(starts >= ?1, starts, attempt - 1),
           error = iif(starts >= ?1, 'Its worker died ' || starts || ' times in a row.', error)
         WHERE state = 'leased' AND at <= ?3 RETURNING id, state`,
      )
      .all(maxTaskCrashes, now, options.all ? Number.MAX_SAFE_INTEGER : now) as unknown as {
      id: number;
      state: string;
    }[];
  }

  /** How the task ended; undefined when it has not. */
  ended(id: number): EndedTask | undefined {
    const row = this.#database.prepare(`SELECT ${endedColumns} FROM task WHERE id = ?`).get(id);
    if (!row) throw new RangeError(`There is no task ${id}.`);
    return ["done", "dead", "cancelled"].includes(String(row["state"])) ? asEnded(row) : undefined;
  }

  dead(options: { readonly after?: number; readonly limit: number }): EndedTask[] {
    return this.#database
      .prepare(`SELECT ${endedColumns} FROM task WHERE state = 'dead' AND id > ? ORDER BY id LIMIT ?`)
      .all(options.after ?? 0, options.limit)
      .map(asEnded);
  }

  /** When the next delayed task is due. */
  nextDueAt(kind: string): number | undefined {
    const row = this.#database
      .prepare("SELECT at FROM task WHERE kind = ? AND state = 'delayed' ORDER BY at LIMIT 1")
      .get(kind);
    return row && Number(row["at"]);
  }

  counts(kind: string | undefined): TaskCounts {
    const rows = this.#database
      .prepare(
        "SELECT state, sum(count) AS count FROM task_count WHERE ?1 IS NULL OR kind = ?1 GROUP BY state",
      )
      .all(kind ?? null);
    const of = new Map(rows.map((row) => [row["state"], Number(row["count"])]));
    return {
      ready: (of.get("ready") ?? 0) + (of.get("delayed") ?? 0),
      leased: of.get("leased") ?? 0,
      done: of.get("done") ?? 0,
      dead: of.get("dead") ?? 0,
      cancelled: of.get("cancelled") ?? 0,
    };
  }

  #take(kind: string, order: "id" | "priority, id", limit: number, until: number): Task[] {
    const rows = this.#database
      .prepare(
        `UPDATE task SET state = 'leased', at = ?, fence = fence + 1, attempt = attempt + 1, starts = starts + 1
         WHERE id IN (SELECT id FROM task WHERE kind = ? AND state = 'ready' ORDER BY ${order} LIMIT ?)
         RETURNING id, kind, priority, input, run, attempt, fence`,
      )
      .all(until, kind, limit) as unknown as RawTask[];
    return rows
      .sort((left, right) => left.priority - right.priority || left.id - right.id)
      .map((row) => ({ ...row, input: JSON.parse(row.input), run: row.run ?? undefined }));
  }

  #end(task: Task, state: "done" | "dead", result: string, error: string, now: number): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE task SET state = ?, result = ?, error = ?, at = ?, starts = 0
         WHERE id = ? AND state = 'leased' AND fence = ?`,
      )
      .run(state, result, error, now, task.id, task.fence);
    return changes > 0;
  }
}

function asEnded(row: unknown): EndedTask {
  const { result, ...ended } = row as RawEnd;
  return { ...ended, result: JSON.parse(result) };
}
