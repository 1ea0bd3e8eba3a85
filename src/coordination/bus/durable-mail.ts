import { z } from "zod";
import { rootContext } from "../../context.ts";
import type { Clock } from "../../clock.ts";
import { ForagerError, messageOf } from "../../errors.ts";
import type { Memory } from "../memory.ts";
import type { NewTask } from "../new-task.ts";
import { type Consumer, OverloadedError, RetryLaterError, type TaskContext, type Tasks } from "../tasks.ts";
import { BusClosedError, type Message, MessageError, NoReceiverError } from "./bus.ts";
import type { Delivery, Outcome } from "./delivery.ts";
import { fromEnvelope, toEnvelope } from "./envelope.ts";
import type { Mailbox } from "./mailbox.ts";
import { matches } from "./topics.ts";

/** Messages that are kept for one receiver; more are refused until half have been handled. */
const mostKept = 10_000;
/** Tries in all. */
const attempts = 3;
/** A mailbox hands over at last; its own limit for one try is much shorter. */
const handOverMs = 3_600_000;
/** Until mail for a mailbox that is full or has just closed is tried again. */
const putOffMs = 250;
/** Who keeps durable messages of which topics: one key of the shared memory each, so that it outlives the process. */
const registered = "bus/durable/";
const Registration = z.object({ pattern: z.string() });

const mailKind = (address: string) => `mail/${address}`;
const topicKind = (name: string) => `mail-topic/${name}`;

/** Durable messages: each is a task, its acknowledgement the task's end, its redelivery and dead letters the queue's. */
export class DurableMail {
  readonly #tasks: Tasks;
  readonly #memory: Memory;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  readonly #limited = new Set<string>();
  readonly #consumers = new Set<Consumer>();
  readonly #registering = new Set<Promise<unknown>>();

  constructor(deps: { readonly tasks: Tasks; readonly memory: Memory; readonly clock: Clock }) {
    this.#tasks = deps.tasks;
    this.#memory = deps.memory;
    this.#clock = deps.clock;
  }

  async send(address: string, message: Message, signal: AbortSignal): Promise<void> {
    await this.#add([mailKind(address)], message, signal);
  }

  /** @returns For how many it is kept. */
  async publish(topic: string, message: Message, signal: AbortSignal): Promise<number> {
    await Promise.all(this.#registering);
    const { entries } = await this.#memory.list(registered);
    const kinds = entries
      .filter(({ value }) => matches(Registration.parse(value).pattern, topic))
      .map(({ key }) => topicKind(key.slice(registered.length)));
    if (kinds.length > 0) await this.#add(kinds, message, signal);
    return kinds.length;
  }

  /** From now on durable messages under a pattern are kept for `name`. */
  async register(name: string, pattern: string): Promise<void> {
    const registering = this.#memory.put(registered + name, { pattern });
    this.#registering.add(registering);
    try {
      await registering;
    } finally {
      this.#registering.delete(registering);
    }
  }

  async forget(name: string): Promise<void> {
    await this.#memory.delete(registered + name);
    await this.#tasks.cancel({ kind: topicKind(name) }, `nobody is called ${name} any more`);
  }

  receiveAt(address: string, mailbox: Mailbox): AsyncDisposable {
    return this.#receive(mailKind(address), mailbox);
  }

  receiveAs(name: string, mailbox: Mailbox): AsyncDisposable {
    return this.#receive(topicKind(name), mailbox);
  }

  async close(reason: Error): Promise<void> {
    this.#closing.abort(reason);
    await Promise.all([...this.#consumers].map((consumer) => consumer[Symbol.asyncDispose]()));
  }

  async #add(kinds: readonly string[], message: Message, signal: AbortSignal): Promise<void> {
    const input = toEnvelope(message);
    const { priority, trace } = message;
    for (const kind of kinds) {
      if (this.#limited.has(kind)) continue;
      this.#limited.add(kind);
      this.#tasks.limit(kind, { waiting: { high: mostKept, low: mostKept / 2 } });
    }
    const tasks: NewTask[] = kinds.map((kind) => ({ kind, input, priority, trace, maxAttempts: attempts }));
    await this.#tasks.add(tasks, { whenFull: "reject", signal });
  }

  #receive(kind: string, mailbox: Mailbox): AsyncDisposable {
    const consumer = this.#tasks.consume(
      kind,
      async (input, context) => {
        await this.#handOver(fromEnvelope(input), mailbox, context);
      },
      {
        concurrency: mailbox.concurrency,
        timeoutMs: handOverMs,
        context: rootContext("bus", this.#closing.signal),
      },
    );
    this.#consumers.add(consumer);
    return {
      [Symbol.asyncDispose]: async () => {
        await consumer[Symbol.asyncDispose]();
        this.#consumers.delete(consumer);
      },
    };
  }

  async #handOver(message: Message, mailbox: Mailbox, context: TaskContext): Promise<void> {
    const receipt = new Receipt(context.signal);
    try {
      await mailbox.deliver(message, context, { outcome: receipt, task: context });
      await receipt.promise;
    } catch (error) {
      throw this.#asTaskError(error);
    }
  }

  #asTaskError(error: unknown): unknown {
    // Not the handler's failure, so no try.
    if (
      error instanceof OverloadedError ||
      error instanceof NoReceiverError ||
      error instanceof BusClosedError
    )
      return new RetryLaterError(error.message, this.#clock.now() + putOffMs, error);
    if (error instanceof ForagerError) return error;
    return new ForagerError("handler-failed", messageOf(error), { cause: error, retryable: true });
  }
}

/** Tells the task's handler how the message's ended. */
class Receipt implements Outcome {
  readonly isRetried = false;
  readonly promise: Promise<void>;
  delivery: Delivery | undefined;
  readonly #resolvers = Promise.withResolvers<void>();

  constructor(signal: AbortSignal) {
    this.promise = this.#resolvers.promise;
    signal.addEventListener("abort", () => this.delivery?.giveUp(signal.reason), { once: true });
  }

  handled(): void {
    this.#resolvers.resolve();
  }

  failed(error: unknown): void {
    this.#resolvers.reject(error);
  }
}

/** An address or a name for durable topics, as it may be part of a task's kind. */
export function checkName(name: string): string {
  if (!/^[\w@:/-]{1,128}$/.test(name))
    throw new MessageError(
      `"${name.slice(0, 128)}" is no address: it takes up to 128 letters, digits and _ @ : / -.`,
    );
  return name;
}
