import { Estimates } from "../coordination/guard/estimates.ts";
import type { Memory } from "../coordination/memory.ts";
import type { PlanOutcome } from "../coordination/plans/run-plan.ts";

/** A plan that was not run for so long is judged afresh. */
const keptMs = 90 * 24 * 3_600_000;

/** How long the steps of a plan took the last times, by role; nothing is known of a plan that is new. */
export async function readDurations(memory: Memory, goal: string): Promise<Estimates> {
  const kept = await memory.get(keyOf(goal));
  try {
    return Estimates.from(kept?.value ?? {});
  } catch {
    return new Estimates(); // written by another version: it is learned anew
  }
}

/** Takes in what the steps took this time. */
export async function keepDurations(
  memory: Memory,
  durations: Estimates,
  { goal, nodes }: PlanOutcome,
): Promise<void> {
  for (const { role, state, ms } of nodes.values()) if (state === "done") durations.record(role, ms);
  await memory.put(keyOf(goal), durations.toJSON(), { ttlMs: keptMs });
}

function keyOf(goal: string): string {
  return `learned/durations/${goal.slice(0, 500)}`;
}
