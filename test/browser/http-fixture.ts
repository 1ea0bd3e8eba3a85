import { type Clock, systemClock } from "../../src/clock.ts";
import { rootContext } from "../../src/context.ts";
import { EgressGuard, type ResolveHost } from "../../src/browser/egress-guard.ts";
import type { FetchOutcome, FetchRequest } from "../../src/browser/fetch-tier.ts";
import { HttpOptions } from "../../src/browser/http-options.ts";
import { HttpTier } from "../../src/browser/tiers/http.ts";

/** No test asks a real name server. */
export const resolveNothing: ResolveHost = (hostname) =>
  Promise.reject(Object.assign(new Error(`no name ${hostname}`), { code: "ENOTFOUND" }));

/** Small limits, so that a test of them is quick; and time enough for any machine. */
export const smallOptions: HttpOptions = HttpOptions.parse({
  maxWireBytes: 1_000_000,
  maxBodyBytes: 2_000_000,
  ratioFloorBytes: 500_000,
  connectTimeoutMs: 60_000,
  firstByteTimeoutMs: 60_000,
  idleTimeoutMs: 60_000,
  totalTimeoutMs: 60_000,
});

/** An HTTP tier that may reach `origins`, and a function that fetches with it. */
export function openHttpTier(
  origins: readonly string[],
  settings: {
    readonly options?: Partial<HttpOptions>;
    readonly resolve?: ResolveHost;
    readonly clock?: Clock;
  } = {},
) {
  const guard = new EgressGuard({ resolve: settings.resolve ?? resolveNothing }, { allowedOrigins: origins });
  const tier = new HttpTier(
    { guard, clock: settings.clock ?? systemClock },
    { ...smallOptions, ...settings.options },
  );
  const get = (url: string, request: Partial<FetchRequest> = {}): Promise<FetchOutcome> =>
    tier.fetch({ url, ...request }, rootContext("test"));
  return { guard, tier, get, [Symbol.asyncDispose]: () => tier[Symbol.asyncDispose]() };
}

/** The reason of a fetch without a page; `page 404` and the like for one with. */
export function reasonIn(outcome: FetchOutcome): string {
  if (outcome.kind === "page") return `page ${outcome.page.httpStatus}`;
  return outcome.kind === "no-page" ? outcome.reason : outcome.kind;
}
