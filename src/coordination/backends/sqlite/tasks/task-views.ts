import type { Database } from "../../../../database.ts";
import { priorities } from "../../../new-task.ts";
import type { EndedTask, TaskCounts, TaskView } from "../../../tasks.ts";
import { decodeNeeds } from "./task-input.ts";

/** Tasks that are listed of one sort that nobody can do. */
const listedAtOnce = 100;
const endedColumns = `id, kind, run, name, state, input, result, error, attempt AS attempts, trace, history, at AS endedAt`;

type RawEnd = Omit<EndedTask, "run" | "name" | "input" | "result" | "history"> & {
  readonly run: number | null;
  readonly name: string | null;
  readonly input: string;
  readonly result: string;
  readonly history: string;
};

/** The task table, read. */
export class TaskViews {
  readonly #database: Database;

  constructor(deps: { readonly database: Database }) {
    this.#database = deps.database;
  }

  /** How the task ended; undefined when it has not. @throws {RangeError} When there is none. */
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

  /** How those that a task waited for ended, by name. */
  before(id: number): ReadonlyMap<string, EndedTask> {
    const rows = this.#database
      .prepare(
        `SELECT ${endedColumns} FROM task WHERE id IN (SELECT earlier FROM dependency WHERE later = ?) ORDER BY id`,
      )
      .all(id);
    return new Map(rows.map((row) => [String(row["name"]), asEnded(row)]));
  }

  /** Why a task that a worker had is no longer its own. */
  reasonOfCancel(id: number): string | undefined {
    const row = this.#database.prepare("SELECT error FROM task WHERE id = ? AND state = 'cancelled'").get(id);
    return row && String(row["error"]);
  }

  counts(kind: string | undefined): TaskCounts {
    const where = kind === undefined ? "" : "WHERE kind = ?";
    const rows = this.#database
      .prepare(`SELECT state, sum(count) AS count FROM task_count ${where} GROUP BY state`)
      .all(...(kind === undefined ? [] : [kind])) as unknown as StateCount[];
    return asCounts(rows);
  }

  /** Tasks of a kind that have not ended. */
  open(kind: string): number {
    const row = this.#database
      .prepare(
        `SELECT sum(count) AS count FROM task_count
         WHERE kind = ? AND state IN ('blocked','ready','delayed','leased')`,
      )
      .get(kind);
    return Number(row?.["count"] ?? 0);
  }

  kinds(now: number): ReadonlyMap<string, TaskCounts & { readonly oldestMs: number }> {
    const rows = this.#database
      .prepare("SELECT kind, state, sum(count) AS count FROM task_count WHERE count > 0 GROUP BY kind, state")
      .all() as unknown as (StateCount & { readonly kind: string })[];
    const kinds = new Map<string, StateCount[]>();
    for (const row of rows) {
      const own = kinds.get(row.kind);
      if (own) own.push(row);
      else kinds.set(row.kind, [row]);
    }
    return new Map(
      [...kinds].map(([kind, own]) => [kind, { ...asCounts(own), oldestMs: this.#oldestMs(kind, now) }]),
    );
  }

  /** Due tasks that need what `isRoutable` refuses. */
  unroutable(
    isRoutable: (kind: string, needs: string) => boolean,
    now: number,
  ): { readonly id: number; readonly kind: string; readonly needs: readonly string[] }[] {
    const sorts = this.#database
      .prepare(
        `SELECT DISTINCT kind, needs FROM task_count
         WHERE needs <> '' AND state IN ('ready','delayed') AND count > 0`,
      )
      .all()
      .map((row) => ({ kind: String(row["kind"]), needs: String(row["needs"]) }))
      .filter(({ kind, needs }) => !isRoutable(kind, needs));
    const due = this.#database.prepare(
      `SELECT id FROM task WHERE kind = ?1 AND needs = ?2 AND (state = 'ready' OR (state = 'delayed' AND at <= ?3))
       ORDER BY id LIMIT ?4`,
    );
    return sorts.flatMap(({ kind, needs }) =>
      due
        .all(kind, needs, now, listedAtOnce)
        .map((row) => ({ id: Number(row["id"]), kind, needs: decodeNeeds(needs) })),
    );
  }

  ofRun(run: number): TaskView[] {
    const after = new Map<number, string[]>();
    const dependencies = this.#database
      .prepare(
        `SELECT dependency.later, earlier.name FROM task AS earlier JOIN dependency ON dependency.earlier = earlier.id
         WHERE earlier.run = ? ORDER BY dependency.later, dependency.earlier`,
      )
      .all(run);
    for (const row of dependencies) {
      const later = Number(row["later"]);
      const names = after.get(later) ?? [];
      after.set(later, [...names, String(row["name"])]);
    }
    const rows = this.#database
      .prepare(
        `SELECT id, kind, name, state, attempt AS attempts, progress, error, started_at AS startedAt,
           iif(state IN ('done','dead','cancelled'), at, 0) AS endedAt
         FROM task WHERE run = ? ORDER BY id`,
      )
      .all(run) as unknown as (Omit<TaskView, "name" | "after" | "progress"> & {
      readonly name: string | null;
      readonly progress: string | null;
    })[];
    return rows.map((row) => ({
      ...row,
      name: row.name ?? undefined,
      after: after.get(row.id) ?? [],
      progress: row.progress === null ? undefined : JSON.parse(row.progress),
    }));
  }

  /** For how long the longest waiting has been due: of those next in line at each priority, and of the delayed. */
  #oldestMs(kind: string, now: number): number {
    const next = this.#database.prepare(
      "SELECT at FROM task WHERE kind = ? AND needs = ? AND priority = ? AND state = 'ready' ORDER BY id LIMIT 1",
    );
    const delayed = this.#database.prepare(
      "SELECT at FROM task WHERE kind = ? AND state = 'delayed' ORDER BY at LIMIT 1",
    );
    const needs = this.#database
      .prepare("SELECT needs FROM task_count WHERE kind = ? AND state = 'ready' AND count > 0")
      .all(kind)
      .map((row) => String(row["needs"]));
    const rows = [
      ...needs.flatMap((each) => priorities.map((_, priority) => next.get(kind, each, priority))),
      delayed.get(kind),
    ];
    return Math.max(0, ...rows.map((row) => (row ? now - Number(row["at"]) : 0)));
  }
}

interface StateCount {
  readonly state: string;
  readonly count: number;
}

function asCounts(rows: readonly StateCount[]): TaskCounts {
  const of = new Map(rows.map(({ state, count }) => [state, count]));
  return {
    ready: (of.get("ready") ?? 0) + (of.get("delayed") ?? 0) + (of.get("blocked") ?? 0),
    leased: of.get("leased") ?? 0,
    done: of.get("done") ?? 0,
    dead: of.get("dead") ?? 0,
    cancelled: of.get("cancelled") ?? 0,
  };
}

function asEnded(row: unknown): EndedTask {
  const { run, name, input, result, history, ...ended } = row as RawEnd;
  return {
    ...ended,
    run: run ?? undefined,
    name: name ?? undefined,
    input: JSON.parse(input),
    result: JSON.parse(result),
    history: JSON.parse(history),
  };
}
