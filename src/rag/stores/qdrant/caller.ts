import type { Schemas } from "@qdrant/js-client-rest";
import PQueue from "p-queue";
import { listen, unlisten } from "../../../abort-listeners.ts";
import { batches, sendInHalves } from "./batches.ts";
import type { QdrantOptions } from "./options.ts";
import { type Patience, type PatienceDeps, patiently } from "./patience.ts";
import { QdrantError } from "./qdrant-error.ts";
import { type LoadClient, type QdrantApi, QdrantTransport } from "./transport.ts";

/** One call of the client; `timeout` is Qdrant's own time limit, in seconds. */
export type Call<Data> = (
  api: QdrantApi,
  init: RequestInit,
  timeout: number,
) => Promise<{ readonly data: Data }>;
/** Answers carry what was asked for in `result`. */
export type ResultCall<R> = Call<{ readonly result?: R }>;
type Update = Schemas["UpdateResult"];

/** Strict mode's `max_timeout` of the collections that Forager makes. */
const maxServerSeconds = 120;
/** Between looks at whether Qdrant has caught up: twice as long each time. */
const pollMs = { first: 100, most: 2_000 };

/** Makes calls: with their deadline, tries and batches, and ended when it is closed. */
export class QdrantCaller implements AsyncDisposable {
  readonly name: string;
  readonly #deps: PatienceDeps;
  readonly #options: QdrantOptions;
  readonly #transport: QdrantTransport;
  /** Batches of all writers together. */
  readonly #writes: PQueue;
  readonly #running = new Set<AbortController>();
  #isClosed = false;

  constructor(deps: PatienceDeps, options: QdrantOptions, load?: LoadClient) {
    this.#deps = deps;
    this.#options = options;
    this.#transport = new QdrantTransport(options, load);
    this.#writes = new PQueue({ concurrency: options.writesAtOnce });
    this.name = this.#transport.name;
  }

  /** What a call that changes nothing gives. @param what For messages: `search forager`. */
  async read<R>(what: string, call: ResultCall<R>, signal: AbortSignal | undefined): Promise<R> {
    return await this.#result(what, call, this.#options.readDeadlineMs, signal);
  }

  /** What a call that changes something gives; it may be made twice. */
  async write<R>(what: string, call: ResultCall<R>, signal: AbortSignal | undefined): Promise<R> {
    return await this.#result(what, call, this.#options.writeDeadlineMs, signal);
  }

  /** An answer without `result`; `triesAgain` is false for who wants to know how things stand now. */
  async plain<Data extends object>(
    what: string,
    call: Call<Data>,
    triesAgain: boolean,
    signal: AbortSignal | undefined,
  ): Promise<Data> {
    return await this.#ended(signal, (own) =>
      this.#patiently(what, call, { deadlineMs: this.#options.readDeadlineMs, triesAgain }, own),
    );
  }

  /** A change to points: when this returns, it is there for the next reader. */
  async update(
    what: string,
    collection: string,
    call: ResultCall<Update | Update[]>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const results = await this.write(what, call, signal);
    // Past its time limit Qdrant (1.17) answers that it has taken the change but not made it yet: never sent again.
    const isDone = [results].flat().every(({ status }) => status === "completed");
    if (!isDone) await this.caughtUp(collection, signal);
  }

  /** Sends `items` within the limits, some requests side by side. The first that fails ends the others. */
  async inBatches<T>(
    items: Iterable<T>,
    signal: AbortSignal | undefined,
    send: (batch: T[], signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    await this.#ended(signal, async (own, stop) => {
      const sent = [...batches(items, this.#limits)].map((batch) =>
        this.#writes.add(() => sendInHalves(batch, (part) => send(part, own)), { signal: own }),
      );
      try {
        await Promise.all(sent);
      } catch (error) {
        stop(error);
        await Promise.allSettled(sent);
        throw error;
      }
    });
  }

  /** As {@link inBatches}, one request after the other. @returns What each answered, in order. */
  async inOrder<T, R>(items: Iterable<T>, send: (batch: T[]) => Promise<R>): Promise<R[]> {
    const answers: R[] = [];
    for (const batch of batches(items, this.#limits)) answers.push(...(await sendInHalves(batch, send)));
    return answers;
  }

  /**
   * Waits until Qdrant has made all changes it has taken.
   * @throws {QdrantError} At the deadline: the changes are safe, and will be made.
   */
  async caughtUp(collection: string, signal: AbortSignal | undefined): Promise<void> {
    const { clock } = this.#deps;
    const deadlineAt = clock.now() + this.#options.writeDeadlineMs;
    const what = `wait for ${collection}`;
    await this.#ended(signal, async (own) => {
      for (let waitMs = pollMs.first; ; waitMs = Math.min(2 * waitMs, pollMs.most)) {
        const { update_queue: queue } = await this.read(
          what,
          (api, init) => api.getCollection({ collection_name: collection }, init),
          own,
        );
        // Before 1.17 there is no such queue, and no answer before the change is made either.
        if (!queue || queue["length"] === 0) return;
        if (clock.now() + waitMs >= deadlineAt) {
          throw new QdrantError(
            "qdrant-timeout",
            `${this.name} has kept ${String(queue["length"])} changes to ${collection}, but not made them yet. Try again later.`,
          );
        }
        await clock.sleep(waitMs, own);
      }
    });
  }

  /** Cuts what is under way; further calls are refused. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const running of this.#running) running.abort(this.#closedError());
    this.#writes.clear();
    await this.#transport[Symbol.asyncDispose]();
  }

  get #limits(): { maxItems: number; maxBytes: number } {
    return { maxItems: this.#options.maxBatchPoints, maxBytes: this.#options.maxBatchBytes };
  }

  async #result<R>(
    what: string,
    call: ResultCall<R>,
    deadlineMs: number,
    signal: AbortSignal | undefined,
  ): Promise<R> {
    const { result } = await this.#ended(signal, (own) =>
      this.#patiently(what, call, { deadlineMs, triesAgain: true }, own),
    );
    if (result === undefined || result === null)
      throw new QdrantError(
        "qdrant-answer",
        `${this.name} (${what}) answers without a result, as Qdrant does not. Set QDRANT_URL to Qdrant's own address.`,
      );
    return result;
  }

  async #patiently<Data extends object>(
    what: string,
    call: Call<Data>,
    patience: Pick<Patience, "deadlineMs" | "triesAgain">,
    signal: AbortSignal,
  ): Promise<Data> {
    const { timeoutMs } = this.#options;
    return await patiently(what, { timeoutMs, ...patience }, this.#deps, signal, (ms, own) => {
      // A second less than our own limit: an answer that says so is worth more than none.
      const seconds = Math.min(Math.max(1, Math.floor(ms / 1000) - 1), maxServerSeconds);
      const request = (api: QdrantApi, init: RequestInit) => call(api, init, seconds);
      return this.#transport.send(what, request, this.#deps.clock.now(), own);
    });
  }

  /** Runs `work` under a signal that ends with the caller's, with `stop`, and when the connection is closed. */
  async #ended<T>(
    signal: AbortSignal | undefined,
    work: (own: AbortSignal, stop: (reason: unknown) => void) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    if (this.#isClosed) throw this.#closedError();
    const own = new AbortController();
    const listener = { handleEvent: () => own.abort(signal?.reason) };
    this.#running.add(own);
    if (signal) listen(signal, listener);
    try {
      return await work(own.signal, (reason) => own.abort(reason));
    } finally {
      this.#running.delete(own);
      if (signal) unlisten(signal, listener);
    }
  }

  #closedError(): QdrantError {
    return new QdrantError("qdrant-closed", `The connection to ${this.name} has been closed.`);
  }
}
