import type { FailureReason } from "../document.ts";

/** A URL to be fetched, as found. */
export interface NewUrl {
  /** Normalised: two URLs with one key are one page. */
  readonly key: string;
  readonly url: string;
  readonly host: string;
  /** Links from a seed. */
  readonly depth: number;
}

/** A URL taken for fetching. The fence proves the taking: a result with an old one is refused. */
export interface ClaimedUrl extends NewUrl {
  readonly id: number;
  readonly fence: number;
  /** 1 on the first try. */
  readonly attempt: number;
}

/** How a URL ended. */
export type UrlResult =
  | {
      readonly kind: "done";
      readonly finalKey: string;
      readonly httpStatus: number;
      readonly tier: string;
      readonly verdict: string;
    }
  | {
      readonly kind: "failed" | "skipped";
      readonly reason: FailureReason;
      readonly detail: string;
      readonly httpStatus: number;
      readonly tier: string;
      readonly verdict: string;
    };

export interface FrontierCounts {
  readonly ready: number;
  readonly leased: number;
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  /** Seen, but deeper than the run goes. */
  readonly beyond: number;
}

/** A URL that gave no document, for reports and exports. */
export interface EndedUrl {
  readonly url: string;
  readonly state: "failed" | "skipped";
  readonly reason: FailureReason;
  readonly detail: string;
  readonly httpStatus: number;
  readonly tier: string;
  readonly verdict: string;
  readonly attempts: number;
  readonly finishedAt: number;
}

/**
 * Which URLs are known, which are next, and how each ended. Everything here is synchronous and belongs inside
 * `Database.write`, so that a page and its state become true together.
 */
export interface Frontier {
  /** Adds what this run has not seen. A URL found again nearer to a seed gets the smaller depth, and so does all that hangs on it. Gives how many were new. */
  add(
    run: number,
    urls: readonly NewUrl[],
    options: { readonly maxDepth: number; readonly from?: number },
  ): number;
  /**
   * Takes up to `limit` URLs that are due, shallow ones first, hosts in turn; none of a host before its `nextAt`.
   * A taken URL counts as leased until `leaseMs` from now.
   */
  claim(
    run: number,
    options: { readonly limit: number; readonly leaseMs: number; readonly now: number },
  ): ClaimedUrl[];
  /** @throws {LeaseLostError} When `claim` is not the latest taking of its URL. */
  finish(claim: ClaimedUrl, result: UrlResult, now: number): void;
  /** Back to ready, not before `dueAt`. With `countsAsAttempt` false (a busy host) the try is free. @throws {LeaseLostError} */
  release(claim: ClaimedUrl, dueAt: number, options: { readonly countsAsAttempt: boolean }): void;
  /** Lengthens the leases of what is still being worked on. */
  renew(claims: readonly ClaimedUrl[], leaseMs: number, now: number): void;
  /** Gives back what other, dead holders had taken; with `all` whatever is leased (at start, when this process owns the folder). */
  recover(now: number, options: { readonly all: boolean }): number;
  /** Sets the least time between takings of one host, and the earliest next one. */
  setHost(host: string, options: { readonly delayMs?: number; readonly notBefore?: number }): void;
  /** When the next URL of the run is due; undefined when none waits. */
  nextDueAt(run: number): number | undefined;
  counts(run: number): FrontierCounts;
  /** Counts by reason, failed and skipped together. */
  reasons(run: number): Readonly<Record<string, number>>;
  /** What gave no document, oldest first, a few at a time; of every run. */
  ended(): IterableIterator<EndedUrl>;
}
