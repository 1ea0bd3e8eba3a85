// A process that works on a plan until it is done or the process is killed: `node plan-process.ts FILE`. Tells of each node.
import { setTimeout as delay } from "node:timers/promises";
import { openPlans } from "./open-plans.ts";
import { node } from "./random-plan.ts";

const [path = ""] = process.argv.slice(2);
using plans = openPlans(async (_, { name, before }) => {
  await delay(5);
  if (name === "bad") throw new Error("broken");
  process.stdout.write(`${name}\n`);
  return [...before.keys()];
}, path);
plans.backend.database.writeNow(() => plans.backend.tasks.recover(Date.now(), { all: true }));
const layer = (depth: number, ...after: string[]) =>
  Array.from({ length: 6 }, (_, index) => node(`n${depth}-${index}`, ...after));
const { state } = await plans.run(
  {
    goal: "killed",
    nodes: [
      node("bad"),
      node("never", "bad"),
      ...layer(1),
      ...layer(2, "n1-0", "n1-1"),
      ...layer(3, "n2-0", "n1-5"),
      node("join", "n3-0", "n3-1", "n3-2", "n3-3", "n3-4", "n3-5"),
    ],
  },
  { mode: "parallel", slots: 2 },
);
process.stdout.write(`over: ${state}\n`);
