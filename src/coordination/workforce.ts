import type { Clock } from "../clock.ts";
import type { RunContext } from "../context.ts";
import type { EventStream } from "../events.ts";
import type { Log } from "../log.ts";
import type { Agent } from "./agent.ts";
import type { CoordinationBackend } from "./backend.ts";
import type { Bus } from "./bus/bus.ts";
import { InProcessBus } from "./bus/in-process-bus.ts";
import { compactCoordination, defaultKeepMs } from "./compaction.ts";
import { lead } from "./leader.ts";
import { NamedLocks } from "./plans/admission.ts";
import { Governor } from "./pools/governor.ts";
import { AgentPool } from "./pools/pool.ts";
import type { PoolOptions } from "./pools/pool-options.ts";
import { AgentRegistry } from "./pools/registry.ts";
import { systemSignals } from "./pools/system-signals.ts";
import { formatProcess, ownProcess } from "./process-identity.ts";

/** Somebody who does a role's work: what jobs hold of an agent, whether it is a pool or an address. */
export interface AgentRef<I, O> {
  run(input: I, context: RunContext): Promise<O>;
}

/** A pool at work. Disposing of it ends what it does, and then it is gone from bus, registry and governor. */
export interface Employed<I, O> extends AgentRef<I, O>, AsyncDisposable {
  /** Where its messages go. */
  readonly address: string;
  readonly pool: AgentPool<I, O>;
}

export interface EmployOptions extends PoolOptions {
  /** Work for it that waits elsewhere, as in the frontier. */
  readonly waiting?: () => number;
  /** Whether 429s and 503s are answers to its calls. */
  readonly facesHosts?: boolean;
}

/** How often ended tasks, old events and expired keys are looked for. */
const compactEveryMs = 60_000;
/** What `forager status` sees of this process is at most so old. */
const publishEveryMs = 2_000;

/**
 * The agents of one process and what they share: the bus they are reached by, the registry they are found in, the
 * governor that sizes and heals their pools, and the locks of plans.
 */
export class Workforce implements AsyncDisposable {
  readonly bus: Bus;
  readonly registry = new AgentRegistry();
  readonly locks = new NamedLocks();
  readonly governor: Governor;
  readonly #clock: Clock;
  readonly #events: EventStream;
  readonly #log: Log;
  #employed = 0;

  constructor(deps: { readonly clock: Clock; readonly events: EventStream; readonly log: Log }) {
    this.#clock = deps.clock;
    this.#events = deps.events;
    this.#log = deps.log;
    this.bus = new InProcessBus({ clock: deps.clock });
    this.governor = new Governor({ signals: systemSignals, clock: deps.clock, events: deps.events });
  }

  /** Puts an agent to work: a pool that is registered, governed, and reached by messages to an address of its own. */
  employ<I, O>(agent: Agent<I, O>, options: EmployOptions): Employed<I, O> {
    const { waiting, facesHosts, ...poolOptions } = options;
    const made = new AsyncDisposableStack();
    const pool = made.use(
      new AgentPool<I, O>({ agent, events: this.#events, clock: this.#clock }, poolOptions),
    );
    const address = `${agent.role}/${(this.#employed += 1)}`;
    const mailbox = this.bus.attach<I>(
      address,
      (message, context) => pool.run(message.payload, context, { priority: message.priority }),
      // The pool has its own limits of time and number, and heals its own; the mailbox adds none.
      { concurrency: pool.max, timeoutMs: Number.POSITIVE_INFINITY, attempts: 1 },
    );
    made.defer(() => mailbox.drain());
    made.use(this.registry.register(pool));
    made.use(
      this.governor.govern(pool, {
        ...(waiting ? { waiting } : {}),
        ...(facesHosts === undefined ? {} : { facesHosts }),
      }),
    );
    return {
      address,
      pool,
      run: (input, context) =>
        this.bus.request<O>(address, { from: "jobs", type: "task", payload: input }, context, {
          timeoutMs: Number.POSITIVE_INFINITY,
        }),
      [Symbol.asyncDispose]: () => made.disposeAsync(),
    };
  }

  /**
   * What runs for as long as a job that owns a data folder does: the governor, this process's record for others to see,
   * and, where this process leads, the sweeps of the folder.
   */
  async serve(coordination: CoordinationBackend, context: RunContext): Promise<AsyncDisposable> {
    const deps = { clock: this.#clock, log: this.#log, context };
    await using made = new AsyncDisposableStack();
    made.use(this.governor.watch());
    made.use(
      lead(
        coordination.leases,
        { name: "leader" },
        [
          {
            name: "compaction",
            everyMs: compactEveryMs,
            run: (lease, signal) =>
              compactCoordination(coordination, {
                keepMs: defaultKeepMs,
                now: this.#clock.now(),
                lease,
                signal,
              }),
          },
        ],
        deps,
      ),
    );
    made.use(
      await this.registry.publish(
        { memory: coordination.memory, log: this.#log },
        {
          node: formatProcess(ownProcess()),
          renewEveryMs: publishEveryMs,
          about: () => ({ pressure: this.governor.level, bus: this.bus.status() }),
        },
      ),
    );
    return made.move();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bus[Symbol.asyncDispose]();
  }
}
