import { TimeoutError } from "../errors.ts";

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
  const controller = new AbortController();
  const ended = Promise.withResolvers<never>();
  const end = (reason: unknown): void => {
    controller.abort(reason);
    ended.reject(reason);
  };
  const onAbort = (): void => end(signal?.reason);
  const timer = Number.isFinite(timeoutMs)
    ? setTimeout(() => end(new TimeoutError(what, timeoutMs)), timeoutMs)
    : undefined;
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work(controller.signal), ended.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
