import type { Clock } from "../../../../clock.ts";
import type { RunContext } from "../../../../context.ts";
import type { Database } from "../../../../database.ts";
import { ForagerError, LeaseLostError, TimeoutError } from "../../../../errors.ts";
import type { NewTask } from "../../../new-task.ts";
import type { EndedTask, Task, TaskContext } from "../../../tasks.ts";
import type { Transaction } from "../../../transaction.ts";
import type { TaskAdding } from "./task-adding.ts";
import type { TakenTask } from "./task-claims.ts";
import { encodeInput } from "./task-input.ts";
import type { TaskRows } from "./task-rows.ts";
import { expired } from "./task-upkeep.ts";
import type { TaskViews } from "./task-views.ts";

/** Node's timers hold no more; https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
export const longestTimerMs = 2 ** 31 - 1;

/** What a try stands on. */
export interface TryFloor {
  readonly database: Database;
  readonly clock: Clock;
  readonly rows: TaskRows;
  readonly views: TaskViews;
  readonly adding: TaskAdding;
  readonly transaction: Transaction;
}

export interface TryOptions {
  readonly handler: (input: unknown, context: TaskContext) => Promise<unknown>;
  readonly timeoutMs: number;
  /** How long a handler may take to stop once it was told to. */
  readonly stopMs: number;
  readonly leaseMs: number;
  readonly context: RunContext;
}

/** How a try ended: "dropped" when its task is no longer ours, "given-back" when the whole consumer was called off. */
export type TryEnd =
  | { readonly kind: "done"; readonly result: string }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "deferred"; readonly until: number; readonly input: string | undefined }
  | { readonly kind: "given-back" }
  | { readonly kind: "dropped" };

/** One try of a task: gives the handler its context, stops it when it must, and says how it ended. */
export class TaskTry {
  readonly task: Task;
  readonly maxAttempts: number;
  readonly #checkpoint: unknown;
  readonly #floor: TryFloor;
  readonly #options: TryOptions;
  readonly #stop = new AbortController();
  readonly #end = Promise.withResolvers<TryEnd>();
  #isOver = false;
  #stopTimer: NodeJS.Timeout | undefined;
  #decided: TryEnd | undefined;

  constructor(taken: TakenTask, floor: TryFloor, options: TryOptions) {
    this.task = taken.task;
    this.maxAttempts = taken.maxAttempts;
    this.#checkpoint = taken.checkpoint;
    this.#floor = floor;
    this.#options = options;
  }

  /** Works until the handler ends; one that was stopped and does not end is left behind after a while. */
  async run(): Promise<TryEnd> {
    const { timeoutMs, handler } = this.#options;
    const now = this.#floor.clock.now();
    const deadlineAt = this.task.deadlineAt ?? Infinity;
    const leftMs = Math.max(0, Math.min(timeoutMs, deadlineAt - now, longestTimerMs));
    const timer = setTimeout(() => {
      const isExpired = deadlineAt - now <= timeoutMs;
      this.stop(
        "failed",
        isExpired
          ? new ForagerError(expired.code, expired.error)
          : new TimeoutError(`Task ${this.task.id} (${this.task.kind})`, timeoutMs),
      );
    }, leftMs);
    this.#settle(handler, this.#context(now + leftMs));
    try {
      const end = await this.#end.promise;
      return this.#decided ?? end;
    } finally {
      this.#isOver = true;
      clearTimeout(timer);
      clearTimeout(this.#stopTimer);
    }
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Its row says that the task is no longer ours: it was called off for a reason, or passed to another holder. */
  drop(reason: string | undefined): void {
    const error =
      reason === undefined
        ? new LeaseLostError(`task ${this.task.id}`)
        : new ForagerError("cancelled", `Cancelled: ${reason}`);
    this.stop("dropped", error);
  }

  /** Tells the handler to stop. What it does after that counts no more. */
  stop(outcome: "failed" | "given-back" | "dropped", reason: unknown): void {
    if (this.#isOver || this.#stop.signal.aborted) return;
    this.#decided = outcome === "failed" ? { kind: outcome, error: reason } : { kind: outcome };
    this.#stopTimer = setTimeout(() => this.#end.resolve({ kind: "dropped" }), this.#options.stopMs);
    this.#stop.abort(reason);
  }

  #settle(handler: TryOptions["handler"], context: TaskContext): void {
    const work = async (): Promise<TryEnd> => {
      try {
        const result = await handler(this.task.input, context);
        return { kind: "done", result: JSON.stringify(result) ?? "null" };
      } catch (error) {
        return { kind: "failed", error };
      }
    };
    void work().then((end) => this.#end.resolve(end));
  }

  #context(deadlineAt: number): TaskContext {
    const { task } = this;
    const { context, leaseMs } = this.#options;
    const { database, clock, rows, views, adding, transaction } = this.#floor;
    const trace = task.trace === "" ? `${context.trace}/task/${task.id}` : task.trace;
    const whileOurs = <T>(work: () => T): Promise<T> =>
      database.write(() => {
        if (!rows.holds(task)) throw new LeaseLostError(`task ${task.id}`);
        return work();
      });
    let before: ReadonlyMap<string, EndedTask> | undefined;
    return {
      signal: this.#stop.signal,
      deadlineAt: Math.min(context.deadlineAt, deadlineAt),
      budget: context.budget,
      trace,
      fence: task.fence,
      task,
      checkpoint: this.#checkpoint,
      get before() {
        before ??= views.before(task.id);
        return before;
      },
      progress: async (checkpoint) => {
        const json = encodeInput(`The checkpoint of task ${task.id}`, checkpoint);
        await whileOurs(() => rows.progress(task, json, clock.now() + leaseMs));
      },
      defer: (until, input) => {
        const json = input === undefined ? undefined : encodeInput(`The input of task ${task.id}`, input);
        this.#decided ??= { kind: "deferred", until, input: json };
        throw new TaskDeferred(until);
      },
      spawn: (tasks) =>
        whileOurs(() => {
          const { run } = task;
          const own = tasks.map((each): NewTask => ({
            trace,
            ...each,
            ...(run === undefined ? {} : { run }),
          }));
          const { ids, added } = adding.insert(own, clock.now());
          context.budget.spend("tasks", added);
          return [...ids];
        }),
      commit: (write) => whileOurs(() => write(transaction)),
    };
  }
}

/** Ends a handler that puts its task off; nobody has to catch it. */
class TaskDeferred extends Error {
  constructor(until: number) {
    super(`Put off until ${new Date(until).toISOString()}.`);
  }
}
