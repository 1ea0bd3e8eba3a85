import type { Worker } from "node:worker_threads";
import { endsWithin } from "./deadline.ts";
import type { Log } from "./log.ts";

/** A pool of threads, as Piscina's is. */
interface ThreadPool {
  readonly threads: readonly Worker[];
  readonly options: { minThreads: number };
  /** Piscina (5.3) waits here for the exit of each thread, however long that takes. */
  destroy(): Promise<void>;
}

/** A thread that can end does so in some 20 ms. */
const endMs = 5_000;

/**
 * Ends a pool's threads. One that stands in native code (a read from a disk that does not answer) ends when that returns
 * and not before (seen, Node 24.21): it is waited for so long and no longer, and the process can be left without it by
 * {@link leaveProcess}.
 * @param what Whose threads they are, for the log.
 */
export async function endThreads(
  pool: ThreadPool,
  what: string,
  log: Log,
  timeoutMs: number = endMs,
): Promise<void> {
  const threads = [...pool.threads];
  // Piscina (5.3) replaces a thread when it hears of its exit: of one that an abort ended just now, after `destroy`.
  pool.options.minThreads = 0;
  if (await endsWithin(pool.destroy(), timeoutMs)) return;
  const left = threads.filter(({ threadId }) => threadId !== hasEnded).length;
  log.warn("threads do not end; they are left behind", { what, threads: left, waitedMs: timeoutMs });
}

/** `Worker.threadId` of one that is no more. */
const hasEnded = -1;
