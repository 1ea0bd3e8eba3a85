/**
 * Waits for a protocol call, but not past the signal: Playwright's `evaluate` and `content` have no timeout of their
 * own and wait for ever on a page that hangs (microsoft/playwright#13253, #19374).
 * @throws The reason of `signal`.
 */
export function withDeadline<T>(call: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  // The call itself goes on when it lost the race; what becomes of it then is of no interest.
  call.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  return promise;
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
