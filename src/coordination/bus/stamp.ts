import { randomUUID } from "node:crypto";
import type { Clock } from "../../clock.ts";
import {
  type Message,
  MessageError,
  type Outgoing,
  PingPongError,
  type SendingContext,
  maxHops,
  messageTypes,
} from "./bus.ts";
import { ranks } from "./delivery.ts";

/** Where a message goes: to an address, to a topic, or with neither to all. */
export interface Target {
  readonly to?: string;
  readonly topic?: string;
  readonly wantsAnswer?: boolean;
}

/** As long as an address may be. */
const isName = (from: unknown) => typeof from === "string" && from !== "" && from.length <= 128;
const types: ReadonlySet<string> = new Set(messageTypes);

/** Makes messages of what senders give. Nothing is copied, and no schema asked: that is for what comes from outside. */
export class Stamp {
  readonly #clock: Clock;
  /** Ids are unique over restarts, as durable messages outlive them. */
  readonly #prefix = `${randomUUID().slice(0, 13)}-`;
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws {MessageError} @throws {PingPongError} */
  put(outgoing: Outgoing, context: SendingContext, target: Target): Message {
    const { from, type, priority = "normal", payload } = outgoing;
    if (!types.has(type) || ranks[priority] === undefined || !isName(from))
      throw new MessageError(
        `A message needs a sender, a type (${messageTypes.join(", ")}) and a known priority; this has "${from}", "${type}" and "${priority}".`,
      );
    const hops = context.hops === undefined ? 0 : context.hops + 1;
    const { to, topic, wantsAnswer = false } = target;
    if (hops > maxHops) throw new PingPongError(from, to ?? topic ?? "all", context.trace);
    const id = this.#prefix + (this.#last += 1);
    const at = this.#clock.now();
    return Object.freeze({
      id,
      type,
      from,
      to,
      topic,
      priority,
      trace: context.trace,
      hops,
      at,
      wantsAnswer,
      payload,
    });
  }
}
