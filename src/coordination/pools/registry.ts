import { z } from "zod";
import type { RunContext } from "../../context.ts";
import type { Log } from "../../log.ts";
import { messageOf } from "../../errors.ts";
import type { Memory } from "../memory.ts";
import { canDo } from "./capability.ts";
import type { CallOptions, PoolStatus } from "./pool-options.ts";

/** Another process believes in a node for so long after its last sign of life. */
const recordTtlMs = 15_000;
const renewEveryMs = recordTtlMs / 3;
const recordPrefix = "agents/";

/** A pool as the registry knows it; what it is given is checked by its schemas. */
export interface RegisteredPool {
  readonly role: string;
  /** What each kind of its members provides. */
  readonly offers: readonly (readonly string[])[];
  readonly min: number;
  readonly max: number;
  status(): PoolStatus;
  run(
    input: unknown,
    context: RunContext,
    options?: Pick<CallOptions<unknown, unknown>, "priority" | "affinity" | "needs">,
  ): Promise<unknown>;
}

/** Whom somebody looks for. */
export interface Query {
  readonly role?: string;
  readonly needs?: readonly string[];
}

const PoolRecord = z.object({
  role: z.string(),
  offers: z.array(z.array(z.string())),
  size: z.int(),
  min: z.int(),
  max: z.int(),
  busy: z.int(),
  waiting: z.int(),
  done: z.int(),
  failed: z.int(),
  ms: z.number(),
  stuck: z.int(),
});
const NodeRecord = z.object({
  node: z.string(),
  pools: z.array(PoolRecord),
  /** What else it says of itself. */
  about: z.record(z.string(), z.unknown()),
});

/** What a process says of its agents. */
export type NodeRecord = z.output<typeof NodeRecord>;

/** Which agents there are, and what they can do: in this process, and by way of the memory in others. */
export class AgentRegistry {
  readonly #pools = new Set<RegisteredPool>();

  /** @returns Takes it out again. */
  register(pool: RegisteredPool): Disposable {
    this.#pools.add(pool);
    return { [Symbol.dispose]: () => this.#pools.delete(pool) };
  }

  /** Pools that can do it, the least loaded first. */
  find(query: Query): RegisteredPool[] {
    return [...this.#pools].filter((pool) => answers(query, pool)).sort((a, b) => loadOf(a) - loadOf(b));
  }

  /** What there is and what it does. */
  describe(): (PoolStatus & Pick<RegisteredPool, "offers" | "min" | "max">)[] {
    return [...this.#pools].map((pool) => ({
      ...pool.status(),
      offers: pool.offers,
      min: pool.min,
      max: pool.max,
    }));
  }

  /** Keeps this process's record in the memory until disposed; after a crash it expires by itself. */
  async publish(
    deps: { readonly memory: Memory; readonly log: Log },
    options: {
      readonly node: string;
      readonly renewEveryMs?: number;
      /** What else others are to see: JSON. */
      readonly about?: () => Readonly<Record<string, unknown>>;
    },
  ): Promise<AsyncDisposable> {
    const key = recordPrefix + options.node;
    const every = options.renewEveryMs ?? renewEveryMs;
    const put = (): Promise<unknown> =>
      deps.memory.put(key, this.#record(options.node, options.about?.() ?? {}), {
        ttlMs: (every * recordTtlMs) / renewEveryMs,
      });
    await put();
    let renewing: Promise<unknown> = Promise.resolve();
    const timer = setInterval(() => {
      renewing = put().catch((error: unknown) => {
        deps.log.warn("agents could not be published", { node: options.node, why: messageOf(error) });
      });
    }, every);
    timer.unref();
    return {
      async [Symbol.asyncDispose]() {
        clearInterval(timer);
        await renewing;
        try {
          await deps.memory.delete(key);
        } catch (error) {
          // On a full disk it stays; it expires by itself.
          deps.log.warn("the agents' record could not be taken back", {
            node: options.node,
            why: messageOf(error),
          });
        }
      },
    };
  }

  #record(node: string, about: Readonly<Record<string, unknown>>): NodeRecord {
    const pools = this.describe().map(
      ({ role, offers, size, min, max, busy, waiting, done, failed, ms, stuck }) => {
        const kinds = offers.map((each) => [...each]);
        return { role, offers: kinds, size, min, max, busy, waiting, done, failed, ms, stuck };
      },
    );
    return { node, pools, about };
  }
}

/** The processes whose agents can do it, as of their last sign of life. */
export async function findNodes(memory: Memory, query: Query): Promise<NodeRecord[]> {
  const { entries } = await memory.list(recordPrefix);
  const records = entries.map(({ value }) => NodeRecord.safeParse(value));
  return records
    .flatMap(({ data }) => (data ? [data] : []))
    .filter(({ pools }) => pools.some((pool) => answers(query, pool)));
}

/** One member has to be able to do all of it. */
function answers(
  { role, needs = [] }: Query,
  pool: { readonly role: string; readonly offers: readonly (readonly string[])[] },
): boolean {
  const isRole = role === undefined || pool.role === role;
  return isRole && pool.offers.some((provides) => canDo(provides, needs));
}

function loadOf(pool: RegisteredPool): number {
  const { busy, waiting, size } = pool.status();
  return (busy + waiting) / Math.max(1, size);
}
