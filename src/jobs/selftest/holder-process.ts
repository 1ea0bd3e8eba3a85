// A worker that takes the self-test's tasks and keeps them until it is killed: `node holder-process.js FOLDER COUNT`.
import { systemClock } from "../../clock.ts";
import { rootContext } from "../../context.ts";
import { leaveEffect } from "./effects.ts";
import { type HeldTask, heldKind, holdingLine } from "./held-task.ts";
import { openScratch } from "./scratch.ts";

/** Whatever becomes of our parent, this process ends: with the pipe to it, or after so long. */
const longestLifeMs = 20_000;

const [folder = "", count = "0"] = process.argv.slice(2);
process.stdin.resume().on("close", () => process.exit());
setTimeout(() => process.exit(1), longestLifeMs);

let held = 0;
openScratch(folder).tasks.consume(
  heldKind,
  async (input, context) => {
    const { effect, until } = input as HeldTask;
    if (until !== "start") await leaveEffect(context, effect);
    if (until === "end") return;
    held += 1;
    if (held === Number(count)) process.stdout.write(`${holdingLine}\n`);
    await systemClock.sleep(longestLifeMs, context.signal);
  },
  { concurrency: Number(count), timeoutMs: longestLifeMs, context: rootContext("selftest-holder") },
);
