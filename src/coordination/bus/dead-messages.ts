import type { DeadMessage } from "./bus.ts";
import type { Delivery } from "./delivery.ts";
import type { Mailbox } from "./mailbox.ts";

/** Messages that were given up and are still kept; the oldest go. */
const mostKept = 1_000;

/** One that was given up, and where. */
export interface Buried {
  readonly shown: DeadMessage;
  readonly mailbox: Mailbox;
  readonly delivery: Delivery;
}

/** Volatile messages that were given up. One that several could not handle is here for each of them. */
export class DeadMessages {
  #buried: Buried[] = [];

  add(buried: Buried): void {
    // Cut in blocks, since cutting one off the front moves all others.
    if (this.#buried.length >= mostKept * 2) this.#buried = this.#buried.slice(-mostKept);
    this.#buried.push(buried);
  }

  list(): readonly DeadMessage[] {
    return this.#buried.slice(-mostKept).map(({ shown }) => shown);
  }

  /** Takes them out. */
  take(ids: readonly string[]): readonly Buried[] {
    const wanted = new Set(ids);
    const { taken = [], kept = [] } = Object.groupBy(this.#buried.slice(-mostKept), ({ shown }) =>
      wanted.has(shown.message.id) ? "taken" : "kept",
    );
    this.#buried = kept;
    return taken;
  }
}
