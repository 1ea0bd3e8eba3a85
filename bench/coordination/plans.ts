import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../../src/clock.ts";
import { rootContext } from "../../src/context.ts";
import { NamedLocks } from "../../src/coordination/plans/admission.ts";
import type { NodeHandler } from "../../src/coordination/plans/node-handler.ts";
import { type RunPlanOptions, runPlan } from "../../src/coordination/plans/run-plan.ts";
import { EventStream } from "../../src/events.ts";
import { range } from "./figures.ts";
import type { Readings } from "./rows.ts";
import { type Store, openStore, temporaryFile } from "./store.ts";

const second: NodeHandler = async (_, { signal }) => {
  await delay(1_000, undefined, { signal });
  return "read";
};

/** Four nodes of one second that do not wait for each other, each a durable task. */
export async function measurePlans(): Promise<Readings> {
  using file = temporaryFile();
  using store = openStore(file.path);
  const parallelPlan = await plan(store, { run: 1, mode: "parallel", slots: 4 });
  const sequentialPlan = await plan(store, { run: 2, mode: "sequential" });
  return { parallelPlan, sequentialPlan, speedUp: sequentialPlan / parallelPlan };
}

async function plan({ tasks, memory }: Store, options: RunPlanOptions): Promise<number> {
  const deps = {
    tasks,
    memory,
    locks: new NamedLocks(),
    clock: systemClock,
    events: new EventStream(),
    handlers: () => second,
    estimate: () => 1_000,
  };
  const nodes = range(4).map((node) => ({ id: `part-${node}`, role: "researcher", input: node }));
  const startedAt = performance.now();
  const { state } = await runPlan(
    deps,
    { goal: "Four seconds of work", nodes },
    options,
    rootContext("bench"),
  );
  if (state !== "done") throw new Error(`The plan ended as ${state}.`);
  return performance.now() - startedAt;
}
