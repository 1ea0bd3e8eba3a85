import type { RunContext } from "../../context.ts";
import type { Priority } from "../new-task.ts";
import type { MemberState } from "./lifecycle.ts";
import type { SelectionName } from "./selection.ts";

/** How a pool is made up. */
export interface PoolOptions {
  /** Members at first; of one shared agent, the calls it takes at once. */
  readonly size: number;
  /** Between these the governor may change it; left out, it stays. */
  readonly min?: number;
  readonly max?: number;
  /** For one call. */
  readonly timeoutMs: number;
  readonly maxWaiting?: number;
  /** Calls each member takes at once; 1. */
  readonly slots?: number;
  /** How a call gets its member; to the least loaded. */
  readonly selection?: SelectionName;
  readonly graceMs?: number;
}

/** What a caller wants of one call. */
export interface CallOptions<I, O> {
  readonly priority?: Priority;
  /** Calls of one key go to one member, in a pool that selects by affinity. */
  readonly affinity?: string;
  /** What the member must be able to do. */
  readonly needs?: readonly string[];
  readonly policy?: CallPolicy<I, O>;
}

type Handler<I, O> = (input: I, context: RunContext) => Promise<O>;

/** What becomes of a call: it waits for a member ("queued"), or is refused where it would have to ("immediate"). */
export type CallPolicy<I, O> =
  | "queued"
  | "immediate"
  /** Where it would have to wait, or no member works, `to` does it: another pool, a task, another node. */
  | { readonly kind: "delegated"; readonly to: Handler<I, O> }
  /** `by` does it, together with others: a batcher. */
  | { readonly kind: "consolidated"; readonly by: Handler<I, O> };

/** What a pool does and did. */
export interface PoolStatus {
  readonly role: string;
  /** Calls that can run at once. */
  readonly size: number;
  readonly busy: number;
  readonly waiting: number;
  /** How long the oldest of them has waited. */
  readonly oldestMs: number;
  readonly done: number;
  readonly failed: number;
  /** Time spent in all ended calls together. */
  readonly ms: number;
  /** Calls that were given up and have not returned. */
  readonly stuck: number;
  /** Members by state. */
  readonly members: Readonly<Partial<Record<MemberState, number>>>;
  /** Why no member works, and when that is tried again. */
  readonly outage?: { readonly why: string; readonly retryAt: number };
}
