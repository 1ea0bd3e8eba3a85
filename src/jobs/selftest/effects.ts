import type { EventLog } from "../../coordination/event-log.ts";
import { VersionConflictError } from "../../coordination/memory.ts";
import type { TaskContext } from "../../coordination/tasks.ts";
import type { Ledger } from "./ledger.ts";

const stream = "selftest/effects";

/**
 * Leaves a task's effect once, however often the task is tried: the receipt and the effect become true together, and a
 * receipt that is there already refuses both.
 */
export async function leaveEffect({ commit }: Pick<TaskContext, "commit">, id: number): Promise<void> {
  try {
    await commit((transaction) => {
      transaction.put(`selftest/receipt/${id}`, true, { ifVersion: 0 });
      transaction.append(stream, "effect", id);
    });
  } catch (error) {
    if (!(error instanceof VersionConflictError)) throw error;
  }
}

/** Counts the effects that are there. */
export function settleEffects(log: EventLog, ledger: Ledger): void {
  for (let after = 0, isMore = true; isMore;) {
    const events = log.read(stream, { after });
    for (const { data } of events) ledger.settle(Number(data));
    after = events.at(-1)?.place ?? after;
    isMore = events.length > 0;
  }
}
