import type { Clock } from "../../../clock.ts";
import { within } from "../../../deadline.ts";
import { TimeoutError } from "../../../errors.ts";
import type { Log } from "../../../log.ts";
import { QdrantError, type QdrantErrorCode } from "./qdrant-error.ts";

/** Waits before each further try: three when the server or the way to it fails, two when it is slow. */
const waitsMs: Readonly<Partial<Record<QdrantErrorCode, readonly number[]>>> = {
  "qdrant-unreachable": [500, 2_000, 8_000],
  "qdrant-server": [500, 2_000, 8_000],
  // Only a proxy's: Qdrant says when to come back, or that the request must be split.
  "qdrant-rate-limited": [500, 2_000, 8_000],
  "qdrant-timeout": [500, 2_000],
};
/** From three quarters of a wait to five: what failed together shall not return together. */
const jitter = 0.25;

/** How long and how often is tried. */
export interface Patience {
  /** For one answer; twice as long after each that came too late. */
  readonly timeoutMs: number;
  /** For all tries and what lies between. */
  readonly deadlineMs: number;
  /** False for who wants to know how things stand now. */
  readonly triesAgain: boolean;
}

export interface PatienceDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/**
 * What `attempt` gives, tried again where trying again helps. All that is asked of Qdrant may be asked twice: ids are
 * made from what they name, so that a second write is the first.
 * @param attempt Is told how long it has.
 * @throws {QdrantError} With `retryAt` when Qdrant asks for a longer wait than the deadline leaves.
 */
export async function patiently<T>(
  call: string,
  patience: Patience,
  deps: PatienceDeps,
  signal: AbortSignal,
  attempt: (timeoutMs: number, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadlineAt = deps.clock.now() + patience.deadlineMs;
  const failures = new Map<QdrantErrorCode, number>();
  for (let tries = 1; ; tries++) {
    const slow = failures.get("qdrant-timeout") ?? 0;
    const leftMs = Math.max(1, deadlineAt - deps.clock.now());
    const timeoutMs = Math.min(patience.timeoutMs * 2 ** slow, leftMs);
    try {
      return await within(call, timeoutMs, signal, (own) => attempt(timeoutMs, own));
    } catch (thrown) {
      signal.throwIfAborted();
      const error = asQdrantError(thrown, call);
      if (error === undefined) throw thrown;
      const times = failures.get(error.code) ?? 0;
      failures.set(error.code, times + 1);
      const waitMs = patience.triesAgain ? waitBefore(error, times, deps) : undefined;
      if (waitMs === undefined || deps.clock.now() + waitMs >= deadlineAt) throw final(error, tries);
      deps.log.warn("Qdrant is asked again", { call, tries, waitMs: Math.round(waitMs), why: error.message });
      await deps.clock.sleep(waitMs, signal);
    }
  }
}

/** A time that Qdrant names is kept to, as often as it names one. */
function waitBefore(error: QdrantError, times: number, { clock, random }: PatienceDeps): number | undefined {
  const spread = 1 - jitter + 2 * jitter * random();
  if (error.retryAt !== undefined) return Math.max(0, error.retryAt - clock.now()) + leastWaitMs * spread;
  const wait = waitsMs[error.code]?.[times];
  return wait === undefined ? undefined : wait * spread;
}

/** After the time that Qdrant named, so that a `Retry-After: 0` is no busy loop. */
const leastWaitMs = 100;

function asQdrantError(thrown: unknown, call: string): QdrantError | undefined {
  if (thrown instanceof QdrantError) return thrown;
  if (!(thrown instanceof TimeoutError)) return undefined;
  return new QdrantError(
    "qdrant-timeout",
    `${call}: ${thrown.message} Raise timeoutMs, or see what keeps Qdrant busy.`,
    {
      cause: thrown,
    },
  );
}

function final(error: QdrantError, tries: number): QdrantError {
  if (tries === 1) return error;
  return new QdrantError(error.code, `${error.message} Tried ${tries} times.`, {
    cause: error.cause,
    ...(error.retryAt === undefined ? {} : { retryAt: error.retryAt }),
  });
}
