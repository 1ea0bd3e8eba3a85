import type { Clock } from "../../clock.ts";

/** Deadlines are met so late at most. */
const tickMs = 16;
const slotCount = 512;

/** Something with a deadline; in a list of its wheel while it waits. */
export abstract class Timed {
  /** Epoch milliseconds. */
  dueAt = Infinity;
  next: Timed | undefined;
  previous: Timed | undefined;

  /** The deadline has passed. */
  abstract expire(): void;
}

class Head extends Timed {
  expire(): void {}
}

/**
 * One timer for all deadlines of a bus: setting and lifting one costs a few pointers, so every message can have its own.
 * @see G. Varghese, T. Lauck, Hashed and hierarchical timing wheels, SOSP 1987, scheme 6
 */
export class TimerWheel {
  readonly #clock: Clock;
  readonly #slots: readonly Timed[] = Array.from({ length: slotCount }, () => new Head());
  #timer: NodeJS.Timeout | undefined;
  #count = 0;
  /** The last tick that was looked at; it is looked at again, as it may not have been over. */
  #tick = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sets a deadline; none must be set. */
  add(timed: Timed, dueAt: number): void {
    timed.dueAt = dueAt;
    if (dueAt === Infinity) return;
    if (!this.#timer) {
      this.#tick = Math.floor(this.#clock.now() / tickMs);
      this.#timer = setTimeout(() => this.#advance(), tickMs);
    }
    this.#count += 1;
    const head = this.#slots[Math.max(Math.floor(dueAt / tickMs), this.#tick) % slotCount] as Timed;
    timed.previous = head.previous ?? head;
    timed.next = head;
    timed.previous.next = timed;
    head.previous = timed;
  }

  /** Lifts it; nothing happens when none is set. */
  remove(timed: Timed): void {
    const { next, previous } = timed;
    if (!next || !previous) return;
    previous.next = next;
    next.previous = previous;
    timed.next = timed.previous = undefined;
    this.#count -= 1;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #advance(): void {
    const now = this.#clock.now();
    const tick = Math.floor(now / tickMs);
    const due: Timed[] = [];
    for (let each = Math.max(this.#tick, tick - slotCount + 1); each <= tick; each += 1) {
      const head = this.#slots[each % slotCount] as Timed;
      for (let timed = head.next ?? head; timed !== head; timed = timed.next ?? head)
        if (timed.dueAt <= now) due.push(timed);
    }
    this.#tick = tick;
    // Slots are in order of time but for a clock that leapt over all of them.
    due.sort((left, right) => left.dueAt - right.dueAt);
    // What one does when it expires may lift another's deadline.
    for (const timed of due) {
      if (!timed.next) continue;
      this.remove(timed);
      timed.expire();
    }
    this.#timer = this.#count > 0 ? setTimeout(() => this.#advance(), tickMs) : undefined;
  }
}
