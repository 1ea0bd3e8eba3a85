import { LeaseLostError } from "../errors.ts";
import type { CoordinationBackend } from "./backend.ts";
import type { Lease } from "./leases.ts";

/** How long ended tasks and the histories of ended runs are kept: a week, to see what went wrong in it. */
export const defaultKeepMs = 7 * 24 * 3_600_000;

/** What a compaction did, in rows. */
export interface Compaction {
  /** Tasks of dead workers that were given back. */
  readonly recovered: number;
  readonly tasks: number;
  readonly events: number;
  /** Expired keys and old changes of the memory. */
  readonly memory: number;
}

/**
 * Keeps what coordination stores from growing with time: gives back what dead workers held, and forgets what ended
 * more than `keepMs` ago; dead letters stay. In short transactions, so that nobody waits.
 * @param options.lease The leader's: once it passed on, nothing more is written.
 * @throws {LeaseLostError}
 */
export async function compactCoordination(
  backend: CoordinationBackend,
  options: {
    readonly keepMs: number;
    readonly now: number;
    readonly lease?: Lease;
    readonly signal?: AbortSignal;
  },
): Promise<Compaction> {
  const { lease, now, signal } = options;
  const before = now - options.keepMs;
  const once = async (work: () => number): Promise<number> => {
    signal?.throwIfAborted();
    let rows = 0;
    await backend.commit(() => {
      if (lease && !lease.isHeld()) throw new LeaseLostError(lease.name);
      rows = work();
    });
    return rows;
  };
  const toTheEnd = async (work: () => number): Promise<number> => {
    let sum = 0;
    for (;;) {
      const rows = await once(work);
      if (rows === 0) return sum;
      sum += rows;
    }
  };
  return {
    recovered: await once(() => backend.tasks.recover(now, { all: false })),
    tasks: await toTheEnd(() => backend.tasks.forget(before)),
    events: await toTheEnd(() => backend.log.forget("run/", before)),
    memory: await toTheEnd(() => backend.memory.compact(now)),
  };
}
