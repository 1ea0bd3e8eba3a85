import type { Clock } from "../clock.ts";
import type { RunContext } from "../context.ts";
import { TimeoutError } from "../errors.ts";

/** What work may overrun its deadline by before it is left behind: time to say itself that it was stopped. */
const graceMs = 250;

/**
 * Waits for `work`, yet never past its context: rejects a moment after the deadline or the abort, whatever `work` does.
 * @throws {TimeoutError} At the deadline; the signal's reason when it was aborted; what `work` throws.
 */
export async function withinDeadline<T>(work: Promise<T>, context: RunContext, clock: Clock): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const leftMs = Math.max(0, context.deadlineAt - clock.now());
  const timers: NodeJS.Timeout[] = [];
  if (Number.isFinite(leftMs)) {
    const waitMs = Math.min(leftMs + graceMs, 2 ** 31 - 1);
    timers.push(setTimeout(() => reject(new TimeoutError("The page", leftMs)), waitMs));
  }
  const onAbort = () => {
    timers.push(setTimeout(() => reject(context.signal.reason), graceMs));
  };
  if (context.signal.aborted) onAbort();
  else context.signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, late]);
  } finally {
    for (const timer of timers) clearTimeout(timer);
    context.signal.removeEventListener("abort", onAbort);
  }
}

/** True when an error means that the context's time was up, not that somebody cancelled it. */
export function isOutOfTime(error: unknown, context: RunContext): boolean {
  return (
    error instanceof TimeoutError &&
    (!context.signal.aborted || context.signal.reason instanceof TimeoutError)
  );
}
