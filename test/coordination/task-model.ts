import assert from "node:assert/strict";
import { canDo } from "../../src/coordination/backends/sqlite/tasks/task-claims.ts";
import { type NewTask, priorities } from "../../src/coordination/new-task.ts";
import { maxTaskCrashes } from "../../src/coordination/tasks.ts";

type State = "blocked" | "ready" | "delayed" | "leased" | "done" | "dead" | "cancelled";

/** A task as a plain object. */
export interface ModelTask {
  readonly id: number;
  readonly kind: string;
  readonly run: number | undefined;
  readonly name: string | undefined;
  readonly dedupe: string | undefined;
  readonly needs: readonly string[];
  after: readonly ModelTask[];
  readonly onFailure: "skip" | "continue" | "fail";
  priority: number;
  input: unknown;
  state: State;
  dueAt: number;
  deadlineAt: number | undefined;
  attempt: number;
  fence: number;
  starts: number;
  failures: number;
  rearm: NewTask | undefined;
  stoppedBy: ModelTask | undefined;
}

/** What the task table should hold after the same steps; says it with plain lists and looks everything up anew. */
export class TaskModel {
  now = 1_000_000;
  readonly tasks: ModelTask[] = [];
  #lastId = 0;
  #takings = 0;

  add(task: NewTask): void {
    const { dedupe, name, run } = task;
    if (name !== undefined && this.tasks.some((each) => each.run === run && each.name === name)) return;
    const live =
      dedupe &&
      this.tasks.find((each) => each.kind === task.kind && each.dedupe === dedupe.key && !hasEnded(each));
    if (live) {
      if (live.state === "leased" && dedupe.whileActive === "rearm") live.rearm = task;
      return;
    }
    const added: ModelTask = {
      id: (this.#lastId += 1),
      kind: task.kind,
      run,
      name,
      dedupe: dedupe?.key,
      needs: task.needs ?? [],
      after: this.tasks.filter((each) => each.run === run && task.after?.includes(each.name ?? "")),
      onFailure: task.onFailure ?? "skip",
      priority: priorities.indexOf(task.priority ?? "normal"),
      input: task.input,
      state: "blocked",
      dueAt: task.dueAt ?? this.now,
      deadlineAt: task.deadlineAt,
      attempt: 0,
      fence: 0,
      starts: 0,
      failures: 0,
      rearm: undefined,
      stoppedBy: undefined,
    };
    this.tasks.push(added);
    this.#place(added);
  }

  /** The task that is next for somebody; expired ones go first of all. */
  claim(kind: string, capabilities: readonly string[]): ModelTask | undefined {
    this.expire();
    for (const task of this.tasks)
      if (task.kind === kind && task.state === "delayed" && task.dueAt <= this.now) task.state = "ready";
    const able = this.tasks.filter(
      (task) =>
        task.kind === kind &&
        task.state === "ready" &&
        canDo(capabilities, task.needs.length > 0 ? JSON.stringify(task.needs) : ""),
    );
    if (able.length === 0) return undefined;
    this.#takings += 1;
    const isOldestsTurn = this.#takings % 16 === 0;
    const [next = assert.fail()] = able.toSorted(
      (left, right) => (isOldestsTurn ? 0 : left.priority - right.priority) || left.id - right.id,
    );
    next.state = "leased";
    next.fence += 1;
    next.attempt += 1;
    next.starts += 1;
    return next;
  }

  expire(): void {
    const expired = this.tasks.filter((task) => isWaiting(task) && (task.deadlineAt ?? Infinity) <= this.now);
    for (const task of expired) {
      task.failures += 1;
      task.state = "dead";
    }
    for (const task of expired) this.#ended(task);
  }

  finish(task: ModelTask): void {
    if (this.#rearm(task)) return;
    task.state = "done";
    task.starts = 0;
    this.#ended(task);
  }

  fail(task: ModelTask): void {
    task.failures += 1;
    if (this.#rearm(task)) return;
    task.state = "dead";
    task.starts = 0;
    this.#ended(task);
  }

  retry(task: ModelTask, dueAt: number): void {
    task.failures += 1;
    this.#returned(task, "delayed", dueAt);
  }

  putOff(task: ModelTask, dueAt: number, input: unknown): void {
    task.attempt -= 1;
    task.input = input;
    this.#returned(task, "delayed", dueAt);
  }

  giveBack(task: ModelTask): void {
    task.attempt -= 1;
    this.#returned(task, "ready", this.now);
  }

  cancel(which: (task: ModelTask) => boolean): void {
    const cancelled = this.tasks.filter((task) => which(task) && !hasEnded(task));
    for (const task of cancelled) {
      task.state = "cancelled";
      task.rearm = undefined;
      task.starts = 0;
    }
    for (const task of cancelled) this.#ended(task);
  }

  replay(task: ModelTask): void {
    const isTaken = this.tasks.some(
      (each) =>
        each !== task &&
        each.kind === task.kind &&
        each.dedupe !== undefined &&
        each.dedupe === task.dedupe &&
        !hasEnded(each),
    );
    if (isTaken) return;
    Object.assign(task, { state: "ready", dueAt: this.now, attempt: 0, starts: 0 });
    if ((task.deadlineAt ?? Infinity) <= this.now) task.deadlineAt = undefined;
    this.#restore(task);
  }

  purge(task: ModelTask): void {
    this.tasks.splice(this.tasks.indexOf(task), 1);
    for (const later of this.tasks) later.after = later.after.filter((earlier) => earlier !== task);
  }

  /** All workers died. */
  recover(): void {
    const leased = this.tasks.filter((task) => task.state === "leased");
    for (const task of leased) {
      const isGivenUp = task.starts >= maxTaskCrashes;
      task.state = isGivenUp ? "dead" : "ready";
      task.attempt = isGivenUp ? task.starts : task.attempt - 1;
      if (isGivenUp) task.failures += 1;
    }
    for (const task of leased) if (task.state === "dead") this.#ended(task);
  }

  /** A new task, or one taken up again: called off, waiting, or ready. */
  #place(task: ModelTask): void {
    const obstacle = obstacleOf(task);
    if (obstacle) {
      task.state = "cancelled";
      task.stoppedBy = obstacle;
      this.#ended(task);
    } else if (task.after.every(hasEnded)) task.state = task.dueAt > this.now ? "delayed" : "ready";
    else task.state = "blocked";
  }

  /** Goes through everything that could be touched by the end of a task; twice does no harm. */
  #ended(task: ModelTask): void {
    const isGood = task.state === "done" || task.onFailure === "continue";
    if (!isGood && task.onFailure === "fail") {
      const rest = this.tasks.filter(
        (each) => task.run !== undefined && each.run === task.run && isWaiting(each),
      );
      for (const each of rest)
        Object.assign(each, { state: "cancelled", stoppedBy: task, rearm: undefined, starts: 0 });
      return;
    }
    for (const later of this.tasks)
      if (later.state === "blocked" && later.after.includes(task)) this.#place(later);
  }

  #restore(cause: ModelTask): void {
    const stopped = this.tasks.filter((task) => task.state === "cancelled" && task.stoppedBy === cause);
    for (const task of stopped) {
      task.stoppedBy = obstacleOf(task);
      if (task.stoppedBy) continue;
      Object.assign(task, { attempt: 0, dueAt: this.now, state: "blocked" });
      this.#place(task);
      this.#restore(task);
    }
  }

  #rearm(task: ModelTask): boolean {
    const next = task.rearm;
    if (!next) return false;
    const dueAt = next.dueAt ?? this.now;
    task.priority = priorities.indexOf(next.priority ?? "normal");
    Object.assign(task, {
      input: next.input,
      deadlineAt: next.deadlineAt,
      rearm: undefined,
      attempt: 0,
      starts: 0,
      dueAt,
    });
    task.state = dueAt > this.now ? "delayed" : "ready";
    return true;
  }

  #returned(task: ModelTask, state: State, dueAt: number): void {
    Object.assign(task, { state, dueAt, starts: 0 });
  }
}

function isWaiting(task: ModelTask): boolean {
  return ["blocked", "ready", "delayed"].includes(task.state);
}

function hasEnded(task: ModelTask): boolean {
  return ["done", "dead", "cancelled"].includes(task.state);
}

/** The first of those it waits for that stands in its way for good. */
function obstacleOf(task: ModelTask): ModelTask | undefined {
  return task.after.find(
    (each) => ["dead", "cancelled"].includes(each.state) && each.onFailure !== "continue",
  );
}
