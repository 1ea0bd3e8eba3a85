import type { RunContext } from "../../context.ts";
import { type PathLengths, measurePaths } from "./critical-path.ts";
import { Finding, type Fused, fuseFindings } from "./fuse-results.ts";
import type { NodeOutcome } from "./node-handler.ts";
import { type ModeChoice, type ModeOptions, chooseMode, inOrderBecause } from "./parallelism.ts";
import { type Plan, type PlanInput, parsePlan } from "./plan.ts";
import { keepPlan, readPlanRecord } from "./plan-record.ts";
import { type PlanDeps, PlanRunner } from "./plan-runner.ts";
import { measureRun, nodesOf, wallMsOf } from "./receipts.ts";
import { runInline } from "./run-inline.ts";
import { type SpeedUp, measureSpeedUp } from "./speed-up.ts";

/** For one try of a node; the seeds' parallel-agent specification. */
const usualTimeoutMs = 300_000;

export interface RunPlanOptions extends ModeOptions {
  /** Where the plan is kept and its nodes leave their receipts; without one all is done in order, and nothing is kept. */
  readonly run?: number;
  /** For one try of a node, waiting not counted; 300 s when left out. */
  readonly timeoutMs?: number;
}

/** How a plan ended. */
export interface PlanOutcome {
  readonly goal: string;
  /** Failed when a node failed that the plan cannot do without; partial when others did. */
  readonly state: "done" | "partial" | "failed";
  readonly choice: ModeChoice;
  /** In the order of the plan. */
  readonly nodes: ReadonlyMap<string, NodeOutcome>;
  readonly speedUp: SpeedUp;
  /** What the nodes that nothing waits for found, as one; undefined when the plan does not say how. */
  readonly fused: Fused | undefined;
}

/**
 * Has a plan done. Failures of nodes are values. A plan that was interrupted, by an abort, a deadline or the death of the
 * process, goes on when it is run again with the same run: what has been done is not done again.
 * To end it for good, cancel the run's tasks: what is left then ends as cancelled, and this returns.
 * @throws {PlanError} When it cannot be run, nobody does one of its roles, or the run has begun with another plan.
 * @throws {BudgetError} When it has more nodes than there may be tasks.
 */
export async function runPlan(
  deps: PlanDeps,
  input: PlanInput,
  options: RunPlanOptions,
  context: RunContext,
): Promise<PlanOutcome> {
  const plan = parsePlan(input);
  const paths = measurePaths(plan, deps.estimate);
  const { run } = options;
  const choice =
    run === undefined ? inOrderBecause("nothing is kept of it") : chooseMode(plan, deps.estimate, options);
  const budget = context.budget.child(`The plan "${plan.goal.slice(0, 60)}"`, plan.budget);
  const within = { ...context, budget };
  const { mode, slots, why } = choice;
  deps.events.emit({
    type: "plan-started",
    run,
    goal: plan.goal,
    nodes: plan.nodes.length,
    mode,
    slots,
    why,
  });
  const timeoutMs = options.timeoutMs ?? usualTimeoutMs;
  if (run === undefined) {
    const startedAt = deps.clock.now();
    const nodes = await runInline(deps, plan, { timeoutMs }, within);
    const nodeMs = new Map([...nodes].map(([id, { ms }]) => [id, ms]));
    const sequentialMs = [...nodeMs.values()].reduce((sum, ms) => sum + ms, 0);
    const measured = { sequentialMs, wallMs: deps.clock.now() - startedAt, nodeMs };
    return outcomeOf(plan, choice, nodes, measureSpeedUp(plan, measured, choice.slots));
  }
  const isReasoning = options.isReasoning ?? (() => false);
  return await runKept(deps, plan, paths, { run, choice, timeoutMs, isReasoning }, within);
}

async function runKept(
  deps: PlanDeps,
  plan: Plan,
  paths: PathLengths,
  options: ConstructorParameters<typeof PlanRunner>[1],
  context: RunContext,
): Promise<PlanOutcome> {
  const { tasks, memory, clock } = deps;
  const { run, choice } = options;
  const before = await readPlanRecord(memory, run);
  const spentMs = before ? wallMsOf(before, nodesOf(tasks, run)) : 0;
  const startedAt = clock.now();
  const weightMs = Object.fromEntries(paths.weightMs);
  await keepPlan(memory, run, { plan, choice, weightMs, startedAt, spentMs });
  await using runner = new PlanRunner(deps, options, context);
  const nodes = await runner.perform(plan, paths);
  const measured = await measureRun(tasks, run, { startedAt, spentMs });
  return outcomeOf(plan, choice, nodes, measureSpeedUp(plan, measured, choice.slots));
}

function outcomeOf(
  plan: Plan,
  choice: ModeChoice,
  nodes: ReadonlyMap<string, NodeOutcome>,
  speedUp: SpeedUp,
): PlanOutcome {
  const lost = plan.nodes.filter(({ id }) => nodes.get(id)?.state !== "done");
  const isFailed = lost.some(({ onFailure }) => onFailure === "fail") || lost.length === plan.nodes.length;
  const state = lost.length === 0 ? "done" : isFailed ? "failed" : "partial";
  return { goal: plan.goal, state, choice, nodes, speedUp, fused: fuse(plan, nodes) };
}

function fuse(plan: Plan, nodes: ReadonlyMap<string, NodeOutcome>): Fused | undefined {
  if (!plan.fuse) return undefined;
  const isWaitedFor = new Set(plan.nodes.flatMap(({ after }) => after));
  const last = plan.nodes.filter(({ id }) => !isWaitedFor.has(id));
  const findings = last.flatMap(({ id }) => Finding.safeParse(nodes.get(id)?.result).data ?? []);
  return fuseFindings(findings, plan.fuse);
}
