import type { Clock } from "../../clock.ts";
import type { Log } from "../../log.ts";
import type { EgressGuard } from "../egress-guard.ts";
import type { FetchTier } from "../fetch-tier.ts";
import type { HeadlessOptions } from "../headless-options.ts";
import type { HttpOptions } from "../http-options.ts";
import type { StoredSession } from "../stored-session.ts";
import { HeadlessTier } from "./headless.ts";
import { HttpTier } from "./http.ts";

export interface TierDeps {
  readonly guard: EgressGuard;
  readonly clock: Clock;
  readonly log: Log;
  /** What every fetch starts with. */
  readonly session?: StoredSession | undefined;
}

export interface TierOptions {
  readonly http: HttpOptions;
  readonly headless: HeadlessOptions;
}

/** Names of the tiers, cheapest first. */
export const tierNames = ["http", "headless"] as const;
export type TierName = (typeof tierNames)[number];

/** Makes each tier from its own part of the options. */
export const tiers: Readonly<Record<TierName, (deps: TierDeps, options: TierOptions) => FetchTier>> = {
  http: (deps, options) => new HttpTier(deps, options.http),
  headless: (deps, options) => new HeadlessTier(deps, options.headless),
};
