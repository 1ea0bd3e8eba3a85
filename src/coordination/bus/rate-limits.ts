import { listen, unlisten } from "../../abort-listeners.ts";
import type { Clock } from "../../clock.ts";
import { RateLimiter } from "../guard/rate-limit.ts";
import { OverloadedError, RetryLaterError } from "../tasks.ts";
import type { SendingRate } from "./bus.ts";
import { Timed, type TimerWheel } from "./timer-wheel.ts";

/** Sends of one agent that may wait for their turn; more are refused, so that one that loops without waiting fills no heap. */
const mostWaiting = 1_000;

/** How fast each agent may send, and the sends that wait for their turn. */
export class RateLimits {
  readonly #clock: Clock;
  readonly #wheel: TimerWheel;
  readonly #everyone: Limit | undefined;
  readonly #own = new Map<string, Limit>();
  readonly #waiting = new Map<string, Set<Turn>>();

  /** @param everyone Holds for agents that have no rate of their own. */
  constructor(
    deps: { readonly clock: Clock; readonly wheel: TimerWheel },
    everyone: SendingRate | undefined,
  ) {
    this.#clock = deps.clock;
    this.#wheel = deps.wheel;
    this.#everyone = everyone && this.#limitOf(everyone);
  }

  set(sender: string, rate: SendingRate): void {
    this.#own.set(sender, this.#limitOf(rate));
  }

  /** Undefined when it may go at once, else its turn. @throws {RetryLaterError} @throws {OverloadedError} */
  take(sender: string, context: { readonly signal: AbortSignal }): Promise<void> | undefined {
    const limit = this.#own.get(sender) ?? this.#everyone;
    if (!limit) return undefined;
    const { rate, limiter } = limit;
    const now = this.#clock.now();
    const waiting = this.#waiting.get(sender);
    const mayWait = rate.whenOver === "wait" && (waiting?.size ?? 0) < mostWaiting;
    const dueAt = limiter.take(sender, mayWait ? Infinity : now);
    if (dueAt <= now && !waiting) return undefined;
    if (rate.whenOver === "reject")
      throw new RetryLaterError(
        `${sender} sends more than the ${rate.perSecond} messages a second that it may. Send fewer, or raise its limit.`,
        Math.ceil(dueAt),
      );
    if (!mayWait) throw new OverloadedError(`The outbox of ${sender}`, mostWaiting);
    context.signal.throwIfAborted();
    return this.#queue(sender, dueAt, context.signal);
  }

  close(reason: Error): void {
    for (const turns of this.#waiting.values()) for (const turn of turns) turn.fail(reason);
  }

  #queue(sender: string, dueAt: number, signal: AbortSignal): Promise<void> {
    const turns = this.#waiting.get(sender) ?? new Set();
    this.#waiting.set(sender, turns);
    const turn = new Turn(signal, () => {
      this.#wheel.remove(turn);
      turns.delete(turn);
      if (turns.size === 0) this.#waiting.delete(sender);
    });
    turns.add(turn);
    // One that is due already goes after those whose tick has not come yet.
    this.#wheel.add(turn, dueAt);
    return turn.promise;
  }

  #limitOf(rate: SendingRate): Limit {
    return { rate, limiter: new RateLimiter(rate, this.#clock) };
  }
}

interface Limit {
  readonly rate: SendingRate;
  readonly limiter: RateLimiter;
}

/** A send that waits for its turn. */
class Turn extends Timed {
  readonly promise: Promise<void>;
  readonly #signal: AbortSignal;
  readonly #leave: () => void;
  readonly #resolvers = Promise.withResolvers<void>();

  constructor(signal: AbortSignal, leave: () => void) {
    super();
    this.#signal = signal;
    this.#leave = leave;
    this.promise = this.#resolvers.promise;
    listen(signal, this);
  }

  expire(): void {
    this.#end();
    this.#resolvers.resolve();
  }

  handleEvent(): void {
    this.fail(this.#signal.reason);
  }

  fail(reason: unknown): void {
    this.#end();
    this.#resolvers.reject(reason);
  }

  #end(): void {
    unlisten(this.#signal, this);
    this.#leave();
  }
}
