/** What everything started on behalf of a piece of work inherits from it. */
export interface RunContext {
  /** Aborts on cancellation and when the deadline passes. */
  readonly signal: AbortSignal;
  /** Epoch milliseconds; nothing started under this context outlives it. */
  readonly deadlineAt: number;
  /** Ties log lines and events of one piece of work together. */
  readonly trace: string;
}

/** A context that ends with its parent or after `timeoutMs`, whichever is first. Dispose it to free its timer. */
export function childContext(
  parent: RunContext,
  timeoutMs: number,
  trace: string,
  reason: () => Error,
): RunContext & Disposable {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(reason()), Math.min(timeoutMs, 2 ** 31 - 1));
  const onParentAbort = () => controller.abort(parent.signal.reason);
  if (parent.signal.aborted) onParentAbort();
  else parent.signal.addEventListener("abort", onParentAbort, { once: true });
  return {
    signal: controller.signal,
    deadlineAt: Math.min(parent.deadlineAt, Date.now() + timeoutMs),
    trace,
    [Symbol.dispose]() {
      clearTimeout(timer);
      parent.signal.removeEventListener("abort", onParentAbort);
    },
  };
}

/** The context a job starts from: no deadline of its own. */
export function rootContext(trace: string, signal: AbortSignal = new AbortController().signal): RunContext {
  return { signal, deadlineAt: Number.POSITIVE_INFINITY, trace };
}
