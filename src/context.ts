import { Budget } from "./budget.ts";

/** What everything started on behalf of a piece of work inherits from it; there is no other way to start work. */
export interface RunContext {
  /** Aborts on cancellation and when the deadline passes. */
  readonly signal: AbortSignal;
  /** Epoch milliseconds; nothing started under this context outlives it. */
  readonly deadlineAt: number;
  /** Shared with all that runs for the same job: who fans out gets no more. */
  readonly budget: Budget;
  /** Ties log lines and events of one piece of work together. */
  readonly trace: string;
  /** Grows with every taking of the task that is worked on; effects under an old one are refused. 0 outside of tasks. */
  readonly fence: number;
}

/** A context that ends with its parent or after `timeoutMs`, whichever is first. Dispose it to free its timer. */
export function childContext(
  parent: RunContext,
  timeoutMs: number,
  trace: string,
  reason: () => Error,
): RunContext & Disposable {
  const child = stoppableContext(parent);
  const timer = setTimeout(() => child.stop(reason()), Math.min(timeoutMs, 2 ** 31 - 1));
  return {
    signal: child.signal,
    deadlineAt: Math.min(parent.deadlineAt, Date.now() + timeoutMs),
    budget: parent.budget,
    trace,
    fence: parent.fence,
    [Symbol.dispose]() {
      clearTimeout(timer);
      child[Symbol.dispose]();
    },
  };
}

/** A context that ends with its parent, or by {@link StoppableContext.stop} alone. Dispose it to let go of its parent. */
export interface StoppableContext extends RunContext, Disposable {
  stop(reason: Error): void;
}

/** One of several things that are tried side by side under `parent`. */
export function stoppableContext(parent: RunContext): StoppableContext {
  const controller = new AbortController();
  const onParentAbort = () => controller.abort(parent.signal.reason);
  if (parent.signal.aborted) onParentAbort();
  else parent.signal.addEventListener("abort", onParentAbort, { once: true });
  return {
    signal: controller.signal,
    deadlineAt: parent.deadlineAt,
    budget: parent.budget,
    trace: parent.trace,
    fence: parent.fence,
    stop: (reason) => controller.abort(reason),
    [Symbol.dispose]: () => parent.signal.removeEventListener("abort", onParentAbort),
  };
}

/** The context a job starts from: no deadline of its own, and no limits unless they are given. */
export function rootContext(
  trace: string,
  signal: AbortSignal = new AbortController().signal,
  budget: Budget = new Budget(trace),
): RunContext {
  return { signal, deadlineAt: Number.POSITIVE_INFINITY, budget, trace, fence: 0 };
}
