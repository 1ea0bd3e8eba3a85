import type { Database } from "../../../../database.ts";
import { orderTasks } from "../../../task-order.ts";
import { type NewTask, type Priority, priorities } from "../../../new-task.ts";
import type { TaskGraph } from "./task-graph.ts";
import { encodeInput, encodeNeeds } from "./task-input.ts";
import type { TaskNews } from "./task-news.ts";

const defaultPriority: Priority = "normal";
const defaultAttempts = 3;

/** What a task that was added while its like is under way leaves for it. */
export interface Rearming {
  readonly input: string;
  readonly priority: number;
  readonly dueAt: number;
  readonly deadlineAt: number | null;
  readonly maxAttempts: number;
  readonly trace: string;
}

/** Puts new tasks into the table. Everything is synchronous and belongs inside `Database.write`. */
export class TaskAdding {
  readonly #database: Database;
  readonly #news: TaskNews;
  readonly #graph: TaskGraph;

  constructor(deps: { readonly database: Database; readonly news: TaskNews; readonly graph: TaskGraph }) {
    this.#database = deps.database;
    this.#news = deps.news;
    this.#graph = deps.graph;
  }

  /** Looks at all of them before the first is written. @returns One id a task, and how many of them are new. */
  insert(
    tasks: readonly NewTask[],
    now: number,
  ): { readonly ids: readonly number[]; readonly added: number } {
    const inputs = tasks.map((task) => encodeInput(`The input of a task of kind "${task.kind}"`, task.input));
    const order = orderTasks(tasks, (run, name) => this.#named(run, name) !== undefined);
    const ids: number[] = [];
    let added = 0;
    for (const place of order) {
      const task = tasks[place];
      if (!task) continue;
      const known = this.#known(task, inputs[place] ?? "null", now);
      ids[place] = known ?? this.#add(task, inputs[place] ?? "null", now);
      if (known === undefined) added += 1;
    }
    return { ids, added };
  }

  /** The task that is there in place of this one, told of it where it wants to be. */
  #known(task: NewTask, input: string, now: number): number | undefined {
    if (task.run !== undefined && task.name !== undefined) return this.#named(task.run, task.name);
    if (!task.dedupe) return undefined;
    const live = this.#database
      .prepare(
        `SELECT id, state FROM task WHERE kind = ? AND dedupe = ? AND dedupe IS NOT NULL
           AND state IN ('blocked','ready','delayed','leased')`,
      )
      .get(task.kind, task.dedupe.key);
    if (live?.["state"] === "leased" && task.dedupe.whileActive === "rearm") {
      this.#database
        .prepare("UPDATE task SET rearm = ? WHERE id = ?")
        .run(JSON.stringify(rearming(task, input, now)), Number(live["id"]));
    }
    return live && Number(live["id"]);
  }

  #add(task: NewTask, input: string, now: number): number {
    const { priority, dueAt, deadlineAt, maxAttempts, trace } = rearming(task, input, now);
    const waits = task.after !== undefined && task.after.length > 0;
    const row = this.#database
      .prepare(
        `INSERT INTO task(kind, priority, run, name, dedupe, needs, state, at, deadline, max_attempts, on_failure, trace, input)
         VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
      )
      .get(
        task.kind,
        priority,
        task.run ?? null,
        task.name ?? null,
        task.dedupe?.key ?? null,
        encodeNeeds(task.needs),
        waits ? "blocked" : dueAt > now ? "delayed" : "ready",
        dueAt,
        deadlineAt,
        maxAttempts,
        task.onFailure ?? "skip",
        trace,
        input,
      );
    const id = Number(row?.["id"]);
    if (waits) this.#wait(id, task, now);
    else this.#news.ready(task.kind);
    return id;
  }

  #wait(id: number, task: NewTask, now: number): void {
    const wait = this.#database.prepare(
      "INSERT INTO dependency SELECT id, ?3 FROM task WHERE run = ?1 AND name = ?2",
    );
    for (const name of new Set(task.after)) wait.run(task.run ?? null, name, id);
    this.#graph.place(id, now);
  }

  #named(run: number, name: string): number | undefined {
    const row = this.#database.prepare("SELECT id FROM task WHERE run = ? AND name = ?").get(run, name);
    return row && Number(row["id"]);
  }
}

function rearming(task: NewTask, input: string, now: number): Rearming {
  return {
    input,
    priority: priorities.indexOf(task.priority ?? defaultPriority),
    dueAt: Math.ceil(task.dueAt ?? now),
    deadlineAt: Number.isFinite(task.deadlineAt) ? Math.ceil(task.deadlineAt ?? 0) : null,
    maxAttempts: task.maxAttempts ?? defaultAttempts,
    trace: task.trace ?? "",
  };
}
