import { type ZodType, z } from "zod";
import { listen, unlisten } from "../../abort-listeners.ts";
import { TimeoutError } from "../../errors.ts";
import { MessageError } from "./bus.ts";
import type { Delivery, Outcome } from "./delivery.ts";
import { Timed, type TimerWheel } from "./timer-wheel.ts";

/** Requests that wait for their answer. */
export class Requests {
  readonly #wheel: TimerWheel;
  readonly #waiting = new Set<Timed & Outcome>();

  constructor(wheel: TimerWheel) {
    this.#wheel = wheel;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Opens one; it leaves nothing behind once its promise is settled. */
  open<R>(options: {
    readonly what: string;
    readonly timeoutMs: number;
    readonly now: number;
    readonly signal: AbortSignal;
    readonly answer: ZodType<R> | undefined;
  }): PendingRequest<R> {
    options.signal.throwIfAborted();
    const request = new PendingRequest<R>(options, (ended) => {
      this.#wheel.remove(ended);
      this.#waiting.delete(ended);
    });
    this.#waiting.add(request);
    this.#wheel.add(request, options.now + options.timeoutMs);
    return request;
  }

  close(reason: Error): void {
    for (const request of this.#waiting) request.failed(reason);
  }
}

/** One request: the first of answer, failure, deadline and abort settles it, and lets its message go. */
export class PendingRequest<R> extends Timed implements Outcome {
  readonly isRetried = true;
  readonly promise: Promise<R>;
  delivery: Delivery | undefined;
  readonly #what: string;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal;
  readonly #answer: ZodType<R> | undefined;
  readonly #leave: (request: Timed & Outcome) => void;
  readonly #resolvers = Promise.withResolvers<R>();
  #isSettled = false;

  constructor(
    options: {
      readonly what: string;
      readonly timeoutMs: number;
      readonly signal: AbortSignal;
      readonly answer: ZodType<R> | undefined;
    },
    leave: (request: Timed & Outcome) => void,
  ) {
    super();
    this.#what = options.what;
    this.#timeoutMs = options.timeoutMs;
    this.#signal = options.signal;
    this.#answer = options.answer;
    this.#leave = leave;
    this.promise = this.#resolvers.promise;
    listen(this.#signal, this);
  }

  handled(answer: unknown): void {
    if (!this.#settle()) return;
    const parsed = this.#answer?.safeParse(answer);
    if (parsed?.success === false)
      this.#resolvers.reject(
        new MessageError(
          `${this.#what} is not as it was asked for: ${z.prettifyError(parsed.error)}`,
          parsed.error,
        ),
      );
    else this.#resolvers.resolve(parsed ? parsed.data : (answer as R));
  }

  failed(error: unknown): void {
    if (!this.#settle()) return;
    this.delivery?.giveUp(error);
    this.#resolvers.reject(error);
  }

  expire(): void {
    this.failed(new TimeoutError(this.#what, this.#timeoutMs));
  }

  handleEvent(): void {
    this.failed(this.#signal.reason);
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    unlisten(this.#signal, this);
    this.#leave(this);
    return true;
  }
}
