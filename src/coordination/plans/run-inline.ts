import type { Clock } from "../../clock.ts";
import type { RunContext } from "../../context.ts";
import { runWithin } from "../../deadline.ts";
import { ForagerError, TimeoutError, messageOf } from "../../errors.ts";
import type { EventStream } from "../../events.ts";
import { RetryLaterError } from "../tasks.ts";
import { type Estimate, type RankedNode, measurePaths, rankNodes } from "./critical-path.ts";
import type { FindHandler, NodeOutcome } from "./node-handler.ts";
import type { PlanNode } from "./plan-node.ts";
import { type Plan, parsePlan } from "./plan.ts";
import { checkRoles, handlerFor } from "./plan-runner.ts";

/** Tries in all, and the wait before the second; each later one is twice as long. As the task queue's. */
const mostAttempts = 3;
const firstRetryMs = 1_000;

/** What running a plan without a run takes: nothing is kept. */
export interface InlineDeps {
  readonly clock: Clock;
  readonly events: EventStream;
  readonly handlers: FindHandler;
  readonly estimate: Estimate;
}

/** Does a plan's nodes here and now, one after the other, in the order and with the results a queue would give with one hand. */
export async function runInline(
  deps: InlineDeps,
  plan: Plan,
  options: { readonly timeoutMs: number; readonly within?: string },
  context: RunContext,
): Promise<ReadonlyMap<string, NodeOutcome>> {
  checkRoles(plan, deps.handlers);
  context.budget.spend("tasks", plan.nodes.length);
  const outcomes = new Map<string, NodeOutcome>();
  const ranked = rankNodes(plan, measurePaths(plan, deps.estimate));
  const startedAt = deps.clock.now();
  for (const { node } of ranked) {
    if (outcomes.has(node.id)) continue;
    const ended = await performNode(deps, node, { ...options, startedAt, outcomes }, context);
    end(ended);
    if (ended.state !== "done") cancelFor(node, ranked, deps.clock, outcomes, end);
  }
  return new Map(plan.nodes.flatMap(({ id }) => outcomes.get(id) ?? []).map((each) => [each.id, each]));

  function end(outcome: NodeOutcome): void {
    outcomes.set(outcome.id, outcome);
    const { id, role, state, ms, error } = outcome;
    const node = options.within ? `${options.within}/${id}` : id;
    deps.events.emit({ type: "node-ended", run: undefined, node, role, state, ms, error });
  }
}

/** What a failed node's policy does to those that have not started. */
function cancelFor(
  failed: PlanNode,
  ranked: readonly RankedNode[],
  clock: Clock,
  outcomes: ReadonlyMap<string, NodeOutcome>,
  end: (outcome: NodeOutcome) => void,
): void {
  if (failed.onFailure === "continue") return;
  const error = `Cancelled: "${failed.id}" failed`;
  for (const { node } of ranked) {
    if (outcomes.has(node.id) || (failed.onFailure === "skip" && !node.after.includes(failed.id))) continue;
    const { id, role } = node;
    end({
      id,
      role,
      state: "cancelled",
      result: undefined,
      error,
      attempts: 0,
      startedAt: 0,
      endedAt: clock.now(),
      ms: 0,
    });
    cancelFor(node, ranked, clock, outcomes, end);
  }
}

async function performNode(
  deps: InlineDeps,
  node: PlanNode,
  options: {
    readonly timeoutMs: number;
    readonly within?: string;
    readonly startedAt: number;
    readonly outcomes: ReadonlyMap<string, NodeOutcome>;
  },
  context: RunContext,
): Promise<NodeOutcome> {
  const { clock } = deps;
  const { id, role } = node;
  const name = options.within ? `${options.within}/${id}` : id;
  const handler = handlerFor(deps.handlers, role, node.needs, name);
  const before = new Map(
    node.after.flatMap((id) => options.outcomes.get(id) ?? []).map((each) => [each.id, each]),
  );
  let checkpoint: unknown;
  let startedAt = clock.now();
  for (let attempt = 1; ; attempt += 1) {
    startedAt = clock.now();
    const leftMs = node.deadlineMs === undefined ? Infinity : options.startedAt + node.deadlineMs - startedAt;
    const timeoutMs = Math.min(options.timeoutMs, Math.max(0, leftMs));
    const limit = {
      timeoutMs,
      trace: `${context.trace}/${name}`,
      reason: () => new TimeoutError(`Node "${name}" (${role})`, timeoutMs),
    };
    const outcome = await runWithin(context, limit, (context) =>
      handler(node.input, {
        ...context,
        name,
        role,
        attempt,
        before,
        checkpoint,
        progress: async (value) => {
          checkpoint = value;
        },
        delegate: async (value) =>
          await runInline(deps, parsePlan(value), { timeoutMs: options.timeoutMs, within: name }, context),
        task: undefined,
      }),
    ).then(
      (result) => ({ result }),
      (cause: unknown) => ({ cause }),
    );
    context.signal.throwIfAborted();
    const endedAt = clock.now();
    const times = { attempts: attempt, startedAt, endedAt, ms: endedAt - startedAt };
    if (!("cause" in outcome))
      return { id, role, state: "done", result: outcome.result, error: "", ...times };
    const { cause } = outcome;
    const canPass = cause instanceof ForagerError && cause.retryable && timeoutMs < leftMs;
    if (!canPass || attempt >= mostAttempts)
      return { id, role, state: "dead", result: undefined, error: messageOf(cause), cause, ...times };
    const until =
      cause instanceof RetryLaterError ? cause.until : endedAt + firstRetryMs * 2 ** (attempt - 1);
    await clock.sleep(Math.max(0, until - clock.now()), context.signal);
  }
}
