import { hostOf } from "../browser/url.ts";
import type { Clock } from "../clock.ts";
import type { RunContext } from "../context.ts";
import { BoundedMap } from "../coordination/guard/bounded-map.ts";
import { BreakerOpenError } from "../coordination/guard/breaker.ts";
import { type Guard, type GuardDeps, type GuardOptions, createGuard } from "../coordination/guard/guard.ts";
import type { Finding } from "./finding.ts";

/**
 * A host is left alone when it does not answer at all: twenty failures without one page between them. By a share of
 * failures, a site with broken parts would be left alone too, and one that dies at full speed be asked for long.
 */
const policy: GuardOptions = {
  name: "host",
  breaker: {
    opensAfter: { inARow: 20 },
    openMs: 5_000,
    maxOpenMs: 30_000,
    probes: 3,
    mayFail: 2,
  },
  hedge: { minMs: 500, maxMs: 10_000 },
};

/** How long pages wait for a host that has stopped answering, before they are given up like any other that cannot be had. */
const patienceMs = 60_000;
/** Hosts whose latest answer is remembered. */
const maxHosts = 2_000;

/**
 * Keeps researchers from hammering a host that is dying: its pages are put off, a few probes see whether it is back.
 * A host that is busy (429, 503) is not its business; the host's clock sees to that.
 */
export class HostGuard {
  readonly guard: Guard;
  readonly #clock: Clock;
  readonly #answeredAt = new BoundedMap<number>(maxHosts);

  constructor(deps: GuardDeps) {
    this.guard = createGuard(policy, deps);
    this.#clock = deps.clock;
  }

  /** What `climb` finds, or that the page is to wait for its host. @param options.isCritical A second try is made when it is slow. */
  async find(
    url: string,
    context: RunContext,
    climb: (context: RunContext) => Promise<Finding>,
    options: { readonly isCritical: boolean },
  ): Promise<Finding> {
    const host = hostOf(url);
    const go = async (context: RunContext) => {
      const finding = await climb(context);
      if (hasAnswered(finding)) this.#answeredAt.set(host, this.#clock.now());
      return finding;
    };
    try {
      return await this.guard.run(host, context, go, { ...options, isFailure: isHostTrouble });
    } catch (error) {
      if (!(error instanceof BreakerOpenError)) throw error;
      const downMs = this.#clock.now() - error.since;
      if (downMs <= patienceMs) {
        const why = `${host} has all but stopped answering`;
        return { kind: "deferred", untilMs: error.until, why, reason: "network", attempts: [] };
      }
      // It answers, if with nothing that is of use: then it is not down, and its pages fail one by one.
      if ((this.#answeredAt.peek(host) ?? 0) >= error.since) return await go(context);
      const detail = `${host} has not answered for ${Math.round(downMs / 1_000)} s; ${url} was not asked for again.`;
      return { kind: "no-page", reason: "network", detail, isTransient: true, attempts: [] };
    }
  }
}

function hasAnswered(finding: Finding): boolean {
  return finding.kind === "page" || finding.kind === "not-modified";
}

/** No answer, or one by a gateway that got none itself. An error page of the site's own (500) says that it lives. */
function isHostTrouble(finding: Finding): boolean {
  if (finding.kind === "no-page")
    return (
      finding.isTransient &&
      (finding.reason === "timeout" || finding.reason === "network" || finding.reason === "dns")
    );
  return finding.kind === "page" && isGatewayTrouble(finding.page.httpStatus);
}

/** @see RFC 9110, 15.6.3 and 15.6.5; Cloudflare's 520 to 524 say the same. */
function isGatewayTrouble(status: number): boolean {
  return status === 502 || status === 504 || (status >= 520 && status <= 524);
}
