// The agents' machinery by itself, for those who build agents of their own: imported as "forager/coordination".
import { systemClock, type Clock } from "../clock.ts";
import { Database } from "../database.ts";
import type { CoordinationBackend } from "./backend.ts";
import { coordinationSchema, coordinationUpgrades, createSqliteBackend } from "./backends/sqlite/index.ts";

/**
 * Tasks, versioned memory, event log and leases in one SQLite file; in memory where no file is named.
 * @throws {StoreError} When the file cannot be opened, or is from a later version.
 */
export function openCoordination(
  options: { readonly path?: string; readonly clock?: Clock } = {},
): CoordinationBackend & Disposable {
  const { path = ":memory:", clock = systemClock } = options;
  const database = new Database(path, { schema: [coordinationSchema], upgrades: coordinationUpgrades });
  return { ...createSqliteBackend({ database, clock }), [Symbol.dispose]: () => database.close() };
}

export { Budget, BudgetError, type Spendable, type Spending } from "../budget.ts";
export { systemClock, type Clock } from "../clock.ts";
export { childContext, rootContext, type RunContext } from "../context.ts";
export { EventStream } from "../events.ts";
export type { Agent } from "./agent.ts";
export type { CoordinationBackend } from "./backend.ts";
export type { Bus, Message, Outgoing, ReceiveOptions, Subscription } from "./bus/bus.ts";
export { InProcessBus } from "./bus/in-process-bus.ts";
export { publishEvents } from "./bus/publish-events.ts";
export { compactCoordination, defaultKeepMs } from "./compaction.ts";
export { type EventLog, type LoggedEvent, type Snapshot, replay } from "./event-log.ts";
export { toolBreaker } from "./guard/breaker.ts";
export { createBatcher } from "./guard/batcher.ts";
export { Estimates } from "./guard/estimates.ts";
export { createGuard, type Guard, type GuardCall, type GuardOptions } from "./guard/guard.ts";
export { LoopError, LoopLimit } from "./guard/loop-limit.ts";
export { type Duty, type Leadership, lead } from "./leader.ts";
export type { Lease, LeaseHolder, Leases } from "./leases.ts";
export { type Change, type Memory, type Versioned, VersionConflictError } from "./memory.ts";
export { NamedLocks } from "./plans/admission.ts";
export { assessComplexity, checkSize } from "./plans/complexity.ts";
export { type Fused, fuseFindings, fuseMethods } from "./plans/fuse-results.ts";
export type { NodeContext, NodeHandler, NodeOutcome } from "./plans/node-handler.ts";
export { chooseMode } from "./plans/parallelism.ts";
export { type Plan, type PlanInput, parsePlan, planRepairHint } from "./plans/plan.ts";
export { type PlanStatus, describePlanRun, renderPlanStatus } from "./plans/plan-status.ts";
export { type PlanOutcome, type RunPlanOptions, runPlan } from "./plans/run-plan.ts";
export {
  answerPlan,
  byLayer,
  byPart,
  byPhase,
  bySource,
  fanOut,
  microtasks,
  planByTemplate,
} from "./plans/templates.ts";
export { AgentPool } from "./pools/pool.ts";
export type { CallOptions, PoolOptions, PoolStatus } from "./pools/pool-options.ts";
export { AgentRegistry, findNodes } from "./pools/registry.ts";
export { Resources } from "./pools/resource-pools.ts";
export { type NewTask, type Priority } from "./new-task.ts";
export { OverloadedError, PlanError, RetryLaterError, type TaskContext, type Tasks } from "./tasks.ts";
export { type AgentRef, type Employed, Workforce } from "./workforce.ts";
