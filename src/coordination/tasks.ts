import type { RunContext } from "../context.ts";

/** A durable piece of work for an agent. */
export interface NewTask {
  readonly kind: string;
  readonly input: unknown;
  readonly run?: number;
  /** 0 is most urgent, 3 least. */
  readonly priority?: 0 | 1 | 2 | 3;
  /** While a live task of the kind has this key, adding is a no-op. */
  readonly dedupe?: string;
  readonly dueAt?: number;
  readonly maxAttempts?: number;
}

export interface Task {
  readonly id: number;
  readonly kind: string;
  readonly input: unknown;
  readonly run: number | undefined;
  readonly priority: number;
  readonly attempt: number;
  readonly fence: number;
}

/** How a task ended. */
export interface EndedTask {
  readonly id: number;
  readonly kind: string;
  readonly state: "done" | "dead" | "cancelled";
  readonly result: unknown;
  readonly error: string;
  readonly attempts: number;
}

export interface TaskContext extends RunContext {
  readonly task: Task;
}

export interface TaskCounts {
  /** Due now or later. */
  readonly ready: number;
  readonly leased: number;
  readonly done: number;
  readonly dead: number;
  readonly cancelled: number;
}

/** Takes tasks of a kind and gives them to a handler until disposed; that waits for what is under way. */
export interface Consumer extends AsyncDisposable {
  /** Resolves when no task of the kind is ready, delayed or under way. @throws {StoreError} When the folder failed and the consumer stopped. */
  idle(signal?: AbortSignal): Promise<void>;
}

/** The task queue: at least once, fenced, with retries and a dead-letter state. */
export interface Tasks {
  /** Gives one id a task; the live one's where a dedupe key was taken. */
  add(tasks: readonly NewTask[]): Promise<number[]>;
  /** As {@link add}, inside the caller's `Database.write`; a consumer that is waiting already sees them at its next look. */
  insert(tasks: readonly NewTask[]): number[];
  /** Handlers' results end the task; what they throw is retried with backoff when `retryable`, else dead at once. */
  consume(
    kind: string,
    handler: (input: unknown, context: TaskContext) => Promise<unknown>,
    options: { readonly concurrency: number; readonly timeoutMs: number; readonly context: RunContext },
  ): Consumer;
  /** Waits until it has ended. @throws {RangeError} When there is no such task. */
  wait(id: number, signal?: AbortSignal): Promise<EndedTask>;
  /** Ends tasks that have not ended; the signal of one that is being worked on aborts. Gives how many it ended. */
  cancel(ids: readonly number[], reason: string): Promise<number>;
  /** Tasks that were given up, oldest first. */
  dead(options: { readonly after?: number; readonly limit: number }): EndedTask[];
  /** Makes dead tasks ready again, under their ids, with all their attempts. Gives how many. */
  replay(ids: readonly number[]): Promise<number>;
  /** Forgets dead tasks. Gives how many. */
  purge(ids: readonly number[]): Promise<number>;
  counts(kind?: string): TaskCounts;
  /**
   * Gives back what dead holders had taken; with `all` whatever is leased (at start, when this process owns the
   * folder). A task whose worker died {@link maxTaskCrashes} times in a row is dead. Synchronous; inside `Database.write`.
   */
  recover(now: number, options: { readonly all: boolean }): number;
}

/** Workers that may die over one task before it is given up. */
export const maxTaskCrashes = 5;
