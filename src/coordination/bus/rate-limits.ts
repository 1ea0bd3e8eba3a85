import type { Clock } from "../../clock.ts";
import { RetryLaterError, OverloadedError } from "../tasks.ts";
import type { SendingRate } from "./bus.ts";
import { Timed, type TimerWheel } from "./timer-wheel.ts";

/** Sends of one agent that may wait for their turn; more are refused, so that one that loops without waiting fills no heap. */
const mostWaiting = 1_000;

/** A send that waits for its turn. */
class Turn extends Timed implements EventListenerObject {
  readonly #limiter: Limiter;
  readonly #signal: AbortSignal;
  readonly #done = Promise.withResolvers<void>();
  readonly promise = this.#done.promise;

  constructor(limiter: Limiter, signal: AbortSignal) {
    super();
    this.#limiter = limiter;
    this.#signal = signal;
    signal.addEventListener("abort", this, { once: true });
  }

  expire(): void {
    this.#signal.removeEventListener("abort", this);
    this.#limiter.turns.delete(this);
    this.#done.resolve();
  }

  handleEvent(): void {
    this.fail(this.#signal.reason);
  }

  fail(reason: unknown): void {
    this.#signal.removeEventListener("abort", this);
    this.#limiter.leave(this);
    this.#done.reject(reason);
  }
}

/**
 * One agent's rate: the time at which its next message would come if all came evenly may run ahead of the clock by a burst.
 * @see ITU-T I.371, generic cell rate algorithm, virtual scheduling
 */
class Limiter {
  readonly turns = new Set<Turn>();
  readonly #rate: SendingRate;
  readonly #wheel: TimerWheel;
  /** Theoretical arrival time. */
  #next = 0;

  constructor(rate: SendingRate, wheel: TimerWheel) {
    this.#rate = rate;
    this.#wheel = wheel;
  }

  /** Undefined when it may go at once. */
  take(sender: string, now: number, signal: AbortSignal): Promise<void> | undefined {
    const { perSecond, burst, whenOver } = this.#rate;
    const stepMs = 1_000 / perSecond;
    const next = Math.max(this.#next, now);
    const dueAt = next - (burst - 1) * stepMs;
    if (dueAt <= now && this.turns.size === 0) {
      this.#next = next + stepMs;
      return undefined;
    }
    if (whenOver === "reject")
      throw new RetryLaterError(
        `${sender} sends more than ${perSecond} messages a second, the most it may. Send fewer, or raise its limit.`,
        Math.ceil(dueAt),
      );
    signal.throwIfAborted();
    if (this.turns.size >= mostWaiting) throw new OverloadedError(`${sender}'s outbox`, mostWaiting);
    this.#next = next + stepMs;
    const turn = new Turn(this, signal);
    this.turns.add(turn);
    this.#wheel.add(turn, dueAt);
    return turn.promise;
  }

  leave(turn: Turn): void {
    this.#wheel.remove(turn);
    this.turns.delete(turn);
  }
}

/** How fast each agent may send. */
export class RateLimits {
  readonly #clock: Clock;
  readonly #wheel: TimerWheel;
  readonly #everyone: SendingRate | undefined;
  readonly #limiters = new Map<string, Limiter>();

  /** @param everyone Holds for agents that have no rate of their own. */
  constructor(
    deps: { readonly clock: Clock; readonly wheel: TimerWheel },
    everyone: SendingRate | undefined,
  ) {
    this.#clock = deps.clock;
    this.#wheel = deps.wheel;
    this.#everyone = everyone;
  }

  set(sender: string, rate: SendingRate): void {
    this.#limiters.set(sender, new Limiter(rate, this.#wheel));
  }

  /** Undefined when it may go at once, else its turn. @throws {RetryLaterError} @throws {OverloadedError} */
  take(sender: string, context: { readonly signal: AbortSignal }): Promise<void> | undefined {
    const limiter = this.#limiters.get(sender) ?? (this.#everyone && this.#join(sender, this.#everyone));
    return limiter?.take(sender, this.#clock.now(), context.signal);
  }

  close(reason: Error): void {
    for (const { turns } of this.#limiters.values()) for (const turn of turns) turn.fail(reason);
  }

  #join(sender: string, rate: SendingRate): Limiter {
    const limiter = new Limiter(rate, this.#wheel);
    this.#limiters.set(sender, limiter);
    return limiter;
  }
}
