import type { Clock } from "../../clock.ts";
import { unlessAborted } from "../../deadline.ts";
import { ForagerError } from "../../errors.ts";

/** How single items become batches. */
export interface BatcherOptions<Item, Result> {
  readonly maxItems: number;
  /** How long the first item waits for company. */
  readonly maxWaitMs: number;
  /** What a batch may take: batches grow while they stay below it, and shrink when they do not. `maxItems` at once unless given. */
  readonly targetMs?: number;
  /** One result an item, in order; an `Error` is that item's own. What it throws is everybody's. */
  readonly run: (items: readonly Item[], signal: AbortSignal) => Promise<readonly (Result | Error)[]>;
}

/** Turns calls for single items into fewer, larger ones. */
export interface Batcher<Item, Result> {
  /** The item's own result or error; the signal's reason when that aborts, and the others go on. */
  add(item: Item, signal?: AbortSignal): Promise<Result>;
  /** Items that a batch may have now. */
  readonly size: number;
}

/** Up by one, down by half: as TCP finds a path's width. @see Crankshaw et al., Clipper, NSDI 2017, section 4.3.1. */
const step = 1;
const shrinking = 0.5;
const firstSize = 4;
/** Batches in time that make up for a slow one: the 95th percentile is what is held to. */
const goodForOneSlow = 19;

/** A batcher with one batch under way at a time; what comes meanwhile is the next one. */
export function createBatcher<Item, Result>(
  options: BatcherOptions<Item, Result>,
  deps: { readonly clock: Clock },
): Batcher<Item, Result> {
  return new AdaptiveBatcher(options, deps.clock);
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly signal: AbortSignal | undefined;
  readonly done: PromiseWithResolvers<Result>;
}

class AdaptiveBatcher<Item, Result> implements Batcher<Item, Result> {
  readonly #options: BatcherOptions<Item, Result>;
  readonly #clock: Clock;
  #waiting: Waiting<Item, Result>[] = [];
  #size: number;
  #isRunning = false;
  #pause: AbortController | undefined;
  /** Batches in time since the last slow one that cost nothing. */
  #good = 0;

  constructor(options: BatcherOptions<Item, Result>, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#size = options.targetMs === undefined ? options.maxItems : Math.min(firstSize, options.maxItems);
  }

  get size(): number {
    return this.#size;
  }

  async add(item: Item, signal?: AbortSignal): Promise<Result> {
    signal?.throwIfAborted();
    const waiting = { item, signal, done: Promise.withResolvers<Result>() };
    this.#waiting.push(waiting);
    this.#look();
    return await unlessAborted(waiting.done.promise, signal);
  }

  /** Starts a batch when there is a full one, or a moment after the first item. */
  #look(): void {
    if (this.#isRunning || this.#waiting.length === 0) return;
    if (this.#waiting.length >= this.#size) {
      this.#pause?.abort();
      this.#pause = undefined;
      void this.#run();
    } else if (!this.#pause) {
      this.#pause = new AbortController();
      void this.#runAfter(this.#pause.signal);
    }
  }

  async #runAfter(pause: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(this.#options.maxWaitMs, pause);
    } catch {
      return; // a full batch came first
    }
    this.#pause = undefined;
    if (!this.#isRunning) await this.#run();
  }

  async #run(): Promise<void> {
    this.#waiting = this.#waiting.filter(({ signal }) => !signal?.aborted);
    const batch = this.#waiting.splice(0, this.#size);
    if (batch.length === 0) return;
    this.#isRunning = true;
    const startedAt = this.#clock.now();
    using stop = stopWhenAllAborted(batch);
    try {
      const results = await this.#options.run(
        batch.map(({ item }) => item),
        stop.signal,
      );
      if (results.length !== batch.length)
        throw new ForagerError(
          "batch",
          `A batch of ${batch.length} gave ${results.length} results; one for each is needed.`,
        );
      for (const [index, { done }] of batch.entries()) {
        const result = results[index] as Result | Error;
        if (result instanceof Error) done.reject(result);
        else done.resolve(result);
      }
      this.#learn(batch.length, this.#clock.now() - startedAt);
    } catch (error) {
      for (const { done } of batch) done.reject(error);
    } finally {
      this.#isRunning = false;
      // What came meanwhile has waited for this.
      void this.#run();
    }
  }

  #learn(items: number, ms: number): void {
    const { targetMs, maxItems } = this.#options;
    if (targetMs === undefined) return;
    if (ms <= targetMs) {
      this.#good += 1;
      if (items === this.#size) this.#size = Math.min(maxItems, this.#size + step);
    } else if (this.#good >= goodForOneSlow) {
      this.#good = 0;
    } else {
      this.#good = 0;
      this.#size = Math.max(1, Math.floor(items * shrinking));
    }
  }
}

/** Nobody is left who wants the batch's results. */
class DesertedError extends ForagerError {
  constructor() {
    super("deserted", "Everyone who waited for this batch has gone.");
  }
}

/** A signal that aborts when all of the batch's callers have. */
function stopWhenAllAborted(
  batch: readonly { readonly signal: AbortSignal | undefined }[],
): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const signals = batch.map(({ signal }) => signal);
  const onAbort = () => {
    if (signals.every((signal) => signal?.aborted)) controller.abort(new DesertedError());
  };
  for (const signal of signals) signal?.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const signal of signals) signal?.removeEventListener("abort", onAbort);
    },
  };
}
