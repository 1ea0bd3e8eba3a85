import type { Clock } from "../clock.ts";
import type { RunContext } from "../context.ts";
import type { EgressGuard } from "./egress-guard.ts";
import type { NoPage } from "./fetch-tier.ts";
import type { HostClock, Turn } from "./host-clock.ts";
import type { Robots } from "./robots.ts";
import { hostOf } from "./url.ts";

/** Leave to ask a host for a page, or why there is none now. */
export type Passage =
  | { readonly kind: "turn"; readonly turn: Turn }
  | { readonly kind: "deferred"; readonly untilMs: number; readonly why: string }
  | NoPage;

/** Longest wait for a host's turn before the URL is given back; others can be fetched meanwhile. */
const maxTurnWaitMs = 2_000;

/** Guard, robots.txt and the host's clock, in this order: nothing is asked of a host that may not be reached. */
export class HostGate {
  readonly #guard: EgressGuard;
  readonly #robots: Robots;
  readonly #hostClock: HostClock;
  readonly #clock: Clock;

  constructor(deps: {
    readonly guard: EgressGuard;
    readonly robots: Robots;
    readonly hostClock: HostClock;
    readonly clock: Clock;
  }) {
    this.#guard = deps.guard;
    this.#robots = deps.robots;
    this.#hostClock = deps.hostClock;
    this.#clock = deps.clock;
  }

  /**
   * Passes when the host's turn has come.
   * @param options.canDefer Give the URL back rather than wait long; false in the middle of a page, where what was done would be lost.
   */
  async pass(url: URL, options: { readonly canDefer: boolean }, context: RunContext): Promise<Passage> {
    const refusal = this.#guard.check(url);
    if (refusal !== undefined) {
      return { kind: "no-page", reason: "private address", detail: refusal.message, isTransient: false };
    }
    const host = hostOf(url);
    // Looked at twice: robots.txt itself would have to wait, and then it may slow the host down.
    const early = options.canDefer ? this.#deferral(host) : undefined;
    if (early !== undefined) return early;
    const forbidden = await this.checkRobots(url, context);
    if (forbidden !== undefined) return forbidden;
    const late = options.canDefer ? this.#deferral(host) : undefined;
    return late ?? { kind: "turn", turn: await this.#hostClock.take(host, context.signal) };
  }

  /** What robots.txt has against a URL, or why it could not be asked. */
  async checkRobots(url: URL, context: RunContext): Promise<NoPage | undefined> {
    const verdict = await this.#robots.check(url, context);
    if (verdict.kind === "allowed") return undefined;
    if (verdict.kind === "unreachable") return verdict.cause;
    return { kind: "no-page", reason: "robots", detail: verdict.detail, isTransient: false };
  }

  #deferral(host: string): Passage | undefined {
    const untilMs = this.#hostClock.notBefore(host);
    if (untilMs - this.#clock.now() <= maxTurnWaitMs) return undefined;
    return { kind: "deferred", untilMs, why: `${host} is not to be asked before then` };
  }
}
