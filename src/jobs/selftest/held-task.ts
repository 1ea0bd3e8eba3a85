/** The kind of the tasks that a killed process leaves behind. */
export const heldKind = "selftest/held";

/** How far the process that is killed gets with a task: to its end, to its effect, or no further than to its start. */
export type HeldUntil = "end" | "effect" | "start";

/** What such a task carries. */
export interface HeldTask {
  readonly id: number;
  readonly effect: number;
  readonly until: HeldUntil;
}

/** What the process says once it has all of them. */
export const holdingLine = "holding";
