import { z } from "zod";
import type { Clock } from "../../clock.ts";
import type { RunContext } from "../../context.ts";
import { ForagerError, type TimeoutError } from "../../errors.ts";
import { unlessAborted } from "../../deadline.ts";
import { OverloadedError, type TaskContext } from "../tasks.ts";
import {
  BusClosedError,
  type Handler,
  type MailboxStatus,
  type Message,
  MessageError,
  NoReceiverError,
  type ReceiveOptions,
} from "./bus.ts";
import { BlockedSend } from "./blocked-send.ts";
import { Delivery, type DeliveryOwner, type Outcome } from "./delivery.ts";
import { PriorityRings } from "./priority-rings.ts";
import type { TimerWheel } from "./timer-wheel.ts";
import type { Turn } from "./turn.ts";

/** What mailboxes of one bus share. */
export interface MailboxDeps {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly turn: Turn;
  /** The bus's own counts, which outlive its mailboxes. */
  readonly counts: { delivered: number; redelivered: number; dropped: number };
  /** A message was given up. */
  readonly onDead: (mailbox: Mailbox, delivery: Delivery, error: unknown) => void;
}

/** Senders that may wait for room; more are refused, so that one that does not wait fills no heap. */
const mostBlocked = 1_000;

/** What waits for one receiver, and those who hand it over: so many at once, each try with a deadline. */
export class Mailbox implements DeliveryOwner {
  readonly name: string;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly #deps: MailboxDeps;
  readonly #handler: Handler;
  readonly #payload: ReceiveOptions["payload"];
  readonly #capacity: number;
  readonly #overflow: NonNullable<ReceiveOptions["overflow"]>;
  readonly #attempts: number;
  readonly #waiting = new PriorityRings<Delivery>();
  readonly #blocked = new PriorityRings<BlockedSend>();
  /** Failed tries that come again, before all others: so order is kept. */
  readonly #again: Delivery[] = [];
  readonly #running = new Set<Delivery>();
  #workers = 0;
  #isStarting = false;
  #isClosed = false;
  #maxDepth = 0;
  #sequence = 0;
  #whenIdle: PromiseWithResolvers<void> | undefined;

  constructor(name: string, handler: Handler, deps: MailboxDeps, options: ReceiveOptions) {
    this.name = name;
    this.#payload = options.payload;
    this.timeoutMs = options.timeoutMs ?? 30_000;
    this.#deps = deps;
    this.#handler = handler;
    this.#capacity = options.capacity ?? 1_000;
    this.#overflow = options.overflow ?? "wait";
    this.concurrency = options.concurrency ?? 1;
    this.#attempts = options.attempts ?? 3;
  }

  /**
   * Takes a message in, at once or when there is room.
   * @param parts.outcome Is told how it ends; what nobody is told of and fails in the end is given to `onDead`.
   * @returns Undefined when it is in.
   * @throws {MessageError} @throws {OverloadedError} @throws {NoReceiverError}
   */
  deliver(
    message: Message,
    context: Pick<RunContext, "budget" | "signal">,
    parts: { readonly outcome?: Outcome; readonly task?: TaskContext } = none,
  ): Promise<void> | undefined {
    if (this.#isClosed) throw new NoReceiverError(this.name);
    const delivery = new Delivery(this.#checked(message), context.budget, (this.#sequence += 1), parts);
    if (this.#waiting.size < this.#capacity) {
      this.#admit(delivery);
      return undefined;
    }
    switch (this.#overflow) {
      case "reject":
        throw new OverloadedError(`The mailbox of ${this.name}`, this.#capacity);
      case "drop-oldest": {
        const oldest = this.#waiting.shiftLeastUrgent(delivery.rank);
        if (oldest) this.#admit(delivery);
        this.#drop(oldest ?? delivery, new OverloadedError(`The mailbox of ${this.name}`, this.#capacity));
        return undefined;
      }
      case "wait": {
        if (this.#blocked.size >= mostBlocked)
          throw new OverloadedError(`The mailbox of ${this.name}`, this.#capacity + mostBlocked);
        context.signal.throwIfAborted();
        const blocked = new BlockedSend(delivery, context.signal);
        this.#blocked.push(blocked);
        return blocked.promise;
      }
    }
  }

  /** Resolves when nothing waits and nothing is being handled; also when it is closed. */
  async idle(signal?: AbortSignal): Promise<void> {
    if (this.#isIdle()) return;
    this.#whenIdle ??= Promise.withResolvers();
    await unlessAborted(this.#whenIdle.promise, signal);
  }

  /** Hands over no more: what waits is dropped, and the signals of what is being handled abort. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const reason = new BusClosedError();
    for (let each = this.#blocked.shift(); each; each = this.#blocked.shift())
      if (!each.isOver) each.fail(new NoReceiverError(this.name));
    for (const delivery of this.#again.splice(0)) this.#drop(delivery, reason);
    for (let each = this.#waiting.shift(); each; each = this.#waiting.shift()) this.#drop(each, reason);
    for (const delivery of this.#running) {
      this.#deps.wheel.remove(delivery);
      delivery.giveUp(reason);
      delivery.outcome?.failed(reason);
    }
    this.#running.clear();
    this.#tellIdle();
  }

  status(): MailboxStatus {
    return {
      name: this.name,
      waiting: this.#waiting.size,
      running: this.#running.size,
      blockedSenders: this.#blocked.size,
      maxDepth: this.#maxDepth,
      capacity: this.#capacity,
    };
  }

  expired(delivery: Delivery, error: TimeoutError | undefined): void {
    // The worker that waits for this handler will find it given up, and leave; another takes its place now.
    this.#running.delete(delivery);
    if (error) this.#failed(delivery, error);
    void this.#work();
  }

  #admit(delivery: Delivery): void {
    this.#waiting.push(delivery);
    if (this.#waiting.size > this.#maxDepth) this.#maxDepth = this.#waiting.size;
    if (this.#workers >= this.concurrency || this.#isStarting) return;
    this.#isStarting = true;
    queueMicrotask(this.#start);
  }

  readonly #start = (): void => {
    this.#isStarting = false;
    const free = Math.min(this.concurrency - this.#workers, this.#waiting.size);
    for (let each = 0; each < free; each += 1) {
      this.#workers += 1;
      void this.#work();
    }
  };

  /** Handles one message after another until none waits. */
  async #work(): Promise<void> {
    const { clock, counts, turn, wheel } = this.#deps;
    for (;;) {
      const wait = turn.take();
      if (wait) await wait;
      const delivery = this.#next();
      if (!delivery) break;
      delivery.begin(this);
      this.#running.add(delivery);
      wheel.add(delivery, clock.now() + this.timeoutMs);
      try {
        const answer = await this.#handler(delivery.message, delivery);
        if (delivery.isReplaced) return;
        this.#ended(delivery);
        counts.delivered += 1;
        delivery.outcome?.handled(answer);
      } catch (error) {
        if (delivery.isReplaced) return;
        this.#ended(delivery);
        if (!delivery.isGivenUp) this.#failed(delivery, error);
      }
    }
    this.#workers -= 1;
    this.#tellIdle();
  }

  #next(): Delivery | undefined {
    const again = this.#again.shift();
    if (again) return again;
    for (;;) {
      const delivery = this.#waiting.shift();
      if (!delivery) return undefined;
      if (this.#blocked.size > 0) this.#admitBlocked();
      if (!delivery.isGivenUp) return delivery;
    }
  }

  /** One has gone in, so one who waits may come in. */
  #admitBlocked(): void {
    for (let each = this.#blocked.shift(); each; each = this.#blocked.shift()) {
      if (each.isOver) continue;
      this.#admit(each.delivery);
      each.admit();
      return;
    }
  }

  #ended(delivery: Delivery): void {
    this.#deps.wheel.remove(delivery);
    this.#running.delete(delivery);
  }

  #failed(delivery: Delivery, error: unknown): void {
    const { outcome } = delivery;
    const canHelp = !(error instanceof ForagerError) || error.retryable;
    if (canHelp && delivery.attempt < this.#attempts && outcome?.isRetried !== false && !this.#isClosed) {
      this.#deps.counts.redelivered += 1;
      this.#again.push(delivery.again());
    } else if (outcome) outcome.failed(error);
    else this.#deps.onDead(this, delivery, error);
  }

  #drop(delivery: Delivery, reason: Error): void {
    this.#deps.counts.dropped += 1;
    delivery.outcome?.failed(reason);
  }

  #isIdle(): boolean {
    return (
      this.#isClosed ||
      (this.#workers === 0 && !this.#isStarting && this.#waiting.size === 0 && this.#again.length === 0)
    );
  }

  #tellIdle(): void {
    if (this.#whenIdle && this.#isIdle()) this.#whenIdle.resolve();
  }

  /** The message as the receiver's schema gives it. */
  #checked(message: Message): Message {
    if (!this.#payload) return message;
    const parsed = this.#payload.safeParse(message.payload);
    if (parsed.success) return Object.freeze({ ...message, payload: parsed.data });
    throw new MessageError(
      `${message.from}'s ${message.type} is not what ${this.name} takes: ${z.prettifyError(parsed.error)}`,
      parsed.error,
    );
  }
}

const none = {};
