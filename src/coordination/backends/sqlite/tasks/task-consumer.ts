import { unlessAborted } from "../../../../deadline.ts";
import { ForagerError, messageOf } from "../../../../errors.ts";
import { type ConsumeOptions, type Consumer, RetryLaterError, type Task } from "../../../tasks.ts";
import { type Claimer, type TakenTask, type TaskClaims } from "./task-claims.ts";
import { type TryEnd, type TryFloor, TaskTry, type TryOptions, longestTimerMs } from "./task-try.ts";
import { expired } from "./task-upkeep.ts";

/** How often a consumer whose size is a function asks it when nothing else happens. */
const askMs = 500;

export interface ConsumerFloor extends TryFloor {
  readonly claims: TaskClaims;
}

/** What one consumer was asked for. */
export interface ConsumerOptions extends Pick<ConsumeOptions, "concurrency">, TryOptions {
  readonly claimer: () => Claimer;
  /** How long to wait before the next try. */
  readonly backoffMs: (attempt: number) => number;
  readonly onClosed: () => void;
}

/**
 * Takes tasks as hands come free, works on them, and says how each ended. Ends and takings that fall together are one
 * transaction. Sleeps until it is woken or one is due.
 */
export class TaskConsumer implements Consumer {
  readonly kind: string;
  readonly #floor: ConsumerFloor;
  readonly #options: ConsumerOptions;
  /** Also those whose task has passed to another holder, until they have stopped. */
  readonly #working = new Set<TaskTry>();
  readonly #idlers = new Set<PromiseWithResolvers<void>>();
  readonly #asking: NodeJS.Timeout | undefined;
  readonly #onAbort: () => void;
  #ended: { readonly work: TaskTry; readonly end: TryEnd }[] = [];
  #taken: readonly TakenTask[] = [];
  #onWorkEnd: () => void = () => {};
  #sleep: AbortController | undefined;
  #turn: Promise<void> | undefined;
  #isTurning = false;
  #isWokenAgain = false;
  #isPaused = false;
  #isClosed = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(floor: ConsumerFloor, options: ConsumerOptions) {
    this.kind = options.claimer().kind;
    this.#floor = floor;
    this.#options = options;
    this.#onAbort = () => {
      for (const work of this.#working) work.stop("given-back", options.context.signal.reason);
    };
    options.context.signal.addEventListener("abort", this.#onAbort, { once: true });
    if (typeof options.concurrency === "function") {
      this.#asking = setInterval(() => {
        if (this.#freeHands() > 0) this.wake();
      }, askMs).unref();
    }
    this.wake();
  }

  get capabilities(): readonly string[] {
    return this.#options.claimer().capabilities;
  }

  /** What is under way. */
  get working(): readonly TaskTry[] {
    return [...this.#working];
  }

  /** What was taken in the transaction that goes on, and is under way once that is over. */
  get taken(): readonly Task[] {
    return this.#taken.map(({ task }) => task);
  }

  /** Looks for tasks now. */
  wake(): void {
    this.#isWokenAgain = true;
    if (!this.#isTurning) this.#turn = this.#takeTurns();
  }

  /** Lets go who waits for the end, if this is it; called when a task of the kind has ended, here or elsewhere. */
  tellIdlers(): void {
    // At the end of a turn it is looked for anyway.
    if (!this.#isTurning) this.#tellIdlers();
  }

  #tellIdlers(): void {
    try {
      if (this.#idlers.size > 0 && this.#isIdle()) for (const { resolve } of this.#idlers) resolve();
    } catch (error) {
      this.fail(error);
    }
  }

  /** The folder failed: nothing more is taken, and who waits for the end learns why. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    for (const { reject } of this.#idlers) reject(error);
    for (const work of this.working) if (work.isOver) this.#working.delete(work);
    this.#onWorkEnd();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.wake();
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
    this.#sleep?.abort();
    clearInterval(this.#asking);
    for (;;) {
      await this.#turn;
      if (this.#working.size === 0) break;
      await new Promise<void>((resolve) => (this.#onWorkEnd = resolve));
    }
    this.#options.context.signal.removeEventListener("abort", this.#onAbort);
    this.#options.onClosed();
  }

  async #takeTurns(): Promise<void> {
    this.#isTurning = true;
    let hasTaken = false;
    try {
      while (this.#isWokenAgain && !this.#failure) {
        this.#isWokenAgain = false;
        if (this.#ended.length === 0 && !this.#canTake()) continue;
        const { over, taken } = await this.#floor.database.write(() => this.#settleAndClaim());
        for (const work of over) this.#working.delete(work);
        this.#taken = [];
        for (const each of taken) this.#start(each);
        hasTaken = taken.length > 0;
        this.#onWorkEnd();
      }
      this.#sleepUntilDue();
      // What was taken ends in a later turn.
      if (!hasTaken) this.#tellIdlers();
    } catch (error) {
      this.fail(error);
    } finally {
      // In the same step in which the last call was looked for, so that none is lost.
      this.#isTurning = false;
      this.#taken = [];
    }
  }

  /** Writes down what ended, and takes as much as hands are free by it. */
  #settleAndClaim(): { readonly over: readonly TaskTry[]; readonly taken: readonly TakenTask[] } {
    const ended = this.#ended;
    this.#ended = [];
    for (const { work, end } of ended) this.#settle(work, end);
    const free = this.#freeHands() + ended.length;
    const { claims, clock } = this.#floor;
    const taken =
      free > 0 ? claims.claim(this.#options.claimer(), free, this.#options.leaseMs, clock.now()) : [];
    this.#taken = taken;
    return { over: ended.map(({ work }) => work), taken };
  }

  #settle(work: TaskTry, end: TryEnd): void {
    const { task } = work;
    const { rows, clock } = this.#floor;
    const now = clock.now();
    switch (end.kind) {
      case "done":
        rows.finish(task, end.result, now);
        break;
      case "deferred":
        rows.putOff(task, Math.ceil(end.until), end.input === undefined ? {} : { input: end.input });
        break;
      case "given-back":
        rows.giveBack(task, now);
        break;
      case "failed":
        this.#settleFailed(work, end.error, now);
        break;
      case "dropped":
        break;
    }
  }

  /** Another try for what may pass, the dead letters for the rest. */
  #settleFailed(work: TaskTry, error: unknown, now: number): void {
    const { task } = work;
    const { rows } = this.#floor;
    const failure = {
      code: error instanceof ForagerError ? error.code : error instanceof Error ? error.name : "error",
      error: messageOf(error),
    };
    if (error instanceof RetryLaterError) {
      rows.putOff(task, Math.max(Math.ceil(error.until), now + 1), { error: failure.error });
      return;
    }
    const isLate = (task.deadlineAt ?? Infinity) <= now;
    const canPass = error instanceof ForagerError && error.retryable && !isLate;
    if (canPass && task.attempt < work.maxAttempts)
      rows.retry(task, failure, now + this.#options.backoffMs(task.attempt), now);
    else rows.fail(task, isLate ? { ...failure, code: expired.code } : failure, now);
  }

  #start(taken: TakenTask): void {
    const work = new TaskTry(taken, this.#floor, this.#options);
    this.#working.add(work);
    void this.#follow(work);
    if (this.#options.context.signal.aborted) this.#onAbort();
  }

  async #follow(work: TaskTry): Promise<void> {
    const end = await work.run();
    this.#ended.push({ work, end });
    if (this.#failure) this.fail(this.#failure.error);
    else this.wake();
  }

  #freeHands(): number {
    if (this.#isClosed || this.#isPaused || this.#failure || this.#options.context.signal.aborted)
      return -Infinity;
    const { concurrency } = this.#options;
    return (typeof concurrency === "function" ? concurrency() : concurrency) - this.#working.size;
  }

  #canTake(): boolean {
    return (
      this.#freeHands() > 0 &&
      this.#floor.claims.isWorthwhile(this.#options.claimer(), this.#floor.clock.now())
    );
  }

  #sleepUntilDue(): void {
    this.#sleep?.abort();
    this.#sleep = undefined;
    // Without a free hand nothing can be taken; when one comes free it is looked for.
    if (this.#freeHands() <= 0) return;
    const dueAt = this.#floor.claims.nextDueAt(this.kind);
    if (dueAt === undefined) return;
    const waitMs = Math.min(Math.max(1, dueAt - this.#floor.clock.now()), longestTimerMs);
    this.#sleep = new AbortController();
    this.#floor.clock.sleep(waitMs, this.#sleep.signal).then(
      () => this.wake(),
      () => undefined, // a sleep that was cut short had no say any more
    );
  }

  #isIdle(): boolean {
    return this.#floor.views.open(this.kind) === 0;
  }
}
