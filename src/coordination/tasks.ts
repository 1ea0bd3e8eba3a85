import type { RunContext } from "../context.ts";
import { ForagerError } from "../errors.ts";
import type { NewTask, Priority } from "./new-task.ts";
import type { Transaction } from "./transaction.ts";

export interface Task {
  readonly id: number;
  readonly kind: string;
  readonly input: unknown;
  readonly run: number | undefined;
  readonly name: string | undefined;
  readonly priority: Priority;
  readonly needs: readonly string[];
  readonly attempt: number;
  readonly fence: number;
  readonly deadlineAt: number | undefined;
  readonly trace: string;
}

/** One try that did not end well. */
export interface FailedAttempt {
  readonly attempt: number;
  readonly at: number;
  readonly code: string;
  readonly error: string;
}

/** How a task ended. */
export interface EndedTask {
  readonly id: number;
  readonly kind: string;
  readonly run: number | undefined;
  readonly name: string | undefined;
  readonly state: "done" | "dead" | "cancelled";
  readonly input: unknown;
  readonly result: unknown;
  readonly error: string;
  readonly attempts: number;
  readonly trace: string;
  /** The tries that failed, oldest first; the latest twenty. */
  readonly history: readonly FailedAttempt[];
  readonly endedAt: number;
}

/** A task as it stands, for a view of a run. */
export interface TaskView {
  readonly id: number;
  readonly kind: string;
  readonly name: string | undefined;
  readonly state: "blocked" | "ready" | "delayed" | "leased" | "done" | "dead" | "cancelled";
  readonly after: readonly string[];
  readonly attempts: number;
  /** What its handler last showed of its progress. */
  readonly progress: unknown;
  readonly error: string;
  /** 0 while it has not. */
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface TaskContext extends RunContext {
  readonly task: Task;
  /** What an earlier try left by {@link progress}; undefined on the first. */
  readonly checkpoint: unknown;
  /** How the tasks it waited for ended, by name. */
  readonly before: ReadonlyMap<string, EndedTask>;
  /** Keeps what the next try goes on from, and renews the lease. @throws {LeaseLostError} */
  progress(checkpoint: unknown): Promise<void>;
  /** Ends the handler: the task is due again at `until`, with another input if one is given, and this was no try. */
  defer(until: number, input?: unknown): never;
  /**
   * Adds tasks to the same run, with its trace, if the task is still ours; the new ones count on its budget, and no
   * bound of a kind holds them up, since who waits here would hold the hand that makes room.
   * @throws {BudgetError} @throws {LeaseLostError} @throws {PlanError}
   */
  spawn(tasks: readonly NewTask[]): Promise<number[]>;
  /** Effects that stand only if the task is still ours. @throws {LeaseLostError} And then none of them does. */
  commit(write: (transaction: Transaction) => void): Promise<void>;
}

export interface TaskCounts {
  /** Due now or later, or waiting for others. */
  readonly ready: number;
  readonly leased: number;
  readonly done: number;
  readonly dead: number;
  readonly cancelled: number;
}

export interface ConsumeOptions {
  /** Tasks under way at the same time; a function is asked before each taking. */
  readonly concurrency: number | (() => number);
  /** What these workers can do; "*" is everything. */
  readonly capabilities?: readonly string[];
  /** For one try. */
  readonly timeoutMs: number;
  readonly context: RunContext;
}

/** Takes tasks of a kind and gives them to a handler until disposed; that waits for what is under way. */
export interface Consumer extends AsyncDisposable {
  /** Takes no more until resumed; what is under way goes on. */
  pause(): void;
  resume(): void;
  /** Resolves when no task of the kind is ready, delayed, blocked or under way. @throws {StoreError} When the folder failed and the consumer stopped. */
  idle(signal?: AbortSignal): Promise<void>;
}

/** Bounds of a kind of task, over all its consumers. */
export interface KindLimits {
  /** Under way at once. */
  readonly atOnce?: number;
  /** Adding waits, or is refused, while so many have not ended, until no more than `low` are left. */
  readonly waiting?: { readonly high: number; readonly low: number };
}

/** Ends a try that should be made later: a host or a provider that is busy. Not counted as a try. */
export class RetryLaterError extends ForagerError {
  /** Epoch milliseconds. */
  readonly until: number;

  constructor(message: string, until: number, cause?: unknown) {
    super("retry-later", message, { retryable: true, cause });
    this.until = until;
  }
}

/** More work waits than may. */
export class OverloadedError extends ForagerError {
  constructor(what: string, limit: number) {
    super(
      "overloaded",
      `${what} has ${limit} waiting and takes no more. Try again later, or wait for room.`,
      {
        retryable: true,
      },
    );
  }
}

/** What a task carries is longer than {@link maxInputBytes}; nothing was written. */
export class TaskTooLargeError extends ForagerError {
  constructor(what: string, bytes: number) {
    super(
      "task-too-large",
      `${what} has ${bytes} bytes as JSON; ${maxInputBytes} is the limit. Keep it elsewhere and give a reference to it.`,
    );
  }
}

/** Tasks whose `after` names nothing that is there, or themselves in a circle; nothing was added. */
export class PlanError extends ForagerError {
  constructor(problem: string) {
    super("bad-plan", problem);
  }
}

/** The task queue: at least once, fenced, with retries and a dead-letter state. A plan's node is a task that waits for others. */
export interface Tasks {
  /**
   * Gives one id a task; the live one's where a dedupe key or a name was taken. All of them or none.
   * @param options.whenFull Where the kind has a bound: wait for room (the default), or throw.
   * @throws {PlanError} @throws {OverloadedError} @throws {TaskTooLargeError}
   */
  add(
    tasks: readonly NewTask[],
    options?: { readonly whenFull?: "wait" | "reject"; readonly signal?: AbortSignal },
  ): Promise<number[]>;
  /** As {@link add}, inside the caller's `Database.write`, bounds aside; a consumer that is waiting sees them after it. */
  insert(tasks: readonly NewTask[]): number[];
  /**
   * Handlers' results end the task; what they throw is retried with backoff when `retryable`, put off when it is a
   * {@link RetryLaterError}, else dead at once. Of equal urgency the oldest goes first, and none waits for ever.
   */
  consume(
    kind: string,
    handler: (input: unknown, context: TaskContext) => Promise<unknown>,
    options: ConsumeOptions,
  ): Consumer;
  /** Bounds a kind from now on. */
  limit(kind: string, limits: KindLimits): void;
  /** Waits until it has ended. @throws {RangeError} When there is no such task. */
  wait(id: number, signal?: AbortSignal): Promise<EndedTask>;
  /** Ends tasks that have not ended; the signal of one that is being worked on aborts, in other processes within a second. Gives how many it ended. */
  cancel(
    which: { readonly ids: readonly number[] } | { readonly run: number } | { readonly kind: string },
    reason: string,
  ): Promise<number>;
  /** Tasks that were given up, oldest first. */
  dead(options: { readonly after?: number; readonly limit: number }): EndedTask[];
  /** Makes dead tasks ready again, under their ids, with all their attempts, and what was cancelled for waiting for them. Gives how many. */
  replay(ids: readonly number[]): Promise<number>;
  /** Forgets dead tasks. Gives how many. */
  purge(ids: readonly number[]): Promise<number>;
  counts(kind?: string): TaskCounts;
  /** Every kind that has tasks, with its counts and the age of the oldest that is due. */
  kinds(now: number): ReadonlyMap<string, TaskCounts & { readonly oldestMs: number }>;
  /** Due tasks that need what no consumer in this process can do. */
  unroutable(): { readonly id: number; readonly kind: string; readonly needs: readonly string[] }[];
  /** A run's tasks in the order they were added. */
  ofRun(run: number): TaskView[];
  /**
   * Gives back what dead holders had taken; with `all` whatever is leased (at start, when this process owns the
   * folder). A task whose worker died {@link maxTaskCrashes} times in a row is dead. Synchronous; inside `Database.write`.
   */
  recover(now: number, options: { readonly all: boolean }): number;
  /**
   * Forgets tasks that ended before `before`, the dead excepted, and those of a run once none of it is live or dead:
   * at most ten thousand in one call. Synchronous; inside `Database.write`. @returns How many.
   */
  forget(before: number): number;
  /** Forgets what has ended of a run, so that its plan can be done once more. Synchronous; inside `Database.write`. */
  forgetRun(run: number): void;
}

/** Workers that may die over one task before it is given up. */
export const maxTaskCrashes = 5;

/** The longest input or checkpoint, as JSON in UTF-8: 64 KiB. */
export const maxInputBytes = 65_536;
