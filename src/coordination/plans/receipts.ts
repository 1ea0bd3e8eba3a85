import type { TaskView, Tasks } from "../tasks.ts";
import type { PlanRecord } from "./plan-record.ts";

/** What a node's task carries. */
export interface NodePayload {
  readonly role: string;
  readonly input: unknown;
  readonly uses: readonly string[];
}

/** What a node's task leaves: that it is there is why the node never runs again. */
export interface Receipt {
  readonly value: unknown;
  /** When its last try got a place; what it worked then, waiting not counted. */
  readonly startedAt: number;
  readonly ms: number;
}

/** The kind of a run's nodes: one queue a run, so that hands go to the longest way left, whatever the role. */
export function kindOfPlan(run: number): string {
  return `plan/${run}`;
}

/** How long the nodes of a run were under way, those that are no more; for `measureSpeedUp`. */
export async function measureRun(
  tasks: Tasks,
  run: number,
  record: Pick<PlanRecord, "startedAt" | "spentMs">,
): Promise<{
  readonly sequentialMs: number;
  readonly wallMs: number;
  readonly nodeMs: ReadonlyMap<string, number>;
}> {
  const views = nodesOf(tasks, run);
  const nodeMs = new Map<string, number>();
  let sequentialMs = 0;
  for (const view of views) {
    const { name = "", state, startedAt, endedAt } = view;
    if (startedAt === 0 || endedAt === 0) continue;
    const receipt = state === "done" ? ((await tasks.wait(view.id)).result as Receipt) : undefined;
    const spanMs = endedAt - (receipt?.startedAt ?? startedAt);
    const ms = receipt?.ms ?? spanMs;
    sequentialMs += ms;
    // A node that delegated was under way for as long as its own plan.
    const hasDelegated = views.some((other) => other.name?.startsWith(`${name}/`));
    nodeMs.set(name, hasDelegated ? spanMs : ms);
  }
  return { sequentialMs, wallMs: wallMsOf(record, views), nodeMs };
}

/** From the start to the end of the latest node, times when no process ran the plan left out. */
export function wallMsOf(
  { startedAt, spentMs }: Pick<PlanRecord, "startedAt" | "spentMs">,
  views: readonly TaskView[],
): number {
  const lastEnd = Math.max(startedAt, ...views.map(({ endedAt }) => endedAt));
  return spentMs + lastEnd - startedAt;
}

/** The tasks that are nodes of the run's plan, and of the plans within it. */
export function nodesOf(tasks: Tasks, run: number): TaskView[] {
  return tasks.ofRun(run).filter(({ kind }) => kind === kindOfPlan(run));
}
