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

/** The address a page turned out to have: where its redirects ended, or its canonical URL. */
export type FinalUrl = Pick<NewUrl, "key" | "url" | "host">;

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
      readonly httpStatus: number;
      readonly tier: string;
      readonly verdict: string;
      /** On the wire. */
      readonly bytes: number;
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

/** What a run's done URLs took. */
export interface FetchedCounts {
  /** Pages by the tier that fetched them. */
  readonly tiers: Readonly<Record<string, number>>;
  readonly bytes: number;
}

/** A URL that gave no document, for reports and exports. */
export interface EndedUrl {
  readonly id: number;
  /** The run that it failed in. */
  readonly run: number;
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
 *
 * A URL belongs to the latest run that wanted it: a new run takes over what older runs knew and fetches it again,
 * and what a newer run has taken counts as seen, so that two runs over one site both come to an end.
 */
export interface Frontier {
  /**
   * Adds what this run has not seen. A URL found again nearer to a seed gets the smaller depth, and so does all
   * that hangs on it, so that what lies within `maxDepth` does not depend on the order in which pages arrive: call
   * it for pages at `maxDepth` too, and with the same `maxDepth` throughout a run.
   * @param urls Links of one page, or seeds. With `from`, the depth counts from that URL as it is known now, where that is less.
   * @param options.from The page's id: of its claim, or of its {@link registerFinal}.
   * @returns How many became ready to be fetched.
   */
  add(
    run: number,
    urls: readonly NewUrl[],
    options: { readonly maxDepth: number; readonly from?: number },
  ): number;
  /**
   * Gives all URLs of an ended run to a new one, to be fetched again; those it covered have to be found again.
   * @returns How many it gave.
   */
  carryOver(from: number, to: number, options: { readonly maxDepth: number }): number;
  /**
   * Takes up to `limit` URLs that are due, shallow ones first, hosts in turn; none of a host before its time, and
   * one a turn of a host with a delay. A taken URL counts as leased until `leaseMs` from now.
   */
  claim(
    run: number,
    options: { readonly limit: number; readonly leaseMs: number; readonly now: number },
  ): ClaimedUrl[];
  /**
   * Notes that a claimed URL's page belongs to another address, which then needs no fetch of its own in this run.
   * Call it before {@link add}, and give `id` as `from` there: the page's links hang on its final address.
   * @returns `isDuplicate` when this run already has that page: end the claim as skipped, and store nothing.
   * @throws {LeaseLostError}
   */
  registerFinal(
    claim: ClaimedUrl,
    final: FinalUrl,
    options: { readonly maxDepth: number; readonly now: number },
  ): { readonly id: number; readonly isDuplicate: boolean };
  /** @throws {LeaseLostError} When `claim` is not the latest taking of its URL, or another page covers it by now: drop the result. */
  finish(claim: ClaimedUrl, result: UrlResult, now: number): void;
  /** Back to ready, not before `dueAt`. With `countsAsAttempt` false (a busy host) the try is free. @throws {LeaseLostError} */
  release(claim: ClaimedUrl, dueAt: number, options: { readonly countsAsAttempt: boolean }): void;
  /** Lengthens the leases of what is still being worked on; what passed to another holder stays there. */
  renew(claims: readonly ClaimedUrl[], leaseMs: number, now: number): void;
  /**
   * Gives back what other, dead holders had taken; with `all` whatever is leased (at start, when this process owns
   * the folder). A URL whose worker died {@link maxCrashes} times in a row fails with reason "crash".
   * @returns How many were given back or failed.
   */
  recover(now: number, options: { readonly all: boolean }): number;
  /** Sets the least time between takings of one host, and the earliest next one; a host's time never moves nearer. */
  setHost(host: string, options: { readonly delayMs?: number; readonly notBefore?: number }): void;
  /** When the next URL of the run is due; undefined when none waits. */
  nextDueAt(run: number): number | undefined;
  /** Of the run's URLs; those that another URL's page covers are not counted. */
  counts(run: number): FrontierCounts;
  /** Failed URLs of every run. */
  failed(): number;
  /** Counts by reason, failed and skipped together. */
  reasons(run: number): Readonly<Record<string, number>>;
  /** The run's done URLs by tier, and their bytes. */
  fetched(run: number): FetchedCounts;
  /** How many pages link to the URL; without a depth limit, one that is read again after {@link carryOver} counts again. */
  inLinks(key: string): number;
  /** What gave no document, oldest first, a few at a time; of every run. @param options.after Where to go on: the last one seen. */
  ended(options?: { readonly after?: Pick<EndedUrl, "id" | "finishedAt"> }): IterableIterator<EndedUrl>;
  /** One URL that gave no document; undefined when it is not, or no longer, one. */
  endedUrl(id: number): EndedUrl | undefined;
  /** Makes failed URLs ready again in their run, with all their tries. Gives the ids of those that were failed. */
  replay(ids: readonly number[], now: number): number[];
  /** Lets failed URLs be: from now on they count as skipped, for the reason they failed. Gives how many. */
  dismiss(ids: readonly number[]): number;
}

/**
 * Deaths of the process that a URL may be under way in, in a row, before it is given up. So many because a process dies
 * of other things than a page, which is read in a thread and rendered in a process of its own: who interrupts a crawl
 * twenty times loses no page. What was under way is taken last the next time, so a page that does kill holds up no other.
 */
export const maxCrashes = 25;
