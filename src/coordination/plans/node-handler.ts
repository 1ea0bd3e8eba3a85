import type { RunContext } from "../../context.ts";
import type { TaskContext } from "../tasks.ts";
import type { PlanInput } from "./plan.ts";

/** How a node of a plan ended. */
export interface NodeOutcome {
  readonly id: string;
  readonly role: string;
  /** Dead: it was tried and given up. Cancelled: something it waits for failed, or somebody called it off. */
  readonly state: "done" | "dead" | "cancelled";
  /** What its handler gave, as JSON keeps it; undefined unless it is done. */
  readonly result: unknown;
  readonly error: string;
  /** What its handler threw, where that was in this process. */
  readonly cause?: unknown;
  readonly attempts: number;
  /** 0 when it never started. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** What its last try worked; waiting for a place, or for a plan it delegated, not counted. */
  readonly ms: number;
}

/** What a node's handler works with. */
export interface NodeContext extends RunContext {
  /** The node's id; in a plan that a node delegated, behind the ids of its parents, as in "research/part-2". */
  readonly name: string;
  readonly role: string;
  /** From 1. */
  readonly attempt: number;
  /** How the nodes that this one waited for ended, by id. */
  readonly before: ReadonlyMap<string, NodeOutcome>;
  /** What an earlier try left by {@link progress}; undefined on the first. */
  readonly checkpoint: unknown;
  /** Keeps what the next try goes on from. */
  progress(checkpoint: unknown): Promise<void>;
  /**
   * Has a plan of its own done as part of the same run, and waits for it; meanwhile this node takes up no place.
   * Asked again after a crash, what has been done is not done again.
   * @throws {PlanError} When the plan cannot be run, or differs from the one of before a crash.
   */
  delegate(plan: PlanInput): Promise<ReadonlyMap<string, NodeOutcome>>;
  /** For effects that are to be true together with the end of the node; undefined where no run keeps it. */
  readonly task: TaskContext | undefined;
}

/** Does what a role does for one node. Its result is JSON, and small: references instead of contents. `pool.run` is one. */
export type NodeHandler = (input: unknown, context: NodeContext) => Promise<unknown>;

/** Finds who does a role and can do what is needed; undefined when nobody does. */
export type FindHandler = (role: string, needs: readonly string[]) => NodeHandler | undefined;
