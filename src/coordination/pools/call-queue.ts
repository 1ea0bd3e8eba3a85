import { type Priority, priorities } from "../new-task.ts";

/** A call that waits for a member. */
export interface WaitingCall {
  readonly priority: Priority;
  /** Epoch milliseconds. */
  readonly since: number;
}

/** One in so many takings looks at the least urgent first, so that none waits for ever. */
const fairTaking = 16;

/** Calls by urgency, then in the order they came; any of them can leave at once. */
export class CallQueue<C extends WaitingCall> {
  readonly #byPriority: Readonly<Record<Priority, Set<C>>> = {
    critical: new Set(),
    high: new Set(),
    normal: new Set(),
    low: new Set(),
  };
  #size = 0;
  #takings = 0;

  get size(): number {
    return this.#size;
  }

  add(call: C): void {
    this.#byPriority[call.priority].add(call);
    this.#size += 1;
  }

  /** False when it was not waiting any more. */
  remove(call: C): boolean {
    const was = this.#byPriority[call.priority].delete(call);
    if (was) this.#size -= 1;
    return was;
  }

  /** Who is to be served next, first come first; they may be removed meanwhile. */
  *inTurn(): Generator<C> {
    this.#takings += 1;
    const order = this.#takings % fairTaking === 0 ? priorities.toReversed() : priorities;
    for (const priority of order) yield* this.#byPriority[priority];
  }

  /** When the one that has waited longest came. */
  oldest(): number | undefined {
    let oldest: number | undefined;
    for (const waiting of Object.values(this.#byPriority)) {
      const [first] = waiting;
      if (first) oldest = Math.min(oldest ?? first.since, first.since);
    }
    return oldest;
  }
}
