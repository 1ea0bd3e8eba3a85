import type { RunContext } from "../context.ts";
import type { FailureReason, FetchedPage } from "../document.ts";

/** What to fetch. */
export interface FetchRequest {
  /** Absolute, http(s). */
  readonly url: string;
  /** From an earlier fetch of the same URL: makes the request conditional. */
  readonly etag?: string;
  readonly lastModified?: string;
  /** Take any content type; by default what is plainly no document is refused before its body is downloaded. */
  readonly acceptsAnyType?: boolean;
  /** Enough is this many bytes of the decompressed body: what is beyond is cut off, not an error (robots.txt). */
  readonly prefixBytes?: number;
  /** Asked before a redirect is followed; a refusal ends the fetch. Tiers that cannot ask leave it to the caller to look at `finalUrl`. */
  readonly onRedirect?: (target: URL) => Promise<NoPage | undefined>;
  /** Told when the request is on its way, once a hop: from then on the host is busy with it. */
  readonly onSent?: () => void;
}

/** One way to get a page, from a plain request up to a real browser. One file in `tiers/` each. */
export interface FetchTier extends AsyncDisposable {
  /** Shown in logs and kept with the page. */
  readonly name: string;
  /** What a fetch costs beside the cheapest tier's, in CPU: 1 for plain HTTP, about 60 for a headless shell. */
  readonly cost: number;
  /** True when it runs the page's scripts. */
  readonly isRendering: boolean;
  /**
   * Fetches once; retrying and moving up a tier are the ladder's job. Ends by `context.deadlineAt` whatever the page does.
   * @returns The page, whatever its HTTP status, or why there is none: expected outcomes are values.
   * @throws The reason of `context.signal`, when that was aborted from outside; {@link MissingError} when the tier cannot run on this machine.
   */
  fetch(request: FetchRequest, context: RunContext): Promise<FetchOutcome>;
}

/** No page, and why. */
export interface NoPage {
  readonly kind: "no-page";
  readonly reason: FailureReason;
  /** One sentence for people: what happened, to which thing. */
  readonly detail: string;
  /** True when the same request may work later: timeouts, resets, DNS trouble. */
  readonly isTransient: boolean;
}

export type FetchOutcome =
  | { readonly kind: "page"; readonly page: FetchedPage }
  | { readonly kind: "not-modified"; readonly finalUrl: string; readonly fetchedAt: number }
  | NoPage;
