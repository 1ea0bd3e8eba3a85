import { childContext, type RunContext } from "../context.ts";

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

/** What `promise` gives, or the signal's own reason as soon as it aborts. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason as Error);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
