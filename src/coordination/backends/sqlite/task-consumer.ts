import PQueue from "p-queue";
import type { Clock } from "../../../clock.ts";
import type { RunContext } from "../../../context.ts";
import type { Database } from "../../../database.ts";
import { ForagerError, LeaseLostError, TimeoutError, messageOf } from "../../../errors.ts";
import { runWithin, unlessAborted } from "../../../deadline.ts";
import type { Consumer, Task, TaskContext } from "../../tasks.ts";
import type { TaskRows } from "./task-rows.ts";

/** Node's timers hold no more; https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const longestTimerMs = 2 ** 31 - 1;

/** What one consumer was asked for. */
export interface ConsumerOptions {
  readonly kind: string;
  readonly handler: (input: unknown, context: TaskContext) => Promise<unknown>;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly context: RunContext;
  readonly leaseMs: number;
  /** How long to wait before the next try. */
  readonly backoffMs: (attempt: number) => number;
  /** Told of each task that ended here, and when the consumer has. */
  readonly onEnded: (id: number) => void;
  readonly onClosed: () => void;
}

/** Takes tasks as hands come free, works on them, and says how each ended. Sleeps until it is woken or one is due. */
export class TaskConsumer implements Consumer {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #rows: TaskRows;
  readonly #options: ConsumerOptions;
  readonly #hands: PQueue;
  readonly #working = new Map<number, { readonly task: Task; readonly stop: AbortController }>();
  readonly #heartbeat: NodeJS.Timeout;
  readonly #idlers = new Set<PromiseWithResolvers<void>>();
  #sleep = new AbortController();
  #taking: Promise<void> | undefined;
  #isTaking = false;
  #isWokenAgain = false;
  #isClosed = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    deps: { readonly database: Database; readonly clock: Clock; readonly rows: TaskRows },
    options: ConsumerOptions,
  ) {
    this.#database = deps.database;
    this.#clock = deps.clock;
    this.#rows = deps.rows;
    this.#options = options;
    this.#hands = new PQueue({ concurrency: options.concurrency });
    this.#heartbeat = setInterval(() => void this.#beat(), options.leaseMs / 3).unref();
    this.wake();
  }

  /** Looks for tasks now. */
  wake(): void {
    if (this.#isTaking) this.#isWokenAgain = true;
    else this.#taking = this.#take().catch((error: unknown) => this.#stop(error));
  }

  /** Aborts the work on a task, if it is done here. */
  abort(id: number, reason: Error): void {
    this.#working.get(id)?.stop.abort(reason);
  }

  /** Lets go who waits for the end, if this is it; called when a task of the kind has ended, here or elsewhere. */
  tellIdlers(): void {
    if (this.#idlers.size > 0 && this.#isIdle()) for (const { resolve } of this.#idlers) resolve();
  }

  async idle(signal?: AbortSignal): Promise<void> {
    if (this.#failure) throw this.#failure.error;
    if (this.#isIdle()) return;
    const idler = Promise.withResolvers<void>();
    this.#idlers.add(idler);
    try {
      await unlessAborted(idler.promise, signal);
    } finally {
      this.#idlers.delete(idler);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#sleep.abort();
    await this.#taking;
    await this.#hands.onIdle();
    clearInterval(this.#heartbeat);
    this.#options.onClosed();
  }

  async #take(): Promise<void> {
    this.#isTaking = true;
    do {
      this.#isWokenAgain = false;
      const free = this.#options.concurrency - this.#working.size;
      if (free > 0 && !this.#isClosed && !this.#failure && !this.#options.context.signal.aborted) {
        const tasks = await this.#database.write(() => this.#claim(free));
        for (const task of tasks) this.#start(task);
      }
    } while (this.#isWokenAgain);
    this.#isTaking = false;
    this.#sleepUntilDue();
    this.tellIdlers();
  }

  #claim(free: number): Task[] {
    const now = this.#clock.now();
    return this.#rows.claim(this.#options.kind, free, now + this.#options.leaseMs, now);
  }

  #start(task: Task): void {
    this.#working.set(task.id, { task, stop: new AbortController() });
    void this.#hands
      .add(() => this.#work(task))
      .catch((error: unknown) => this.#stop(error))
      .finally(() => {
        this.#working.delete(task.id);
        this.wake();
      });
  }

  async #work(task: Task): Promise<void> {
    const { handler, timeoutMs, context, kind } = this.#options;
    const stop = this.#working.get(task.id)?.stop.signal ?? context.signal;
    const parent = { ...context, signal: AbortSignal.any([context.signal, stop]) };
    const limit = {
      timeoutMs,
      trace: `${context.trace}/task/${task.id}`,
      reason: () => new TimeoutError(`Task ${task.id} (${kind})`, timeoutMs),
    };
    const outcome = await runWithin(parent, limit, (context) =>
      handler(task.input, { ...context, task }),
    ).then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
    // Cancelled, or passed to another holder: its row says so already.
    if (stop.aborted) return;
    const hasEnded = await this.#database.write(() =>
      "error" in outcome
        ? this.#failed(task, outcome.error)
        : this.#rows.finish(task, outcome.result, this.#clock.now()),
    );
    if (hasEnded) this.#options.onEnded(task.id);
  }

  /** Another try for what may pass, the dead letters for the rest. A task called off with the whole consumer is as new. */
  #failed(task: Task, error: unknown): boolean {
    if (this.#options.context.signal.aborted) {
      this.#rows.giveBack(task);
      return false;
    }
    const now = this.#clock.now();
    const canPass = error instanceof ForagerError && error.retryable;
    if (canPass && task.attempt < this.#rows.maxAttempts(task.id)) {
      this.#rows.retry(task, messageOf(error), now + this.#options.backoffMs(task.attempt));
      return false;
    }
    return this.#rows.fail(task, messageOf(error), now);
  }

  /** Keeps the leases of what is under way, and takes back what dead holders left. */
  async #beat(): Promise<void> {
    try {
      const { lost, recovered } = await this.#database.write(() => {
        const now = this.#clock.now();
        const lost = [...this.#working.values()].filter(
          ({ task }) => !this.#rows.renew(task, now + this.#options.leaseMs),
        );
        return { lost, recovered: this.#rows.recover(now, { all: false }) };
      });
      for (const { task, stop } of lost) stop.abort(new LeaseLostError(`task ${task.id}`));
      for (const { id, state } of recovered) if (state === "dead") this.#options.onEnded(id);
      if (recovered.length > 0) this.wake();
    } catch (error) {
      this.#stop(error);
    }
  }

  #sleepUntilDue(): void {
    this.#sleep.abort();
    this.#sleep = new AbortController();
    if (this.#isClosed || this.#failure) return;
    const dueAt = this.#rows.nextDueAt(this.#options.kind);
    if (dueAt === undefined) return;
    const ms = Math.min(Math.max(1, dueAt - this.#clock.now()), longestTimerMs);
    // An aborted sleep had no say any more: an earlier time was set, or the consumer closed.
    this.#clock.sleep(ms, this.#sleep.signal).then(
      () => this.wake(),
      () => undefined,
    );
  }

  #isIdle(): boolean {
    const counts = this.#rows.counts(this.#options.kind);
    return counts.ready === 0 && counts.leased === 0;
  }

  /** The folder failed: nothing more is taken, and who waits for the end learns why. */
  #stop(error: unknown): void {
    this.#failure ??= { error };
    this.#isTaking = false;
    for (const { reject } of this.#idlers) reject(error);
  }
}
