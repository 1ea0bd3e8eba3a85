import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../../clock.ts";
import type { RunContext } from "../../context.ts";
import type { CoordinationBackend } from "../../coordination/backend.ts";
import { NamedLocks } from "../../coordination/plans/admission.ts";
import type { NodeHandler } from "../../coordination/plans/node-handler.ts";
import { type PlanOutcome, runPlan } from "../../coordination/plans/run-plan.ts";
import { ForagerError } from "../../errors.ts";
import { EventStream } from "../../events.ts";
import { leaveEffect } from "./effects.ts";
import type { Ledgers } from "./ledger.ts";

const nodeNames = ["north", "east", "south", "west"];

interface Waiting {
  readonly id: number;
  readonly effect: number;
  readonly place: number;
}

/** How much sooner a plan of four nodes that wait is done side by side than in order, with the same results. */
export async function measurePlan(
  floor: {
    readonly backend: Pick<CoordinationBackend, "tasks" | "memory">;
    readonly clock: Clock;
    readonly ledgers: Pick<Ledgers, "tasks" | "effects">;
  },
  load: { readonly nodeMs: number },
  context: RunContext,
): Promise<{ readonly speedup: number; readonly sequentialMs: number; readonly parallelMs: number }> {
  const { backend, clock, ledgers } = floor;
  const wait: NodeHandler = async (input, own) => {
    const { id, effect, place } = input as Waiting;
    ledgers.tasks.settle(id);
    await clock.sleep(load.nodeMs, own.signal);
    if (own.task) await leaveEffect(own.task, effect);
    return `result ${place}`;
  };
  const deps = {
    tasks: backend.tasks,
    memory: backend.memory,
    locks: new NamedLocks(),
    clock,
    events: new EventStream(),
    handlers: () => wait,
    estimate: () => load.nodeMs,
  };
  const perform = async (run: number, mode: "sequential" | "parallel") => {
    const nodes = nodeNames.map((id, place) => {
      const input = { id: ledgers.tasks.issue(), effect: ledgers.effects.issue(), place };
      return { id, role: "waiter", input };
    });
    const startedAt = performance.now();
    const outcome = await runPlan(
      deps,
      { goal: "Four waits, none for another", nodes },
      { run, mode },
      context,
    );
    return { ms: performance.now() - startedAt, results: resultsOf(outcome) };
  };
  const sequential = await perform(1, "sequential");
  const parallel = await perform(2, "parallel");
  if (!isDeepStrictEqual(sequential.results, parallel.results))
    throw new ForagerError("selftest", "The plan's results side by side differ from those in order.");
  return {
    speedup: sequential.ms / parallel.ms,
    sequentialMs: sequential.ms,
    parallelMs: parallel.ms,
  };
}

function resultsOf({ nodes }: PlanOutcome): unknown[] {
  return [...nodes].map(([id, { state, result, error }]) => {
    if (state !== "done") throw new ForagerError("selftest", `Node ${id} of the plan failed: ${error}`);
    return [id, result];
  });
}
