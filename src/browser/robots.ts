import robotsParserModule from "robots-parser";
import type { Clock } from "../clock.ts";
import { type RunContext, childContext, rootContext } from "../context.ts";
import { unlessAborted } from "../deadline.ts";
import { TimeoutError } from "../errors.ts";
import type { FetchTier, NoPage } from "./fetch-tier.ts";
import type { HostClock } from "./host-clock.ts";
import { hostOf } from "./url.ts";

// Its types promise a default export that its CommonJS code does not have: the module is the function.
const robotsParser = robotsParserModule as unknown as typeof robotsParserModule.default;

/** What a robots.txt says about one URL. */
export type RobotsVerdict =
  | { readonly kind: "allowed" }
  | { readonly kind: "disallowed"; readonly detail: string }
  /** robots.txt could not be had, so nothing may be fetched for now. */
  | { readonly kind: "unreachable"; readonly cause: NoPage };

interface Rules {
  readonly kind: "rules";
  readonly parsed: ReturnType<typeof robotsParser>;
  readonly sitemaps: readonly string[];
  readonly expiresAt: number;
}

interface Unreachable {
  readonly kind: "unreachable";
  readonly cause: NoPage;
  readonly failures: number;
  readonly expiresAt: number;
}

/** RFC 9309, 2.4: a cached copy is used no longer than a day. */
const cacheMs = 24 * 3_600_000;
/** RFC 9309, 2.5: at least 500 KiB are parsed. */
const maxBytes = 500 * 1_024;
/** RFC 9309, 2.3.1.2: at least five redirects are followed. */
const maxRedirects = 5;
const firstRetryMs = 5_000;
const maxRetryMs = 600_000;
const fetchTimeoutMs = 30_000;
/** A line that long names no path; google/robotstxt cuts at about the same length. */
const maxLineLength = 2_083 * 8;
const maxOrigins = 10_000;

/**
 * The robots.txt files of all origins met: fetched once each through the plain HTTP tier, kept for a day.
 * @see RFC 9309. Longest match and equal groups are robots-parser's work; its table test is ours.
 */
export class Robots implements AsyncDisposable {
  readonly #tier: FetchTier;
  readonly #clock: Clock;
  readonly #hostClock: HostClock;
  readonly #options: { readonly userAgent: string; readonly isObeyed: boolean };
  readonly #known = new Map<string, Rules | Unreachable>();
  readonly #inFlight = new Map<string, Promise<Rules | Unreachable>>();
  readonly #closing = new AbortController();

  constructor(
    deps: { readonly tier: FetchTier; readonly clock: Clock; readonly hostClock: HostClock },
    options: { readonly userAgent: string; readonly isObeyed: boolean },
  ) {
    this.#tier = deps.tier;
    this.#clock = deps.clock;
    this.#hostClock = deps.hostClock;
    this.#options = options;
  }

  /** Judges a URL, after fetching its origin's robots.txt where that is not known yet. */
  async check(url: string | URL, context: RunContext): Promise<RobotsVerdict> {
    if (!this.#options.isObeyed) return { kind: "allowed" };
    const target = new URL(url);
    const known = await this.#rulesOf(target.origin, context);
    if (known.kind === "unreachable") return { kind: "unreachable", cause: known.cause };
    const isAllowed = known.parsed.isAllowed(target.href, this.#options.userAgent) ?? true;
    if (isAllowed) return { kind: "allowed" };
    const line = known.parsed.getMatchingLineNumber(target.href, this.#options.userAgent);
    return {
      kind: "disallowed",
      detail: `Disallowed by line ${line} of the rules in ${target.origin}/robots.txt.`,
    };
  }

  /** The sitemaps an origin's robots.txt lists, absolute; none where it cannot be had. Works also where robots are not obeyed. */
  async sitemaps(origin: string, context: RunContext): Promise<readonly string[]> {
    const known = await this.#rulesOf(new URL(origin).origin, context);
    return known.kind === "rules" ? known.sitemaps : [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error("robots closed"));
    await Promise.allSettled(this.#inFlight.values());
  }

  async #rulesOf(origin: string, context: RunContext): Promise<Rules | Unreachable> {
    context.signal.throwIfAborted();
    const known = this.#known.get(origin);
    if (known !== undefined && known.expiresAt > this.#clock.now()) return known;
    const fetching = this.#inFlight.get(origin) ?? this.#start(origin, known);
    return await unlessAborted(fetching, context.signal);
  }

  /** One fetch an origin, however many pages wait for it; it lives by its own deadline, not by that of the first to ask. */
  #start(origin: string, before: Rules | Unreachable | undefined): Promise<Rules | Unreachable> {
    const fetching = this.#fetch(origin, before).finally(() => this.#inFlight.delete(origin));
    // Whoever waits sees the error; when all of them have left, nobody needs it.
    fetching.catch(() => {});
    this.#inFlight.set(origin, fetching);
    return fetching;
  }

  async #fetch(origin: string, before: Rules | Unreachable | undefined): Promise<Rules | Unreachable> {
    const url = `${origin}/robots.txt`;
    using context = childContext(
      rootContext(`robots ${origin}`, this.#closing.signal),
      fetchTimeoutMs,
      `robots ${origin}`,
      () => new TimeoutError(`Fetching ${url}`, fetchTimeoutMs),
    );
    const host = hostOf(origin);
    using turn = await this.#hostClock.take(host, context.signal);
    let redirects = 0;
    const onRedirect = async (): Promise<NoPage | undefined> => {
      redirects += 1;
      return redirects > maxRedirects ? tooManyRedirects : undefined;
    };
    const outcome = await this.#tier.fetch(
      { url, acceptsAnyType: true, prefixBytes: maxBytes, onRedirect, onSent: () => turn.sent() },
      context,
    );
    if (outcome.kind === "page" && (outcome.page.httpStatus === 429 || outcome.page.httpStatus === 503)) {
      this.#hostClock.refused(host, outcome.page.httpStatus, outcome.page.headers["retry-after"]);
    }
    const known = this.#read(origin, outcome, before);
    if (this.#known.size >= maxOrigins) this.#known.delete(this.#known.keys().next().value ?? "");
    this.#known.set(origin, known);
    const delay = known.kind === "rules" ? known.parsed.getCrawlDelay(this.#options.userAgent) : undefined;
    if (delay !== undefined && this.#options.isObeyed) this.#hostClock.setCrawlDelay(host, delay * 1_000);
    return known;
  }

  #read(
    origin: string,
    outcome: Awaited<ReturnType<FetchTier["fetch"]>>,
    before: Rules | Unreachable | undefined,
  ): Rules | Unreachable {
    const status = outcome.kind === "page" ? outcome.page.httpStatus : 0;
    if (outcome.kind === "page" && status < 500 && status !== 429) {
      // RFC 9309, 2.3.1.3: any 4xx means that there are no rules.
      const text = status >= 200 && status < 300 ? decodeRobots(outcome.page.body) : "";
      return { ...parseRobots(origin, text), expiresAt: this.#clock.now() + cacheMs };
    }
    // Redirects without end are a file that is not there (2.3.1.2).
    if (outcome.kind === "no-page" && outcome.reason === "redirect loop") {
      return { ...parseRobots(origin, ""), expiresAt: this.#clock.now() + cacheMs };
    }
    const failures = before?.kind === "unreachable" ? before.failures + 1 : 1;
    const retryMs = Math.min(firstRetryMs * 2 ** (failures - 1), maxRetryMs);
    return {
      kind: "unreachable",
      cause: unreachableCause(origin, outcome.kind === "no-page" ? outcome : status),
      failures,
      expiresAt: this.#clock.now() + retryMs,
    };
  }
}

const tooManyRedirects: NoPage = {
  kind: "no-page",
  reason: "redirect loop",
  detail: `robots.txt redirects more than ${maxRedirects} times.`,
  isTransient: false,
};

/** A dead host keeps its own reason: "robots" is for hosts that answer, yet not with their rules. */
function unreachableCause(origin: string, why: NoPage | number): NoPage {
  if (typeof why !== "number" && why.reason !== "timeout") return why;
  const what = typeof why === "number" ? `answers ${why}` : "does not answer in time";
  const detail = `${origin}/robots.txt ${what}, so nothing of this host may be fetched for now (RFC 9309).`;
  return { kind: "no-page", reason: "robots", detail, isTransient: true };
}

/** UTF-8 unless a byte order mark says UTF-16. */
function decodeRobots(body: Uint8Array): string {
  const encoding =
    body[0] === 0xff && body[1] === 0xfe
      ? "utf-16le"
      : body[0] === 0xfe && body[1] === 0xff
        ? "utf-16be"
        : "utf-8";
  const text = new TextDecoder(encoding).decode(body);
  // An HTML page in its place, as some servers give for whatever they do not have, holds no rules.
  return /^\s*</.test(text) ? "" : text;
}

/** Reads the rules of one origin. Exported for its table test. */
export function parseRobots(origin: string, text: string): Omit<Rules, "expiresAt"> {
  const groupLines: string[] = [];
  const sitemaps: string[] = [];
  for (const line of text.split(/\r\n|\r|\n/)) {
    const [, name = "", value = ""] = /^\s*([a-z-]+)\s*:\s*([^#]*)/i.exec(line.slice(0, maxLineLength)) ?? [];
    const field = name.toLowerCase();
    if (field === "sitemap") {
      const listed = URL.parse(value.trim(), origin);
      if (listed !== null) sitemaps.push(listed.href);
    }
    // robots-parser ends a run of user-agent lines at any other line, also at ones that belong to no group
    // (RFC 9309, 2.2.4); it is given only lines that belong to one. Emptied, so that line numbers stay true.
    const isGroupLine = /^(?:user-agent|allow|disallow|crawl-delay)$/.test(field);
    groupLines.push(isGroupLine && line.length <= maxLineLength ? line.replaceAll(/\*{2,}/g, "*") : "");
  }
  return { kind: "rules", parsed: robotsParser(`${origin}/robots.txt`, groupLines.join("\n")), sitemaps };
}
