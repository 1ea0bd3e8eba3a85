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
  readonly ready: number;
  readonly leased: number;
  readonly done: number;
  readonly dead: number;
}

/** Reads tasks of a kind and gives them to a handler until closed. */
export interface Consumer extends AsyncDisposable {
  /** Resolves when no task of the kind is ready, delayed or under way. */
  idle(signal?: AbortSignal): Promise<void>;
}

/** The task queue: at least once, fenced, with retries and a dead-letter state. */
export interface Tasks {
  /** Gives one id a task; the live one's where a dedupe key was taken. */
  add(tasks: readonly NewTask[]): Promise<number[]>;
  /** Handlers' results end the task; what they throw is retried with backoff when `retryable`, else dead at once. */
  consume(
    kind: string,
    handler: (input: unknown, context: TaskContext) => Promise<unknown>,
    options: { readonly concurrency: number; readonly timeoutMs: number; readonly context: RunContext },
  ): Consumer;
  /** Waits until it has ended. */
  wait(id: number, signal?: AbortSignal): Promise<EndedTask>;
  counts(kind?: string): TaskCounts;
  recover(now: number, options: { readonly all: boolean }): number;
}
