import { type Priority, priorities } from "../new-task.ts";
import type { PlanNode } from "./plan-node.ts";
import type { Plan } from "./plan.ts";
import { dependantsOf, inOrder } from "./plan-graph.ts";

/** How long a node will take, in milliseconds; undefined when nothing is known of its kind. */
export type Estimate = (node: PlanNode) => number | undefined;

/** For work of which nothing is known; all that matters is that it is the same for all of it. */
export const unknownMs = 1_000;

/** How long the ways through a plan are. */
export interface PathLengths {
  readonly weightMs: ReadonlyMap<string, number>;
  /** From the start of each node to the end of the last one that waits for it. */
  readonly remainingMs: ReadonlyMap<string, number>;
  /** All nodes one after the other. */
  readonly totalMs: number;
  /** The longest chain: no number of hands makes the plan shorter. */
  readonly criticalMs: number;
  readonly criticalPath: readonly string[];
}

/** Measures a plan by its own weights, and where it gives none by estimates. */
export function measurePaths(plan: Plan, estimate: Estimate): PathLengths {
  const weightMs = new Map(plan.nodes.map((node) => [node.id, node.weightMs ?? estimate(node) ?? unknownMs]));
  const dependants = dependantsOf(plan.nodes);
  const remainingMs = new Map<string, number>();
  const next = new Map<string, string | undefined>();
  for (const { id } of inOrder(plan.nodes).toReversed()) {
    let longest: string | undefined;
    for (const other of dependants.get(id) ?? [])
      if (longest === undefined || lengthOf(remainingMs, other) > lengthOf(remainingMs, longest))
        longest = other;
    next.set(id, longest);
    remainingMs.set(
      id,
      lengthOf(weightMs, id) + (longest === undefined ? 0 : lengthOf(remainingMs, longest)),
    );
  }
  const criticalMs = Math.max(...remainingMs.values());
  const criticalPath: string[] = [];
  for (
    let at = [...remainingMs].findLast(([, ms]) => ms === criticalMs)?.[0];
    at !== undefined;
    at = next.get(at)
  )
    criticalPath.push(at);
  const totalMs = [...weightMs.values()].reduce((sum, ms) => sum + ms, 0);
  return { weightMs, remainingMs, totalMs, criticalMs, criticalPath };
}

/** A node with the urgency it has for what waits for it. */
export interface RankedNode {
  readonly node: PlanNode;
  readonly priority: Priority;
}

/**
 * Nodes in the order in which free hands take them, of those that are ready: most urgent first, then those with the
 * longest way still behind them. What an urgent node waits for is as urgent. Prerequisites always come first.
 * @see Adam, Chandy, Dickson, "A comparison of list schedules for parallel processing systems", CACM 17(12), 1974 (HLFET).
 */
export function rankNodes(plan: Plan, paths: PathLengths): RankedNode[] {
  const dependants = dependantsOf(plan.nodes);
  const ordered = inOrder(plan.nodes);
  const urgency = new Map<string, number>();
  for (const node of ordered.toReversed()) {
    const others = (dependants.get(node.id) ?? []).map((id) => urgency.get(id) ?? priorities.length);
    urgency.set(node.id, Math.min(priorities.indexOf(node.priority), ...others));
  }
  const urgencyOf = ({ id }: PlanNode): number => urgency.get(id) ?? 0;
  // The sort is stable, and weights may be 0: equal ones stay in topological order.
  return ordered
    .toSorted(
      (a, b) =>
        urgencyOf(a) - urgencyOf(b) || lengthOf(paths.remainingMs, b.id) - lengthOf(paths.remainingMs, a.id),
    )
    .map((node) => ({ node, priority: priorities[urgencyOf(node)] ?? "normal" }));
}

/** What has happened of a plan already, for {@link predict}. */
export interface Progress {
  readonly ended: ReadonlySet<string>;
  /** How long each node that is under way has been. */
  readonly elapsedMs: ReadonlyMap<string, number>;
}

/** How long a plan will take with so many hands, and how many of them will be busy at once; by running its weights. */
export function predict(
  plan: Plan,
  paths: PathLengths,
  slots: number,
  progress: Progress = { ended: new Set(), elapsedMs: new Map() },
): { readonly ms: number; readonly most: number } {
  const ended = new Set(progress.ended);
  const used = new Set<string>();
  let running: { readonly node: PlanNode; readonly endsAt: number }[] = [];
  let now = 0;
  let most = 0;
  const start = (node: PlanNode): void => {
    for (const name of node.uses) used.add(name);
    const leftMs = lengthOf(paths.weightMs, node.id) - (progress.elapsedMs.get(node.id) ?? 0);
    running.push({ node, endsAt: now + Math.max(0, leftMs) });
  };
  let waiting = rankNodes(plan, paths).map(({ node }) => node);
  for (const node of waiting) if (progress.elapsedMs.has(node.id) && !ended.has(node.id)) start(node);
  waiting = waiting.filter(({ id }) => !ended.has(id) && !progress.elapsedMs.has(id));
  for (;;) {
    waiting = waiting.filter((node) => {
      const isReady = node.after.every((id) => ended.has(id)) && !node.uses.some((name) => used.has(name));
      if (!isReady || running.length >= slots) return true;
      start(node);
      return false;
    });
    most = Math.max(most, running.length);
    if (running.length === 0) return { ms: now, most };
    now = Math.min(...running.map(({ endsAt }) => endsAt));
    for (const { node, endsAt } of running)
      if (endsAt <= now) {
        ended.add(node.id);
        for (const name of node.uses) used.delete(name);
      }
    running = running.filter(({ endsAt }) => endsAt > now);
  }
}

function lengthOf(lengths: ReadonlyMap<string, number>, id: string): number {
  return lengths.get(id) ?? 0;
}
