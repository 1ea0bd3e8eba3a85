import type { Clock } from "../../clock.ts";
import type { Memory } from "../memory.ts";
import type { TaskView, Tasks } from "../tasks.ts";
import { measurePaths, predict } from "./critical-path.ts";
import type { ModeChoice } from "./parallelism.ts";
import { type PlanRecord, readPlanRecord } from "./plan-record.ts";
import { measureRun, nodesOf } from "./receipts.ts";
import { type SpeedUp, measureSpeedUp } from "./speed-up.ts";

/** One node of a plan as it stands. */
export interface NodeStatus {
  readonly id: string;
  readonly role: string;
  readonly state: "waiting" | "ready" | "running" | "done" | "failed" | "skipped";
  /** For how long it has been under way, or was. */
  readonly ms: number;
  readonly attempts: number;
  /** What its handler last said of its progress. */
  readonly progress: unknown;
  readonly error: string;
  /** The plan it delegated, if it did. */
  readonly nodes: readonly NodeStatus[];
}

/** A run's plan as it stands: what `forager status` shows of it. */
export interface PlanStatus {
  readonly run: number;
  readonly goal: string;
  readonly choice: ModeChoice;
  /** Of all nodes, those of delegated plans too. */
  readonly counts: Readonly<Record<NodeStatus["state"] | "total", number>>;
  /** Until the last node ends, by what nodes were expected to take; 0 when it has. */
  readonly etaMs: number;
  readonly speedUp: SpeedUp;
  readonly nodes: readonly NodeStatus[];
}

const shownState = {
  blocked: "waiting",
  delayed: "waiting",
  ready: "ready",
  leased: "running",
  done: "done",
  dead: "failed",
  cancelled: "skipped",
} as const satisfies Record<TaskView["state"], NodeStatus["state"]>;

/** A run's plan with the state of each node, its expected end and its speed-up so far; undefined when the run has none. Reads only. */
export async function describePlanRun(
  deps: { readonly tasks: Tasks; readonly memory: Memory; readonly clock: Clock },
  run: number,
): Promise<PlanStatus | undefined> {
  const record = await readPlanRecord(deps.memory, run);
  if (!record) return undefined;
  const { plan, choice } = record;
  const now = deps.clock.now();
  const views = new Map(nodesOf(deps.tasks, run).map((view) => [view.name ?? "", view]));
  const counts = { total: 0, waiting: 0, ready: 0, running: 0, done: 0, failed: 0, skipped: 0 };
  const tree = async (record: PlanRecord, within: string): Promise<NodeStatus[]> =>
    await Promise.all(
      record.plan.nodes.map(async ({ id, role }) => {
        const name = within ? `${within}/${id}` : id;
        const view = views.get(name);
        const state = view ? shownState[view.state] : "waiting";
        counts[state] += 1;
        counts.total += 1;
        const inner = await readPlanRecord(deps.memory, run, name);
        return {
          id,
          role,
          state,
          ms: view ? elapsedMs(view, now) : 0,
          attempts: view?.attempts ?? 0,
          progress: view?.progress,
          error: view?.error ?? "",
          nodes: inner ? await tree(inner, name) : [],
        };
      }),
    );
  const nodes = await tree(record, "");
  const measured = await measureRun(deps.tasks, run, record);
  return {
    run,
    goal: plan.goal,
    choice,
    counts,
    etaMs: etaMs(record, views, now),
    speedUp: measureSpeedUp(plan, measured, choice.slots),
    nodes,
  };
}

/** A plan's status as lines of text: a node a line, delegated plans indented below. */
export function renderPlanStatus({ goal, choice, counts, etaMs, speedUp, nodes }: PlanStatus): string {
  const lines = (each: NodeStatus, depth: number): string[] => [
    `${"  ".repeat(depth + 1)}${each.state.padEnd(7)} ${each.id} (${each.role})${each.ms > 0 ? ` ${each.ms} ms` : ""}${each.error && `: ${each.error}`}`,
    ...each.nodes.flatMap((inner) => lines(inner, depth + 1)),
  ];
  const { sequentialMs, wallMs, bound, efficiency } = speedUp;
  return [
    `${goal}: ${choice.mode}, ${choice.slots} at once (${choice.why})`,
    `  ${counts.done}/${counts.total} done, ${counts.failed} failed, ${counts.skipped} skipped${etaMs > 0 ? `, ${etaMs} ms left` : ""}`,
    ...nodes.flatMap((each) => lines(each, 0)),
    `  ${sequentialMs} ms of work in ${wallMs} ms: ${speedUp.speedUp.toFixed(2)}x of at most ${bound.toFixed(2)}x, ${Math.round(efficiency * 100)} % efficient`,
  ].join("\n");
}

function elapsedMs({ startedAt, endedAt }: TaskView, now: number): number {
  return startedAt === 0 ? 0 : (endedAt || now) - startedAt;
}

function etaMs(record: PlanRecord, views: ReadonlyMap<string, TaskView>, now: number): number {
  const { plan, choice, weightMs } = record;
  const ended = new Set<string>();
  const running = new Map<string, number>();
  for (const { id } of plan.nodes) {
    const view = views.get(id);
    if (view && view.endedAt > 0) ended.add(id);
    else if (view?.state === "leased") running.set(id, elapsedMs(view, now));
  }
  const paths = measurePaths(plan, ({ id }) => weightMs[id]);
  return predict(plan, paths, choice.slots, { ended, elapsedMs: running }).ms;
}
