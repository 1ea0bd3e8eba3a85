import type { Clock } from "../../../clock.ts";
import type { RunContext } from "../../../context.ts";
import type { Database } from "../../../database.ts";
import { ForagerError } from "../../../errors.ts";
import { unlessAborted } from "../../../deadline.ts";
import type { Consumer, EndedTask, NewTask, TaskContext, TaskCounts, Tasks } from "../../tasks.ts";
import { TaskConsumer } from "./task-consumer.ts";
import { TaskRows } from "./task-rows.ts";

/** Times of the task queue. */
export interface TaskTimes {
  /** A worker that is silent for so long has died. */
  readonly leaseMs: number;
  /** Before the second try; each later wait doubles, up to the longest, plus up to a half at random. */
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
}

/** The task queue as rows of the data file. */
export class SqliteTasks implements Tasks {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #times: TaskTimes;
  readonly #rows: TaskRows;
  readonly #consumers = new Map<string, Set<TaskConsumer>>();
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();

  constructor(
    deps: { readonly database: Database; readonly clock: Clock; readonly random: () => number },
    times: TaskTimes,
  ) {
    this.#database = deps.database;
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#times = times;
    this.#rows = new TaskRows(deps);
  }

  async add(tasks: readonly NewTask[]): Promise<number[]> {
    const ids = await this.#database.write(() => this.insert(tasks));
    for (const kind of new Set(tasks.map((task) => task.kind))) this.#wake(kind);
    return ids;
  }

  insert(tasks: readonly NewTask[]): number[] {
    const now = this.#clock.now();
    return tasks.map((task) => this.#rows.insert(task, now));
  }

  consume(
    kind: string,
    handler: (input: unknown, context: TaskContext) => Promise<unknown>,
    options: { readonly concurrency: number; readonly timeoutMs: number; readonly context: RunContext },
  ): Consumer {
    const consumers = this.#consumers.get(kind) ?? new Set();
    this.#consumers.set(kind, consumers);
    const consumer = new TaskConsumer(
      { database: this.#database, clock: this.#clock, rows: this.#rows },
      {
        ...options,
        kind,
        handler,
        leaseMs: this.#times.leaseMs,
        backoffMs: (attempt) => this.#backoffMs(attempt),
        onEnded: (id) => {
          this.#tellWaiting(id);
          for (const each of consumers) each.tellIdlers();
        },
        onClosed: () => consumers.delete(consumer),
      },
    );
    consumers.add(consumer);
    return consumer;
  }

  async wait(id: number, signal?: AbortSignal): Promise<EndedTask> {
    for (;;) {
      const ended = this.#rows.ended(id);
      if (ended) return ended;
      const waiting = this.#waiting.get(id) ?? Promise.withResolvers<void>();
      this.#waiting.set(id, waiting);
      await unlessAborted(waiting.promise, signal);
    }
  }

  async cancel(ids: readonly number[], reason: string): Promise<number> {
    const cancelled = await this.#database.write(() =>
      ids.filter((id) => this.#rows.cancel(id, reason, this.#clock.now())),
    );
    const error = new ForagerError("cancelled", `Cancelled: ${reason}`);
    for (const id of cancelled) {
      for (const consumers of this.#consumers.values()) for (const each of consumers) each.abort(id, error);
      this.#tellWaiting(id);
    }
    for (const kind of this.#consumers.keys()) this.#wake(kind);
    return cancelled.length;
  }

  dead(options: { readonly after?: number; readonly limit: number }): EndedTask[] {
    return this.#rows.dead(options);
  }

  async replay(ids: readonly number[]): Promise<number> {
    const kinds = await this.#database.write(() =>
      ids.flatMap((id) => this.#rows.replay(id, this.#clock.now()) ?? []),
    );
    for (const kind of new Set(kinds)) this.#wake(kind);
    return kinds.length;
  }

  async purge(ids: readonly number[]): Promise<number> {
    return await this.#database.write(() => ids.filter((id) => this.#rows.purge(id)).length);
  }

  counts(kind?: string): TaskCounts {
    return this.#rows.counts(kind);
  }

  recover(now: number, options: { readonly all: boolean }): number {
    const recovered = this.#rows.recover(now, options);
    // Those who wait look at the rows again, after the transaction this is part of.
    if (recovered.length > 0) {
      setImmediate(() => {
        for (const { id } of recovered) this.#tellWaiting(id);
        for (const kind of this.#consumers.keys()) this.#wake(kind);
      });
    }
    return recovered.length;
  }

  #wake(kind: string): void {
    for (const consumer of this.#consumers.get(kind) ?? []) consumer.wake();
  }

  #tellWaiting(id: number): void {
    this.#waiting.get(id)?.resolve();
    this.#waiting.delete(id);
  }

  #backoffMs(attempt: number): number {
    const { firstRetryMs, longestRetryMs } = this.#times;
    const wait = Math.min(firstRetryMs * 2 ** (attempt - 1), longestRetryMs);
    return Math.ceil(wait * (1 + this.#random() / 2));
  }
}
