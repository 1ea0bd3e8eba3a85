// A plan of four pieces of work that wait and one that joins them: side by side, then in order. Run: node examples/plan.ts
import { setTimeout as delay } from "node:timers/promises";
import {
  EventStream,
  NamedLocks,
  type NodeHandler,
  describePlanRun,
  fanOut,
  openCoordination,
  renderPlanStatus,
  rootContext,
  runPlan,
  systemClock,
} from "../src/coordination/index.ts"; // in your project: from "forager/coordination"

const research: NodeHandler = async (input, { signal }) => {
  await delay(1_000, undefined, { signal });
  return { read: input };
};

using coordination = openCoordination(); // give it a { path } and a plan outlives its process
const { tasks, memory } = coordination;
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
