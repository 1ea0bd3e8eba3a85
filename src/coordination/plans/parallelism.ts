import type { Complexity } from "./complexity.ts";
import { type Estimate, type PathLengths, measurePaths, predict } from "./critical-path.ts";
import type { PlanNode } from "./plan-node.ts";
import type { Plan } from "./plan.ts";
import { inOrder } from "./plan-graph.ts";

/** Fewer nodes are done one after the other. */
const fewestNodes = 3;
/** Less work than this in all is not worth sharing out: with agents that think, making the plan alone takes 2 to 3 s. */
const worthMs = 5_000;
/** With less of the work in nodes that can run beside others, only so many hands as pay off are used. */
const parallelShare = 0.5;
/** Nodes under way at once, when nobody says. */
const usualSlots = 4;

export interface ModeOptions {
  /** Nodes under way at once, 4 when left out; a pool or the governor may have fewer hands. */
  readonly slots?: number;
  /** Agents that think with a model at once; asked for, it may be more than the usual 5. */
  readonly agents?: number;
  /** Whether a role thinks with a model; no role does when left out. */
  readonly isReasoning?: (role: string) => boolean;
  /** What the goal deserves; its limits hold unless more was asked for. */
  readonly complexity?: Complexity;
  /** The least work that is worth sharing out; 5 s when left out. */
  readonly worthMs?: number;
  /** Asked for, whatever the rules say. */
  readonly mode?: ModeChoice["mode"];
}

/** How a plan is run, and why. */
export interface ModeChoice {
  readonly mode: "sequential" | "hybrid" | "parallel";
  readonly slots: number;
  readonly agents: number;
  readonly why: string;
}

/**
 * Whether sharing a plan out is worth it, by the rules of the seeds' parallel-agent specification: not for fewer than 3
 * nodes, not for less than 5 s of work, and carefully when less than half of the work can run beside other work.
 */
export function chooseMode(plan: Plan, estimate: Estimate, options: ModeOptions = {}): ModeChoice {
  const paths = measurePaths(plan, estimate);
  const agents = agentsFor(plan, options);
  const slots = options.slots ?? Math.min(usualSlots, options.complexity?.limits.slots ?? usualSlots);
  if (options.mode === "sequential") return inOrderBecause("as asked");
  if (options.mode)
    return { mode: options.mode, slots: Math.min(slots, plan.nodes.length), agents, why: "as asked" };
  const least = options.worthMs ?? worthMs;
  if (plan.nodes.length < fewestNodes) return inOrderBecause(`fewer than ${fewestNodes} nodes`);
  if (paths.totalMs < least)
    return inOrderBecause(`${seconds(paths.totalMs)} of work, worth it from ${seconds(least)} on`);
  const share = shareOfParallelWork(plan, paths);
  if (share === 0) return inOrderBecause("no two nodes can run side by side");
  const { most } = predict(plan, paths, slots);
  const percent = `${Math.round(share * 100)} % of the work can run beside other work`;
  if (share < parallelShare)
    return { mode: "hybrid", slots: Math.min(most, handsThatPay(paths)), agents, why: percent };
  return { mode: "parallel", slots: most, agents, why: percent };
}

/** The part of a plan's work, from 0 to 1, that some other node can run beside: neither waits for the other, and they share nothing. */
export function shareOfParallelWork(plan: Plan, paths: PathLengths): number {
  const nodes = inOrder(plan.nodes);
  const before = new Map<string, Set<string>>();
  for (const { id, after } of nodes)
    before.set(id, new Set(after.flatMap((other) => [other, ...(before.get(other) ?? [])])));
  const areApart = (a: PlanNode, b: PlanNode): boolean =>
    a !== b &&
    !before.get(a.id)?.has(b.id) &&
    !before.get(b.id)?.has(a.id) &&
    !a.uses.some((name) => b.uses.includes(name));
  const ms = nodes
    .filter((node) => nodes.some((other) => areApart(node, other)))
    .reduce((sum, { id }) => sum + (paths.weightMs.get(id) ?? 0), 0);
  return paths.totalMs === 0 ? 0 : ms / paths.totalMs;
}

/** Average parallelism, rounded up: more hands than that wait most of the time. */
function handsThatPay({ totalMs, criticalMs }: PathLengths): number {
  return Math.max(2, Math.ceil(totalMs / criticalMs));
}

/** One for two pieces of reasoning, three for less than ten, four for more, five for a massive goal; or as asked. */
function agentsFor(plan: Plan, { agents, isReasoning, complexity }: ModeOptions): number {
  if (agents !== undefined) return agents;
  const reasoning = plan.nodes.filter(({ role }) => isReasoning?.(role)).length;
  if (reasoning < 3) return 1;
  const most = complexity?.limits.agents ?? 4;
  return Math.min(most, reasoning < 10 ? 3 : 5);
}

/** One node after the other. */
export function inOrderBecause(why: string): ModeChoice {
  return { mode: "sequential", slots: 1, agents: 1, why };
}

function seconds(ms: number): string {
  return `${Number((ms / 1_000).toFixed(1))} s`;
}
