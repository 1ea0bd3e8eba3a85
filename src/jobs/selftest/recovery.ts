import type { RunContext } from "../../context.ts";
import { ForagerError } from "../../errors.ts";
import type { Tasks } from "../../coordination/tasks.ts";
import { leaveEffect } from "./effects.ts";
import { type HeldTask, type HeldUntil, heldKind } from "./held-task.ts";
import { startHolder } from "./holder.ts";
import type { Ledgers } from "./ledger.ts";

/** How far the killed process gets with each of its tasks, the worst moment among them: effect left, end not yet told. */
const tasksOfEach = 4;
const untils: readonly HeldUntil[] = ["end", "effect", "start"];
const heldCount = tasksOfEach * 2;
const timeoutMs = 5_000;

/** From the SIGKILL of a process that holds tasks to the moment another begins one of them. All are done in the end. */
export async function measureRecovery(
  floor: {
    readonly folder: string;
    readonly tasks: Tasks;
    readonly ledgers: Pick<Ledgers, "tasks" | "effects">;
  },
  context: RunContext,
): Promise<{ readonly recoveryMs: number }> {
  const { folder, tasks, ledgers } = floor;
  const inputs = untils.flatMap((until) =>
    Array.from({ length: tasksOfEach }, (): HeldTask => {
      return { id: ledgers.tasks.issue(), effect: ledgers.effects.issue(), until };
    }),
  );
  const ids = await tasks.add(inputs.map((input) => ({ kind: heldKind, input })));
  await using holder = startHolder(folder, heldCount, context.signal);
  await holder.holding;
  const { leased } = tasks.counts(heldKind);
  if (leased !== heldCount)
    throw new ForagerError("selftest", `The process to be killed holds ${leased} tasks, not ${heldCount}.`);

  const begun = Promise.withResolvers<number>();
  await using _consumer = tasks.consume(
    heldKind,
    async (input, own) => {
      begun.resolve(performance.now());
      await leaveEffect(own, (input as HeldTask).effect);
    },
    { concurrency: heldCount, timeoutMs, context },
  );
  const killedAt = performance.now();
  await holder.kill();
  for (const id of ids) {
    const { state, input } = await tasks.wait(id, context.signal);
    if (state === "done") ledgers.tasks.settle((input as HeldTask).id);
  }
  return { recoveryMs: (await begun.promise) - killedAt };
}
