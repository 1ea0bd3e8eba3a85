import type { Plan } from "./plan.ts";
import { measurePaths } from "./critical-path.ts";

/** What sharing a plan out has brought, counted; nothing of it is an estimate. */
export interface SpeedUp {
  /** All work one after the other. */
  readonly sequentialMs: number;
  /** What it took, from the start to the end of the last node; times when nothing ran it are left out. */
  readonly wallMs: number;
  readonly speedUp: number;
  /** What no run of this plan with these times and so many places can exceed. */
  readonly bound: number;
  /** Speed-up per place. */
  readonly efficiency: number;
}

/**
 * @param measured What was worked in all, and how long each node of the plan was under way.
 * @see Amdahl, "Validity of the single processor approach", AFIPS 1967; Brent, JACM 21(2), 1974, for bounds by critical path.
 */
export function measureSpeedUp(
  plan: Plan,
  measured: {
    readonly sequentialMs: number;
    readonly wallMs: number;
    readonly nodeMs: ReadonlyMap<string, number>;
  },
  slots: number,
): SpeedUp {
  const { sequentialMs, wallMs, nodeMs } = measured;
  const timed = plan.nodes.map((node) => ({ ...node, weightMs: nodeMs.get(node.id) ?? 0 }));
  const { criticalMs } = measurePaths({ ...plan, nodes: timed }, () => 0);
  const sharedMs = new Map<string, number>();
  for (const { uses, weightMs } of timed)
    for (const name of uses) sharedMs.set(name, (sharedMs.get(name) ?? 0) + weightMs);
  const leastMs = Math.max(criticalMs, sequentialMs / slots, ...sharedMs.values());
  const speedUp = ratio(sequentialMs, wallMs);
  return { sequentialMs, wallMs, speedUp, bound: ratio(sequentialMs, leastMs), efficiency: speedUp / slots };
}

/** 1 where nothing was done: nothing was gained either. */
function ratio(whole: number, part: number): number {
  return part > 0 ? whole / part : 1;
}
