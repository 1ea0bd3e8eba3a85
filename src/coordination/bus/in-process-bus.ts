import type { ZodType } from "zod";
import type { Clock } from "../../clock.ts";
import { messageOf } from "../../errors.ts";
import type { Memory } from "../memory.ts";
import type { Tasks } from "../tasks.ts";
import {
  type Bus,
  BusClosedError,
  type BusStatus,
  type DeadMessage,
  type Handler,
  type Message,
  MessageError,
  NoReceiverError,
  type Outgoing,
  type ReceiveOptions,
  type SendingContext,
  type SendingRate,
  type Subscription,
} from "./bus.ts";
import { DeadMessages } from "./dead-messages.ts";
import type { Delivery } from "./delivery.ts";
import { DurableMail, checkName } from "./durable-mail.ts";
import { fanOut } from "./fan-out.ts";
import { Mailbox, type MailboxDeps } from "./mailbox.ts";
import { RateLimits } from "./rate-limits.ts";
import { type PendingRequest, Requests } from "./requests.ts";
import { Stamp, type Target } from "./stamp.ts";
import { MailboxSubscription } from "./subscription.ts";
import { TimerWheel } from "./timer-wheel.ts";
import { TopicTrie } from "./topics.ts";
import { Turn } from "./turn.ts";

/** Messages between agents of one process: references are handed on, nothing is copied. Durable ones go through the task queue. */
export class InProcessBus implements Bus {
  readonly #clock: Clock;
  readonly #locate: (capability: string) => string | undefined;
  readonly #durable: DurableMail | undefined;
  readonly #stamp: Stamp;
  readonly #wheel: TimerWheel;
  readonly #rates: RateLimits;
  readonly #requests: Requests;
  readonly #addresses = new Map<string, Mailbox>();
  readonly #topics = new TopicTrie<Mailbox>();
  /** Mailboxes that get durable messages by mail. */
  readonly #durablyServed = new WeakSet<Mailbox>();
  readonly #subscriptions = new Map<Mailbox, Subscription>();
  readonly #deadMessages = new DeadMessages();
  readonly #counts = { sent: 0, delivered: 0, redelivered: 0, dead: 0, dropped: 0, refused: 0 };
  readonly #mailboxDeps: MailboxDeps;
  readonly #closing = new AbortController();

  /**
   * @param deps.durable Where durable messages are kept; without it they are refused.
   * @param deps.locate The address of somebody who has a capability.
   * @param options.rate How fast each agent may send; as fast as it can unless told.
   */
  constructor(
    deps: {
      readonly clock: Clock;
      readonly durable?: { readonly tasks: Tasks; readonly memory: Memory };
      readonly locate?: (capability: string) => string | undefined;
    },
    options: { readonly rate?: SendingRate } = {},
  ) {
    const { clock, durable } = deps;
    this.#clock = clock;
    this.#locate = deps.locate ?? (() => undefined);
    this.#durable = durable && new DurableMail({ ...durable, clock });
    this.#stamp = new Stamp(clock);
    this.#wheel = new TimerWheel(clock);
    this.#rates = new RateLimits({ clock, wheel: this.#wheel }, options.rate);
    this.#requests = new Requests(this.#wheel);
    this.#mailboxDeps = {
      clock,
      wheel: this.#wheel,
      turn: new Turn(),
      counts: this.#counts,
      onDead: (mailbox, delivery, error) => this.#bury(mailbox, delivery, error),
    };
  }

  async send(
    to: string,
    outgoing: Outgoing,
    context: SendingContext,
    options?: { readonly durable?: boolean },
  ): Promise<void> {
    await this.#sending(outgoing, context, { to }, (message) =>
      options?.durable
        ? this.#mail().send(checkName(to), message, context.signal)
        : this.#mailboxAt(to).deliver(message, context),
    );
  }

  async broadcast(outgoing: Outgoing, context: SendingContext): Promise<number> {
    return await this.#sending(outgoing, context, {}, (message) => {
      const own = this.#addresses.get(outgoing.from);
      const others = [...this.#addresses.values()].filter((mailbox) => mailbox !== own);
      return fanOut(others, message, context);
    });
  }

  async publish(
    topic: string,
    outgoing: Outgoing,
    context: SendingContext,
    options?: { readonly durable?: boolean },
  ): Promise<number> {
    return await this.#sending(outgoing, context, { topic }, async (message) => {
      if (!options?.durable) return await fanOut(this.#topics.match(topic), message, context);
      const kept = await this.#mail().publish(topic, message, context.signal);
      const others = this.#topics.match(topic).filter((mailbox) => !this.#durablyServed.has(mailbox));
      return kept + (await fanOut(others, message, context));
    });
  }

  async request<R = unknown>(
    to: string | { readonly capability: string },
    outgoing: Outgoing,
    context: SendingContext,
    options: { readonly timeoutMs: number; readonly answer?: ZodType<R> },
  ): Promise<R> {
    const request = this.#requests.open({
      what: `The answer to ${outgoing.from}'s ${outgoing.type}`,
      timeoutMs: options.timeoutMs,
      now: this.#clock.now(),
      signal: context.signal,
      answer: options.answer,
    });
    // Watched from beside: the wait for a turn or for room ends with the request.
    this.#ask(request, to, outgoing, context).catch((error: unknown) => request.failed(error));
    return await request.promise;
  }

  attach<P = unknown>(
    address: string,
    handler: Handler<P>,
    options: ReceiveOptions<P> & { readonly durable?: boolean } = {},
  ): Subscription {
    if (this.#addresses.has(checkName(address)))
      throw new MessageError(`${address} receives already; an address has one receiver.`);
    const mailbox = this.#openMailbox(address, handler, options);
    const mail = options.durable ? this.#mail().receiveAt(address, mailbox) : undefined;
    this.#addresses.set(address, mailbox);
    return this.#subscription(mailbox, () => this.#addresses.delete(address), mail);
  }

  subscribe<P = unknown>(
    pattern: string,
    handler: Handler<P>,
    options: ReceiveOptions<P> & { readonly durable?: string } = {},
  ): Subscription {
    const { durable } = options;
    const mailbox = this.#openMailbox(pattern, handler, options);
    const leave = () => this.#topics.remove(pattern, mailbox);
    if (durable === undefined) {
      this.#topics.add(pattern, mailbox);
      return this.#subscription(mailbox, leave);
    }
    const mail = this.#mail();
    this.#topics.add(pattern, mailbox);
    this.#durablyServed.add(mailbox);
    const ready = mail.register(checkName(durable), pattern);
    return this.#subscription(mailbox, leave, mail.receiveAs(durable, mailbox), ready);
  }

  async forget(durable: string): Promise<void> {
    await this.#mail().forget(checkName(durable));
  }

  hasSubscribers(topic: string): boolean {
    return this.#topics.match(topic).length > 0;
  }

  limit(sender: string, rate: SendingRate): void {
    this.#rates.set(sender, rate);
  }

  dead(): readonly DeadMessage[] {
    return this.#deadMessages.list();
  }

  async replay(ids: readonly string[], signal?: AbortSignal): Promise<number> {
    let replayed = 0;
    for (const buried of this.#deadMessages.take(ids)) {
      const mailbox = this.#heirOf(buried.mailbox);
      if (mailbox) {
        replayed += 1;
        const { message, budget } = buried.delivery;
        await mailbox.deliver(message, { budget, signal: signal ?? this.#closing.signal });
      } else this.#deadMessages.add(buried);
    }
    return replayed;
  }

  purge(ids: readonly string[]): number {
    return this.#deadMessages.take(ids).length;
  }

  status(): BusStatus {
    const mailboxes = [...this.#subscriptions.keys()].map((mailbox) => mailbox.status());
    return { ...this.#counts, requestsWaiting: this.#requests.size, mailboxes };
  }

  async drain(signal?: AbortSignal): Promise<void> {
    await Promise.all([...this.#subscriptions.values()].map((subscription) => subscription.drain(signal)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const reason = new BusClosedError();
    this.#closing.abort(reason);
    this.#rates.close(reason);
    this.#requests.close(reason);
    for (const subscription of this.#subscriptions.values()) subscription[Symbol.dispose]();
    await this.#durable?.close(reason);
    this.#wheel.close();
  }

  /** What every way of sending has in common: the sender's turn, the message, the counts. */
  async #sending<T>(
    outgoing: Outgoing,
    context: SendingContext,
    target: Target,
    go: (message: Message) => T | Promise<T>,
  ): Promise<T> {
    try {
      const turn = this.#rates.take(outgoing.from, context);
      if (turn) await turn;
      this.#closing.signal.throwIfAborted();
      const sent = await go(this.#stamp.put(outgoing, context, target));
      this.#counts.sent += 1;
      return sent;
    } catch (error) {
      this.#counts.refused += 1;
      throw error;
    }
  }

  async #ask<R>(
    request: PendingRequest<R>,
    to: string | { readonly capability: string },
    outgoing: Outgoing,
    context: SendingContext,
  ): Promise<void> {
    const address = typeof to === "string" ? to : this.#locate(to.capability);
    if (address === undefined) throw new NoReceiverError(`any agent that can ${JSON.stringify(to)}`);
    const target = { to: address, wantsAnswer: true };
    await this.#sending(outgoing, context, target, (message) =>
      this.#mailboxAt(address).deliver(message, context, { outcome: request }),
    );
  }

  #mailboxAt(address: string): Mailbox {
    const mailbox = this.#addresses.get(address);
    if (!mailbox) throw new NoReceiverError(address);
    return mailbox;
  }

  #openMailbox<P>(name: string, handler: Handler<P>, options: ReceiveOptions<P>): Mailbox {
    this.#closing.signal.throwIfAborted();
    // The payload's type is what its schema says; without a schema it is the caller's word.
    return new Mailbox(name, handler as Handler, this.#mailboxDeps, options);
  }

  #subscription(
    mailbox: Mailbox,
    leave: () => void,
    mail?: AsyncDisposable,
    ready?: Promise<void>,
  ): Subscription {
    const end = () => {
      leave();
      this.#subscriptions.delete(mailbox);
    };
    const subscription = new MailboxSubscription({ mailbox, leave: end, mail, ready });
    this.#subscriptions.set(mailbox, subscription);
    return subscription;
  }

  #mail(): DurableMail {
    if (!this.#durable) throw new MessageError("This bus has nowhere to keep durable messages.");
    return this.#durable;
  }

  #bury(mailbox: Mailbox, delivery: Delivery, error: unknown): void {
    this.#counts.dead += 1;
    const { message, attempt } = delivery;
    const shown = {
      message,
      receiver: mailbox.name,
      attempts: attempt,
      error: messageOf(error),
      at: this.#clock.now(),
    };
    this.#deadMessages.add({ shown, mailbox, delivery });
  }

  /** The mailbox itself, or one that has its name by now. */
  #heirOf(mailbox: Mailbox): Mailbox | undefined {
    if (this.#subscriptions.has(mailbox)) return mailbox;
    return [...this.#subscriptions.keys()].find(({ name }) => name === mailbox.name);
  }
}
