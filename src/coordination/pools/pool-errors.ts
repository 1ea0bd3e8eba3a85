import { ForagerError } from "../../errors.ts";

/** No member of a pool can do what a call needs, and none that it could start. */
export class UnroutableError extends ForagerError {
  readonly needs: readonly string[];

  constructor(role: string, needs: readonly string[], offers: readonly (readonly string[])[]) {
    const can = offers.flatMap((provides) => (provides.length > 0 ? [provides.join(" and ")] : []));
    super(
      "unroutable",
      `No ${role} can do ${needs.join(" and ")}; ${can.length > 0 ? `they can do ${can.join(", or ")}` : "they offer nothing beyond their role"}.`,
    );
    this.needs = needs;
  }
}

/** All members of a pool failed, and too often to be started again at once. */
export class DegradedError extends ForagerError {
  /** Epoch milliseconds: calls from then on start a member again. */
  readonly retryAt: number;

  constructor(role: string, why: string, retryAt: number, now: number, cause?: unknown) {
    const seconds = Math.max(0, Math.ceil((retryAt - now) / 1_000));
    super("degraded", `No ${role} works: ${why}. Another is started in ${seconds} s.`, {
      retryable: true,
      cause,
    });
    this.retryAt = retryAt;
  }
}

/** A pool was closed; it takes no more calls. */
export class PoolClosedError extends ForagerError {
  constructor(role: string) {
    super("closed", `The ${role} pool is closed and takes no more calls.`);
  }
}

/** A deadline that was noticed much too late: the process stood still (a blocked event loop, a suspended machine), and nobody had the time. */
export class StalledError extends ForagerError {
  constructor(role: string, lateMs: number) {
    const seconds = Math.round(lateMs / 1_000);
    super("stalled", `This process stood still for some ${seconds} s while the ${role} worked.`, {
      retryable: true,
    });
  }
}
