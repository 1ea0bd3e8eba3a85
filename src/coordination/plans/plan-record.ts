import { isDeepStrictEqual } from "node:util";
import type { Memory } from "../memory.ts";
import { PlanError } from "../tasks.ts";
import type { ModeChoice } from "./parallelism.ts";
import type { PlanNode } from "./plan-node.ts";
import { type Plan, parsePlan } from "./plan.ts";

/** What is kept of a plan that is run, under `run/ID/plan` in the shared memory; its nodes under `run/ID/plan-node`. */
export interface PlanRecord {
  readonly plan: Plan;
  readonly choice: ModeChoice;
  /** How long each node was expected to take. */
  readonly weightMs: Readonly<Record<string, number>>;
  /** Of this process; what was before an interruption is in {@link spentMs}. */
  readonly startedAt: number;
  readonly spentMs: number;
}

type Head = Omit<PlanRecord, "plan"> & Omit<Plan, "nodes"> & { readonly order: readonly string[] };

/**
 * Keeps what is about to be run. The same plan may be kept again, when it goes on.
 * @param within The node that delegated it, where one did.
 * @throws {PlanError} When the run has begun with another plan: what has been done would not fit.
 */
export async function keepPlan(
  memory: Memory,
  run: number,
  record: PlanRecord,
  within: string = "",
): Promise<void> {
  const { plan, ...rest } = record;
  const { nodes, ...about } = plan;
  const before = await readPlanRecord(memory, run, within);
  if (before && !isDeepStrictEqual(before.plan, plan))
    throw new PlanError(
      `Run ${run} has begun with another plan${within && ` in "${within}"`}. Give the same one to go on, or start a new run.`,
    );
  const head: Head = { ...about, ...rest, order: nodes.map(({ id }) => id) };
  await memory.batch([
    { kind: "put", key: headKey(run, within), value: head },
    ...(before ? [] : nodes).map((node) => ({
      kind: "put" as const,
      key: nodeKey(run, within, node.id),
      value: node,
    })),
  ]);
}

/** The plan a run has begun with: what to go on with after a crash, instead of making a new one. */
export async function readPlanRecord(
  memory: Memory,
  run: number,
  within: string = "",
): Promise<PlanRecord | undefined> {
  const kept = await memory.get<Head>(headKey(run, within));
  if (!kept) return undefined;
  const { order, choice, weightMs, startedAt, spentMs, ...about } = kept.value;
  const nodes = await Promise.all(
    order.map(async (id) => (await memory.get<PlanNode>(nodeKey(run, within, id)))?.value),
  );
  return { plan: parsePlan({ ...about, nodes }), choice, weightMs, startedAt, spentMs };
}

function headKey(run: number, within: string): string {
  return within ? `run/${run}/plan/${within}` : `run/${run}/plan`;
}

function nodeKey(run: number, within: string, id: string): string {
  return `run/${run}/plan-node/${within ? `${within}/` : ""}${id}`;
}
