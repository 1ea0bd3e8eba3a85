import type { ZodType } from "zod";
import type { RunContext } from "../context.ts";
import type { ResourceName } from "./resources.ts";

/** One role in a job: what it takes, what it gives, and how. Both sides are checked by whoever runs it. */
export interface Agent<I, O> {
  /** As in "researcher"; shown in status, events and errors. */
  readonly role: string;
  /** What it can do, as in "pdf" or "render@eu"; work that needs something else is never given to it. */
  readonly provides?: readonly string[];
  readonly input: ZodType<I>;
  readonly output: ZodType<O>;
  /** What one piece of work holds while it runs; taken in a fixed order, so that no two wait for each other. */
  readonly uses?: Readonly<Partial<Record<ResourceName, number>>>;
  /** Its share of the calls in a pool that selects by weight; 1 where it is left out. */
  readonly weight?: number;
  /** Before the first work; what it throws keeps the agent from being used. `handedOver` is what its predecessor left by {@link handOver}. */
  start?(signal: AbortSignal, handedOver?: unknown): Promise<void>;
  /** After the last, also when it was isolated: it ends what the agent holds, whatever the agent is doing. */
  stop?(): Promise<void>;
  /** Throws when the agent cannot work; asked while it is idle. */
  check?(signal: AbortSignal): Promise<void>;
  /** What its replacement needs to go on where this one was: cookies, learned selectors. At once, and also of an agent that failed. */
  handOver?(): unknown;
  /** Stops when `context.signal` aborts. */
  run(input: I, context: RunContext): Promise<O>;
}
