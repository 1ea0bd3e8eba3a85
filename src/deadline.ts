// Waits that end: by an abort, by a deadline, or both. What loses the race goes on unwatched.
import { type RunContext, childContext } from "./context.ts";
import { TimeoutError } from "./errors.ts";

/** What `promise` gives, or the signal's own reason as soon as it aborts. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    promise.catch(() => {}); // what becomes of it after it lost the race is of no interest
  }
}

/** Node.js fires a timer set for longer at once. */
const longestTimerMs = 2 ** 31 - 1;
/** A wait passes in so many parts, see {@link startCountdown}. */
const parts = 4;

/**
 * Calls `end` once so much time has passed in which this process ran. When it stood still (stopped, starved by others on
 * the machine, asleep with it) its timers are late and everything else is too: the answer lies unread in a socket, and a
 * single timer would fire before it is looked at. So a standstill counts as a part of the wait at most, and there are turns of
 * the event loop between the parts.
 * @returns What calls it off.
 */
function startCountdown(milliseconds: number, end: () => void): () => void {
  let timer: NodeJS.Timeout;
  const pass = (left: number): void => {
    timer = setTimeout(
      () => (left > 1 ? pass(left - 1) : end()),
      Math.min(milliseconds / parts, longestTimerMs),
    );
  };
  pass(parts);
  return () => clearTimeout(timer);
}

/**
 * What `work` gives, unless `signal` aborts or `timeoutMs` pass first. `work` is told by its own signal, and is not
 * waited for when it does not listen.
 * @throws {TimeoutError} When the time is up; the signal's own reason when that aborts.
 */
export async function within<T>(
  what: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const own = new AbortController();
  const onAbort = (): void => own.abort(signal?.reason);
  const callOff = Number.isFinite(timeoutMs)
    ? startCountdown(timeoutMs, () => own.abort(new TimeoutError(what, timeoutMs)))
    : undefined;
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await unlessAborted(work(own.signal), own.signal);
  } finally {
    callOff?.();
    signal?.removeEventListener("abort", onAbort);
  }
}

/**
 * Runs `work` under a context of its own that ends with `parent` or after `timeoutMs`. The result comes then at the
 * latest, also from work that does not listen to its signal; what such work does later is dropped.
 */
export async function runWithin<T>(
  parent: RunContext,
  limit: { readonly timeoutMs: number; readonly trace: string; readonly reason: () => Error },
  work: (context: RunContext) => Promise<T>,
): Promise<T> {
  parent.signal.throwIfAborted();
  using context = childContext(parent, limit.timeoutMs, limit.trace, limit.reason);
  return await unlessAborted(work(context), context.signal);
}

/** Waits for a clean-up step, but no longer than `timeoutMs`. @returns False when it took longer or failed. */
export async function endsWithin(step: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), timeoutMs);
  step.then(
    () => resolve(true),
    () => resolve(false),
  );
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
