// A plan of four pieces of work that wait and one that joins them: side by side, then in order. Run: node examples/plan.ts
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../src/clock.ts";
import { rootContext } from "../src/context.ts";
import { Database } from "../src/database.ts";
import { EventStream } from "../src/events.ts";
import { coordinationBackends } from "../src/coordination/backends/index.ts";
import { coordinationSchema } from "../src/coordination/backends/sqlite/index.ts";
import { NamedLocks } from "../src/coordination/plans/admission.ts";
import type { NodeHandler } from "../src/coordination/plans/node-handler.ts";
import { describePlanRun, renderPlanStatus } from "../src/coordination/plans/plan-status.ts";
import { runPlan } from "../src/coordination/plans/run-plan.ts";
import { fanOut } from "../src/coordination/plans/templates.ts";

const research: NodeHandler = async (input, { signal }) => {
  await delay(1_000, undefined, { signal });
  return { read: input };
};

using database = new Database(":memory:", { schema: [coordinationSchema] });
const { tasks, memory } = coordinationBackends.sqlite({ database, clock: systemClock });
const deps = {
  tasks,
  memory,
  locks: new NamedLocks(),
  clock: systemClock,
  events: new EventStream(),
  handlers: () => research,
  estimate: () => 1_000,
};

const topics = ["frontier", "politeness", "leases", "fusion"];
const plan = fanOut(
  "Read up on crawling",
  topics.map((topic) => ({ id: topic, role: "researcher", input: { topic } })),
);
await runPlan(deps, plan, { run: 1, mode: "parallel", slots: 4 }, rootContext("example"));
await runPlan(deps, plan, { run: 2 }, rootContext("example"));
for (const run of [1, 2]) {
  const status = await describePlanRun(deps, run);
  if (status) console.log(renderPlanStatus(status));
}
