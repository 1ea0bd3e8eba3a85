import type { ZodType } from "zod";
import type { RunContext } from "../../context.ts";
import { ForagerError } from "../../errors.ts";
import type { Priority } from "../new-task.ts";
import type { TaskContext } from "../tasks.ts";

/** What a message is for. */
export const messageTypes = ["task", "result", "event", "heartbeat", "error", "control"] as const;
export type MessageType = (typeof messageTypes)[number];

/** What a sender gives; the bus adds the rest. */
export interface Outgoing {
  /** The sender's address, as in `validator/1`. */
  readonly from: string;
  readonly type: MessageType;
  /** References to pages, never pages. Handed on as it is within a process: not to be changed once it is sent. */
  readonly payload: unknown;
  readonly priority?: Priority;
}

/** One message, shared by all who get it. */
export interface Message<P = unknown> {
  readonly id: string;
  readonly type: MessageType;
  readonly from: string;
  /** The address it was sent to; neither this nor `topic` for a broadcast. */
  readonly to: string | undefined;
  readonly topic: string | undefined;
  readonly priority: Priority;
  readonly trace: string;
  /** Messages that led to this one, each sent while the one before was being handled. */
  readonly hops: number;
  /** When it was sent, in epoch milliseconds. */
  readonly at: number;
  /** The sender waits for what the handler gives. */
  readonly wantsAnswer: boolean;
  readonly payload: P;
}

/**
 * On whose behalf something is sent: its trace and budget go with the message, its signal ends the sender's wait. A
 * handler passes on the context it was given, and so its answers are counted as such: see {@link PingPongError}.
 */
export type SendingContext = RunContext & { readonly hops?: number };

/** What a handler works under. The budget is the sender's; the signal aborts when the time is up or nobody waits any more. */
export interface DeliveryContext extends RunContext {
  /** From 1. What was tried may have had its effect: handlers are idempotent. */
  readonly attempt: number;
  readonly hops: number;
  /** The task that a durable message is, for its fenced `commit`. */
  readonly task: TaskContext | undefined;
}

/**
 * What resolves has handled the message, and its value answers a request. What throws, or takes too long, gets it again,
 * unless the error is a `ForagerError` that says that trying again cannot help.
 */
export type Handler<P = unknown> = (message: Message<P>, context: DeliveryContext) => unknown;

export interface ReceiveOptions<P = unknown> {
  /** Checks, and may complete, the payload; the sender of one that does not fit is told. */
  readonly payload?: ZodType<P>;
  /** Messages that wait here, at most; 1,000 unless told. */
  readonly capacity?: number;
  /** What a sender meets when so many wait: it waits too, or gets an {@link OverloadedError}, or the oldest of the least urgent goes. */
  readonly overflow?: "wait" | "reject" | "drop-oldest";
  /** Messages handled at once; 1 unless told, which alone keeps the order in which they are handled. */
  readonly concurrency?: number;
  /** For one try; 30 s unless told. */
  readonly timeoutMs?: number;
  /** Tries in all; 3 unless told. */
  readonly attempts?: number;
}

/** Receives until it is disposed of: then what waits here is dropped, but durable mail, which stays. */
export interface Subscription extends Disposable {
  /** Resolves when durable messages are kept for it; at once where it has none. */
  readonly ready: Promise<void>;
  /** Receives no more, handles what waits, and ends. */
  drain(signal?: AbortSignal): Promise<void>;
}

/** A message that was given up. */
export interface DeadMessage {
  readonly message: Message;
  /** Address or pattern of who could not handle it. */
  readonly receiver: string;
  readonly attempts: number;
  readonly error: string;
  readonly at: number;
}

export interface MailboxStatus {
  /** Address or pattern. */
  readonly name: string;
  readonly waiting: number;
  readonly running: number;
  readonly blockedSenders: number;
  readonly maxDepth: number;
  readonly capacity: number;
}

export interface BusCounts {
  /** Calls of send, broadcast, publish and request that were taken on. */
  readonly sent: number;
  /** Handled well; once for each receiver. */
  readonly delivered: number;
  readonly redelivered: number;
  readonly dead: number;
  /** Went because a mailbox overflowed or its owner left. */
  readonly dropped: number;
  /** Not taken on: nobody there, too many waiting, over the rate, round in circles, or not as the receiver wants it. */
  readonly refused: number;
}

export interface BusStatus extends BusCounts {
  readonly requestsWaiting: number;
  readonly mailboxes: readonly MailboxStatus[];
}

/** How fast one agent may send, as an average with bursts. */
export interface SendingRate {
  readonly perSecond: number;
  /** Messages at once after a pause. */
  readonly burst: number;
  /** Whether who sends more waits, or gets a `RetryLaterError`. */
  readonly whenOver: "wait" | "reject";
}

/**
 * Messages between agents: to one, to all, to whoever follows a topic, or as a question. At least once to whoever is there;
 * in the order of sending for each sender, receiver and priority. Durable ones are tasks, and outlive the process.
 */
export interface Bus extends AsyncDisposable {
  /**
   * Resolves when the message waits at its receiver's; a durable one, when it is on disk.
   * @throws {NoReceiverError} @throws {MessageError} @throws {OverloadedError} @throws {RetryLaterError} @throws {PingPongError}
   */
  send(
    to: string,
    message: Outgoing,
    context: SendingContext,
    options?: { readonly durable?: boolean },
  ): Promise<void>;
  /** To every address but the sender's. @returns How many took it. */
  broadcast(message: Outgoing, context: SendingContext): Promise<number>;
  /**
   * To whoever subscribed to a pattern that the topic matches. A durable one is kept for durable subscribers, there or not.
   * @returns How many took it.
   * @throws {MessageError} When it does not fit one of them; the others have it.
   */
  publish(
    topic: string,
    message: Outgoing,
    context: SendingContext,
    options?: { readonly durable?: boolean },
  ): Promise<number>;
  /**
   * What the receiver's handler gives.
   * @param options.answer Checks it.
   * @throws {TimeoutError} Nothing came in time; the handler's signal aborts.
   * @throws What the handler threw in the end.
   */
  request<R = unknown>(
    to: string | { readonly capability: string },
    message: Outgoing,
    context: SendingContext,
    options: { readonly timeoutMs: number; readonly answer?: ZodType<R> },
  ): Promise<R>;
  /** Receives what is sent to an address, which has one receiver, and what is broadcast. With `durable`, its durable mail too. */
  attach<P = unknown>(
    address: string,
    handler: Handler<P>,
    options?: ReceiveOptions<P> & { readonly durable?: boolean },
  ): Subscription;
  /**
   * Receives what is published under a pattern: `*` is one segment, `>` at the end is one or more.
   * @param options.durable A name under which durable messages are kept from now on, also while nobody subscribes; see {@link forget}.
   */
  subscribe<P = unknown>(
    pattern: string,
    handler: Handler<P>,
    options?: ReceiveOptions<P> & { readonly durable?: string },
  ): Subscription;
  /** Keeps no more durable messages for that name, and drops those that wait. */
  forget(durable: string): Promise<void>;
  /** Whether anybody would get it now: asked before a message is made that may interest nobody. */
  hasSubscribers(topic: string): boolean;
  /** How fast an address may send from now on. */
  limit(sender: string, rate: SendingRate): void;
  /** Messages that were given up, oldest first; the latest thousand. Durable ones are among the dead tasks. */
  dead(): readonly DeadMessage[];
  /** Sends dead messages to their receivers once more. @returns How many found theirs. */
  replay(ids: readonly string[], signal?: AbortSignal): Promise<number>;
  /** Forgets dead messages. @returns How many. */
  purge(ids: readonly string[]): number;
  status(): BusStatus;
  /** Every subscription's {@link Subscription.drain}. */
  drain(signal?: AbortSignal): Promise<void>;
}

/** Nobody is there to receive it. */
export class NoReceiverError extends ForagerError {
  constructor(receiver: string) {
    super(
      "no-receiver",
      `Nobody receives at ${receiver}. Send it durably if it can wait, or ask by capability.`,
      { retryable: true },
    );
  }
}

/** A message, address or topic that is not as it must be. */
export class MessageError extends ForagerError {
  constructor(problem: string, cause?: unknown) {
    super("bad-message", problem, { cause });
  }
}

/** Messages were sent in answer to one another without end. */
export class PingPongError extends ForagerError {
  constructor(from: string, to: string, trace: string) {
    super(
      "ping-pong",
      `${from} and ${to} are ${maxHops} messages deep in one conversation (${trace}): it goes round in circles and was ended.`,
    );
  }
}

/** Ten rounds between two agents, the cap on an agent's steps, are 20 messages; this leaves room for a third who is asked meanwhile. */
export const maxHops = 32;

/** The bus was closed while something waited. */
export class BusClosedError extends ForagerError {
  constructor() {
    super("bus-closed", "The bus was closed; what was not durable and not handled by then is gone.");
  }
}
