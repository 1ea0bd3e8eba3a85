import type { Budget } from "../../budget.ts";
import { TimeoutError } from "../../errors.ts";
import { priorities } from "../new-task.ts";
import type { TaskContext } from "../tasks.ts";
import type { DeliveryContext, Message } from "./bus.ts";
import { Timed } from "./timer-wheel.ts";

/** Who wants to know how a delivery ends: a request, or the queue of durable mail. */
export interface Outcome {
  /** Whether the mailbox tries again what failed. */
  readonly isRetried: boolean;
  /** The latest try. */
  delivery: Delivery | undefined;
  handled(answer: unknown): void;
  failed(error: unknown): void;
}

/** Whoever lets one handle it. */
export interface DeliveryOwner {
  readonly timeoutMs: number;
  readonly name: string;
  /** The handler's time is up; with an error if anybody still wanted it. */
  expired(delivery: Delivery, error: TimeoutError | undefined): void;
}

/** One try at handing one message to one receiver: what the handler sees of it, and its place in the mailbox. */
export class Delivery extends Timed implements DeliveryContext {
  readonly message: Message;
  readonly budget: Budget;
  /** Order of arrival at the mailbox. */
  readonly sequence: number;
  readonly rank: number;
  readonly attempt: number;
  readonly outcome: Outcome | undefined;
  readonly task: TaskContext | undefined;
  /** Nobody wants it any more: it is passed over, or its handler's failure makes no difference. */
  isGivenUp = false;
  /** Its time was up: another worker took the place of the one that waits for the handler. */
  isReplaced = false;
  #owner: DeliveryOwner | undefined;
  #stop: AbortController | undefined;
  #reason: unknown;

  constructor(
    message: Message,
    budget: Budget,
    sequence: number,
    parts: { readonly outcome?: Outcome; readonly task?: TaskContext; readonly attempt?: number },
  ) {
    super();
    this.message = message;
    this.budget = budget;
    this.sequence = sequence;
    this.rank = ranks[message.priority];
    this.outcome = parts.outcome;
    this.task = parts.task;
    this.attempt = parts.attempt ?? parts.task?.task.attempt ?? 1;
    if (this.outcome) this.outcome.delivery = this;
  }

  /** Made when it is asked for: most handlers do not. */
  get signal(): AbortSignal {
    if (!this.#stop) {
      this.#stop = new AbortController();
      if (this.isGivenUp) this.#stop.abort(this.#reason);
    }
    return this.#stop.signal;
  }

  get deadlineAt(): number {
    return this.dueAt;
  }

  get trace(): string {
    return this.message.trace;
  }

  get hops(): number {
    return this.message.hops;
  }

  get fence(): number {
    return this.task?.fence ?? 0;
  }

  /** The same once more; never durable mail, which its queue tries again. */
  again(): Delivery {
    const { outcome, attempt } = this;
    const parts = { attempt: attempt + 1, ...(outcome ? { outcome } : {}) };
    return new Delivery(this.message, this.budget, this.sequence, parts);
  }

  /** It is being handled, on behalf of `owner`. */
  begin(owner: DeliveryOwner): void {
    this.#owner = owner;
  }

  giveUp(reason: unknown): void {
    if (this.isGivenUp) return;
    this.isGivenUp = true;
    this.#reason = reason;
    this.#stop?.abort(reason);
  }

  expire(): void {
    if (!this.#owner) return;
    const error = new TimeoutError(`A ${this.message.type} for ${this.#owner.name}`, this.#owner.timeoutMs);
    const isWanted = !this.isGivenUp;
    this.isReplaced = true;
    this.giveUp(error);
    this.#owner.expired(this, isWanted ? error : undefined);
  }
}

/** How urgent each priority is; 0 the most. */
export const ranks = Object.fromEntries(priorities.map((name, rank) => [name, rank])) as Readonly<
  Record<(typeof priorities)[number], number>
>;
