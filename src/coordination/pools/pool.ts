import PQueue from "p-queue";
import type { Clock } from "../../clock.ts";
import type { RunContext } from "../../context.ts";
import { AgentError, TimeoutError, messageOf } from "../../errors.ts";
import type { EventStream } from "../../events.ts";
import type { Agent } from "../agent.ts";
import { runWithin, unlessAborted } from "../../deadline.ts";

/** Calls that may wait, for each that can run, before the pool counts as full. */
const backlogPerSlot = 4;

/** What a pool does and did. */
export interface PoolStatus {
  readonly role: string;
  readonly size: number;
  readonly busy: number;
  readonly waiting: number;
  readonly done: number;
  readonly failed: number;
  /** Time spent in all ended calls together. */
  readonly ms: number;
}

/** Runs one agent for many callers: so many at a time, each with a deadline, every input and output checked. */
export class AgentPool<I, O> {
  readonly #agent: Agent<I, O>;
  readonly #events: EventStream;
  readonly #clock: Clock;
  readonly #size: number;
  readonly #timeoutMs: number;
  readonly #queue: PQueue;
  #done = 0;
  #failed = 0;
  #ms = 0;

  constructor(
    deps: { readonly agent: Agent<I, O>; readonly events: EventStream; readonly clock: Clock },
    options: { readonly size: number; readonly timeoutMs: number },
  ) {
    this.#agent = deps.agent;
    this.#events = deps.events;
    this.#clock = deps.clock;
    this.#size = options.size;
    this.#timeoutMs = options.timeoutMs;
    this.#queue = new PQueue({ concurrency: options.size });
  }

  /** True while so many calls wait that producers should hold back; see {@link room}. */
  get isFull(): boolean {
    return this.#queue.size >= this.#size * backlogPerSlot;
  }

  /** Waits until the pool is not full: what a producer does before it makes more work. */
  async room(signal: AbortSignal): Promise<void> {
    await unlessAborted(this.#queue.onSizeLessThan(this.#size * backlogPerSlot), signal);
  }

  /**
   * Has the agent do one piece of work. The time limit counts from the start of the work, not of the wait for it.
   * @throws {AgentError} When input or output does not fit the agent's schema.
   * @throws {TimeoutError} When the work takes longer than the pool allows, whether or not the agent listens.
   */
  async run(input: I, context: RunContext): Promise<O> {
    const checked = this.#agent.input.safeParse(input);
    if (!checked.success) throw this.#failure(new AgentError(this.#agent.role, "input", checked.error));
    return await unlessAborted(
      this.#queue.add(() => this.#work(checked.data, context)),
      context.signal,
    );
  }

  status(): PoolStatus {
    return {
      role: this.#agent.role,
      size: this.#size,
      busy: this.#queue.pending,
      waiting: this.#queue.size,
      done: this.#done,
      failed: this.#failed,
      ms: this.#ms,
    };
  }

  async #work(input: I, context: RunContext): Promise<O> {
    context.signal.throwIfAborted();
    const startedAt = this.#clock.now();
    const { role } = this.#agent;
    const limit = {
      timeoutMs: this.#timeoutMs,
      trace: `${context.trace}/${role}`,
      reason: () => new TimeoutError(`The ${role}`, this.#timeoutMs),
    };
    try {
      const output = this.#agent.output.safeParse(
        await runWithin(context, limit, (context) => this.#agent.run(input, context)),
      );
      if (!output.success) throw new AgentError(role, "output", output.error);
      this.#done += 1;
      return output.data;
    } catch (error) {
      // Whoever called it off knows why; that is no failure of the agent.
      context.signal.throwIfAborted();
      throw this.#failure(error);
    } finally {
      this.#ms += this.#clock.now() - startedAt;
    }
  }

  #failure(error: unknown): unknown {
    this.#failed += 1;
    this.#events.emit({ type: "agent-failed", role: this.#agent.role, error: messageOf(error) });
    return error;
  }
}
