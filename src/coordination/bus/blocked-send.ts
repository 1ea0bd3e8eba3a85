import { listen, unlisten } from "../../abort-listeners.ts";
import type { Delivery } from "./delivery.ts";

/** A sender that waits for room. */
export class BlockedSend {
  readonly delivery: Delivery;
  readonly rank: number;
  readonly sequence: number;
  readonly promise: Promise<void>;
  readonly #signal: AbortSignal;
  readonly #resolvers = Promise.withResolvers<void>();
  isOver = false;

  constructor(delivery: Delivery, signal: AbortSignal) {
    this.delivery = delivery;
    this.rank = delivery.rank;
    this.sequence = delivery.sequence;
    this.promise = this.#resolvers.promise;
    this.#signal = signal;
    listen(signal, this);
  }

  admit(): void {
    this.#leave();
    this.#resolvers.resolve();
  }

  fail(reason: unknown): void {
    this.#leave();
    this.#resolvers.reject(reason);
  }

  handleEvent(): void {
    this.fail(this.#signal.reason);
  }

  #leave(): void {
    this.isOver = true;
    unlisten(this.#signal, this);
  }
}
