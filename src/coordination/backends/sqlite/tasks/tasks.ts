import type { Clock } from "../../../../clock.ts";
import { unlessAborted } from "../../../../deadline.ts";
import type { Database } from "../../../../database.ts";
import { formatProcess, ownProcess } from "../../../process-identity.ts";
import type { NewTask } from "../../../new-task.ts";
import {
  type ConsumeOptions,
  type Consumer,
  type EndedTask,
  type KindLimits,
  OverloadedError,
  type TaskContext,
  type TaskCounts,
  type TaskView,
  type Tasks,
} from "../../../tasks.ts";
import type { Transaction } from "../../../transaction.ts";
import { ForeignWrites } from "../foreign-writes.ts";
import { TaskAdding } from "./task-adding.ts";
import { TaskClaims, canDo } from "./task-claims.ts";
import { TaskConsumer } from "./task-consumer.ts";
import { TaskGraph } from "./task-graph.ts";
import { type News, TaskNews } from "./task-news.ts";
import { TaskRoom } from "./task-room.ts";
import { TaskRows } from "./task-rows.ts";
import { TaskUpkeep, type Which } from "./task-upkeep.ts";
import { TaskViews } from "./task-views.ts";

/** Times of the task queue. */
export interface TaskTimes {
  /** A worker that is silent for so long has died. */
  readonly leaseMs: number;
  /** Before the second try; each later wait doubles, up to the longest, plus up to a half at random. */
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
  /** A handler that was told to stop may take so long; then its hand is free again. */
  readonly stopMs: number;
}

/** The task queue as rows of the data file. */
export class SqliteTasks implements Tasks {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #times: TaskTimes;
  readonly #transaction: Transaction;
  readonly #rows: TaskRows;
  readonly #adding: TaskAdding;
  readonly #upkeep: TaskUpkeep;
  readonly #claims: TaskClaims;
  readonly #views: TaskViews;
  readonly #room: TaskRoom;
  readonly #foreignWrites: ForeignWrites;
  readonly #owner = formatProcess(ownProcess());
  readonly #consumers = new Set<TaskConsumer>();
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  #heartbeat: NodeJS.Timeout | undefined;

  /** @param deps.transaction What `TaskContext.commit` writes to. */
  constructor(
    deps: {
      readonly database: Database;
      readonly clock: Clock;
      readonly random: () => number;
      readonly transaction: Transaction;
    },
    times: TaskTimes,
  ) {
    const { database } = deps;
    const news = new TaskNews((each) => this.#hear(each));
    const graph = new TaskGraph({ database, news });
    this.#database = database;
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#times = times;
    this.#transaction = deps.transaction;
    this.#rows = new TaskRows({ database, news, graph });
    this.#adding = new TaskAdding({ database, news, graph });
    this.#upkeep = new TaskUpkeep({ database, news, graph });
    this.#claims = new TaskClaims({ database, upkeep: this.#upkeep });
    this.#views = new TaskViews({ database });
    this.#room = new TaskRoom({ views: this.#views });
    this.#foreignWrites = new ForeignWrites({ database }, () => this.#lookAgain());
  }

  async add(
    tasks: readonly NewTask[],
    options: { readonly whenFull?: "wait" | "reject"; readonly signal?: AbortSignal } = {},
  ): Promise<number[]> {
    for (;;) {
      options.signal?.throwIfAborted();
      const added = await this.#database.write(() => this.#room.full(tasks) ?? this.insert(tasks));
      if (!("kind" in added)) return added;
      if (options.whenFull === "reject") throw new OverloadedError(`The queue of ${added.kind}`, added.high);
      using _watching = this.#foreignWrites.watch();
      await this.#room.wait(added.kind, options.signal);
    }
  }

  insert(tasks: readonly NewTask[]): number[] {
    return [...this.#adding.insert(tasks, this.#clock.now()).ids];
  }

  consume(
    kind: string,
    handler: (input: unknown, context: TaskContext) => Promise<unknown>,
    options: ConsumeOptions,
  ): Consumer {
    const { capabilities = [], ...asked } = options;
    const consumer: TaskConsumer = new TaskConsumer(
      {
        database: this.#database,
        clock: this.#clock,
        rows: this.#rows,
        views: this.#views,
        adding: this.#adding,
        claims: this.#claims,
        transaction: this.#transaction,
      },
      {
        ...asked,
        handler,
        leaseMs: this.#times.leaseMs,
        stopMs: this.#times.stopMs,
        claimer: () => ({ kind, capabilities, atOnce: this.#room.atOnce(kind), owner: this.#owner }),
        backoffMs: (attempt) => this.#backoffMs(attempt),
        onClosed: () => {
          watching[Symbol.dispose]();
          this.#closed(consumer);
        },
      },
    );
    const watching = this.#foreignWrites.watch();
    this.#consumers.add(consumer);
    this.#heartbeat ??= setInterval(() => void this.#beat(), this.#times.leaseMs / 3).unref();
    return consumer;
  }

  limit(kind: string, limits: KindLimits): void {
    this.#room.limit(kind, limits);
    this.#wake(kind);
  }

  async wait(id: number, signal?: AbortSignal): Promise<EndedTask> {
    for (;;) {
      const ended = this.#views.ended(id);
      if (ended) return ended;
      const waiting = this.#waiting.get(id) ?? Promise.withResolvers<void>();
      this.#waiting.set(id, waiting);
      using _watching = this.#foreignWrites.watch();
      await unlessAborted(waiting.promise, signal);
    }
  }

  async cancel(which: Which, reason: string): Promise<number> {
    const cancelled = await this.#database.write(() => this.#upkeep.cancel(which, reason, this.#clock.now()));
    const ids = new Set(cancelled);
    for (const consumer of this.#consumers)
      for (const work of consumer.working) if (ids.has(work.task.id)) work.drop(reason);
    return cancelled.length;
  }

  dead(options: { readonly after?: number; readonly limit: number }): EndedTask[] {
    return this.#views.dead(options);
  }

  async replay(ids: readonly number[]): Promise<number> {
    return await this.#database.write(
      () => ids.filter((id) => this.#upkeep.replay(id, this.#clock.now())).length,
    );
  }

  async purge(ids: readonly number[]): Promise<number> {
    return await this.#database.write(() => ids.filter((id) => this.#upkeep.purge(id)).length);
  }

  counts(kind?: string): TaskCounts {
    return this.#views.counts(kind);
  }

  kinds(now: number): ReadonlyMap<string, TaskCounts & { readonly oldestMs: number }> {
    return this.#views.kinds(now);
  }

  unroutable(): { readonly id: number; readonly kind: string; readonly needs: readonly string[] }[] {
    const consumers = [...this.#consumers];
    return this.#views.unroutable(
      (kind, needs) =>
        consumers.some((consumer) => consumer.kind === kind && canDo(consumer.capabilities, needs)),
      this.#clock.now(),
    );
  }

  ofRun(run: number): TaskView[] {
    return this.#views.ofRun(run);
  }

  recover(now: number, options: { readonly all: boolean }): number {
    return this.#upkeep.recover(now, options);
  }

  forget(before: number): number {
    return this.#upkeep.forget(before);
  }

  forgetRun(run: number): void {
    this.#upkeep.forgetRun(run);
  }

  /** After a transaction here: who waited for what it did goes on. */
  #hear({ ended, endedKinds, readyKinds }: News): void {
    for (const id of ended) this.#tellWaiting(id);
    if (endedKinds.size > 0) this.#room.look();
    for (const consumer of this.#consumers) {
      const isFreed = endedKinds.has(consumer.kind) && Number.isFinite(this.#room.atOnce(consumer.kind));
      if (isFreed || readyKinds.has(consumer.kind)) consumer.wake();
      if (endedKinds.has(consumer.kind)) consumer.tellIdlers();
    }
  }

  /** After another process wrote: everything may have changed. */
  #lookAgain(): void {
    for (const consumer of this.#consumers) {
      try {
        for (const work of consumer.working) {
          if (!this.#rows.holds(work.task)) work.drop(this.#views.reasonOfCancel(work.task.id));
        }
      } catch (error) {
        consumer.fail(error);
      }
      consumer.wake();
      consumer.tellIdlers();
    }
    this.#room.look();
    for (const id of this.#waiting.keys()) this.#tellWaiting(id);
  }

  /** Keeps the leases of what is under way, and takes back what dead holders left. */
  async #beat(): Promise<void> {
    const now = this.#clock.now();
    try {
      const isBusy = [...this.#consumers].some((consumer) => consumer.working.length > 0);
      if (isBusy || this.#upkeep.isNeeded(now)) await this.#database.write(() => this.#renewAndRecover());
    } catch (error) {
      for (const consumer of this.#consumers) consumer.fail(error);
    }
  }

  #renewAndRecover(): void {
    const now = this.#clock.now();
    for (const consumer of this.#consumers) {
      // When the process stood still since, in the same group of writes, these have run out as well.
      for (const task of consumer.taken) this.#rows.renew(task, now + this.#times.leaseMs);
      for (const work of consumer.working) {
        if (!this.#rows.renew(work.task, now + this.#times.leaseMs))
          work.drop(this.#views.reasonOfCancel(work.task.id));
      }
    }
    this.#upkeep.expire(now);
    this.#upkeep.recover(now, { all: false });
  }

  #wake(kind: string): void {
    for (const consumer of this.#consumers) if (consumer.kind === kind) consumer.wake();
  }

  #tellWaiting(id: number): void {
    this.#waiting.get(id)?.resolve();
    this.#waiting.delete(id);
  }

  #closed(consumer: TaskConsumer): void {
    this.#consumers.delete(consumer);
    if (this.#consumers.size > 0) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }

  #backoffMs(attempt: number): number {
    const { firstRetryMs, longestRetryMs } = this.#times;
    const wait = Math.min(firstRetryMs * 2 ** (attempt - 1), longestRetryMs);
    return Math.ceil(wait * (1 + this.#random() / 2));
  }
}
