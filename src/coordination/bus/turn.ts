import { setImmediate as nextTurn } from "node:timers/promises";

/** Messages handled before timers and sockets get a turn: two agents that keep each other busy never block them. Yielding so often costs 1 %. */
const messagesPerTurn = 256;

/** A bus's share of the event loop. */
export class Turn {
  #handled = 0;
  #next: Promise<void> | undefined;

  /** Counts a message. Undefined when it may be handled now, else when it may. */
  take(): Promise<void> | undefined {
    this.#handled += 1;
    if (this.#handled < messagesPerTurn) return undefined;
    return (this.#next ??= this.#yield());
  }

  async #yield(): Promise<void> {
    await nextTurn();
    this.#handled = 0;
    this.#next = undefined;
  }
}
