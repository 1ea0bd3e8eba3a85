import type { Clock } from "../../clock.ts";
import type { RunContext } from "../../context.ts";
import { BudgetError } from "../../budget.ts";
import { ForagerError } from "../../errors.ts";
import { RetryLaterError } from "../tasks.ts";

/** How often something is tried, and how long is waited in between: `firstMs`, then twice as long each time. */
export interface RetryOptions {
  /** Tries in all; 3 unless given. */
  readonly attempts?: number;
  readonly firstMs?: number;
  readonly maxMs?: number;
}

const defaults: Required<RetryOptions> = { attempts: 3, firstMs: 1_000, maxMs: 300_000 };
/** Half as long to one and a half times: what failed together shall not return together. */
const jitter = 0.5;
/** A later time further off than this is the task queue's to wait for; here it would hold a place. */
const longestPostponementMs = 60_000;
/** Whoever says "later" more often than this has no idea when. */
const maxPostponements = 10;

/**
 * Tries `work` again when what it threw may pass. {@link RetryLaterError} is waited for and not counted; all other errors
 * are final at once. No wait goes past the deadline: then the error comes at once. In place of cockatiel's retry, whose
 * waits cannot be aborted and know no deadline.
 */
export async function retried<T>(
  options: RetryOptions,
  deps: { readonly clock: Clock; readonly random: () => number },
  context: RunContext,
  work: (context: RunContext) => Promise<T>,
): Promise<T> {
  const { attempts, firstMs, maxMs } = { ...defaults, ...options };
  let failures = 0;
  let postponements = 0;
  for (;;) {
    try {
      return await work(context);
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof ForagerError) || !error.retryable || error instanceof BudgetError) throw error;
      const isPostponed = error instanceof RetryLaterError;
      if (isPostponed ? (postponements += 1) > maxPostponements : (failures += 1) >= attempts) throw error;
      const backoffMs = Math.min(firstMs * 2 ** (Math.max(failures, postponements) - 1), maxMs);
      const jitteredMs = backoffMs * (1 - jitter + 2 * jitter * deps.random());
      const now = deps.clock.now();
      // One that says "later" and names a time that has passed is given a moment all the same.
      const waitMs = isPostponed && error.until > now ? error.until - now : jitteredMs;
      if (now + waitMs >= context.deadlineAt || (isPostponed && waitMs > longestPostponementMs)) throw error;
      await deps.clock.sleep(waitMs, context.signal);
    }
  }
}
