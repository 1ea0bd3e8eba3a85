import type { Clock } from "../clock.ts";
import type { RunContext } from "../context.ts";
import type { FailureReason, FetchedPage, Verdict } from "../document.ts";
import { MissingError } from "../errors.ts";
import type { EgressGuard } from "./egress-guard.ts";
import { escalate } from "./escalate.ts";
import type { FetchOutcome, FetchRequest, FetchTier, NoPage } from "./fetch-tier.ts";
import type { HostClock, Turn } from "./host-clock.ts";
import { HostGate } from "./host-gate.ts";
import { isOutOfTime, withinDeadline } from "./page-deadline.ts";
import type { Robots } from "./robots.ts";
import { TierMemory } from "./tier-memory.ts";
import { hostOf } from "./url.ts";
import { reasonOf } from "./verdict-reason.ts";

/** One tier's try. */
export interface Attempt {
  readonly tier: string;
  /** The verdict's kind, or the reason why there was no page. */
  readonly verdict: string;
  readonly ms: number;
}

/** Reads and judges a page; the ladder itself knows nothing of content. May take the body's buffer for itself. */
export type Assess<T> = (
  page: FetchedPage,
  context: RunContext,
) => Promise<{ readonly verdict: Verdict; readonly value: T }>;

/** What came of climbing for one URL. */
export type LadderOutcome<T> =
  | {
      readonly kind: "page";
      readonly page: FetchedPage;
      readonly value: T;
      readonly verdict: Verdict;
      /** Why the page is not to be kept; undefined when its verdict is ok. */
      readonly reason: FailureReason | undefined;
      readonly attempts: readonly Attempt[];
    }
  | {
      readonly kind: "not-modified";
      readonly finalUrl: string;
      readonly fetchedAt: number;
      readonly attempts: readonly Attempt[];
    }
  /** The host is busy: come back, and do not count this as a try. */
  | {
      readonly kind: "deferred";
      readonly untilMs: number;
      readonly why: string;
      /** What the page counts as when it was waited for too long; "rate limited" unless given. */
      readonly reason?: FailureReason;
      readonly attempts: readonly Attempt[];
    }
  | (NoPage & { readonly attempts: readonly Attempt[] });

type PageOutcome<T> = Extract<LadderOutcome<T>, { kind: "page" }>;

/** A page is given up when its busy host put it off so often... */
const maxHostDeferrals = 5;
/** ...or when it answered a bare 503 so often. */
const maxPageDeferrals = 2;
const maxDeferredUrls = 10_000;
interface Climb<T> {
  readonly request: FetchRequest;
  readonly assess: Assess<T>;
  readonly context: RunContext;
  readonly attempts: Attempt[];
}

/**
 * Gets a page at the least cost that works: asks guard, robots.txt and the host's clock, then climbs from tier to tier
 * as long as the verdict says that a better browser would help.
 */
export class FetchLadder {
  readonly #tiers: readonly FetchTier[];
  readonly #clock: Clock;
  readonly #hostClock: HostClock;
  readonly #gate: HostGate;
  readonly #onAttempt: (url: string, attempt: Attempt) => void;
  readonly #memory: TierMemory;
  readonly #deferrals = new Map<string, number>();
  /** Tiers this machine cannot run, with what to install. */
  readonly #missing = new Map<string, string>();

  /** @param deps.tiers Cheapest first; they stay the caller's to close. */
  constructor(deps: {
    readonly tiers: readonly FetchTier[];
    readonly clock: Clock;
    readonly hostClock: HostClock;
    readonly robots: Robots;
    readonly guard: EgressGuard;
    readonly memory?: TierMemory;
    readonly onAttempt?: (url: string, attempt: Attempt) => void;
  }) {
    this.#tiers = deps.tiers;
    this.#clock = deps.clock;
    this.#hostClock = deps.hostClock;
    this.#gate = new HostGate(deps);
    this.#memory = deps.memory ?? new TierMemory();
    this.#onAttempt = deps.onAttempt ?? (() => {});
  }

  /**
   * Fetches one URL. Ends by `context.deadlineAt` even when a tier does not.
   * @throws The reason of `context.signal` when the work was cancelled; {@link MissingError} when no tier can run here.
   */
  async fetch<T>(request: FetchRequest, assess: Assess<T>, context: RunContext): Promise<LadderOutcome<T>> {
    context.signal.throwIfAborted();
    const climb: Climb<T> = { request, assess, context, attempts: [] };
    try {
      return await withinDeadline(this.#climb(climb), context, this.#clock);
    } catch (error) {
      if (!isOutOfTime(error, context)) throw error;
      const detail = `${request.url} was not done when its time was up.`;
      return { kind: "no-page", reason: "timeout", detail, isTransient: true, attempts: climb.attempts };
    }
  }

  async #climb<T>(climb: Climb<T>): Promise<LadderOutcome<T>> {
    const { request } = climb;
    let best: PageOutcome<T> | undefined;
    let index = this.#firstTier(request);
    for (;;) {
      const tier = this.#tiers[index];
      if (tier === undefined)
        throw new MissingError("A way to fetch pages", "is needed: configure at least one tier.");
      const result = await this.#try(tier, climb);
      if (result.kind === "missing") {
        if (best !== undefined) return withHint(best, result.error.message);
        if (index === 0) throw result.error;
        index = 0;
        continue;
      }
      if (result.kind !== "page") return result;
      this.#memory.note(request.url, tier.isRendering, result.verdict.kind);
      best = result;
      const next = escalate(result.verdict, index, this.#tiers);
      if (next === undefined) return result;
      const missing = this.#missing.get(this.#tiers[next]?.name ?? "");
      if (missing !== undefined) return withHint(result, missing);
      index = next;
    }
  }

  #firstTier(request: FetchRequest): number {
    // A conditional request asks the cheap tier first: a 304 spares the browser.
    if (request.etag !== undefined || request.lastModified !== undefined) return 0;
    const rendering = this.#tiers.findIndex((tier) => tier.isRendering && !this.#missing.has(tier.name));
    return rendering > 0 && this.#memory.startsRendering(request.url) ? rendering : 0;
  }

  async #try<T>(
    tier: FetchTier,
    climb: Climb<T>,
  ): Promise<LadderOutcome<T> | { readonly kind: "missing"; readonly error: MissingError }> {
    const { request, context, attempts } = climb;
    const gate = await this.#gate.pass(new URL(request.url), { canDefer: attempts.length === 0 }, context);
    if (gate.kind !== "turn") return { ...gate, attempts };
    const turns: Turn[] = [gate.turn];
    const startedAt = this.#clock.now();
    const note = (verdict: string) => {
      const attempt = { tier: tier.name, verdict, ms: this.#clock.now() - startedAt };
      attempts.push(attempt);
      this.#onAttempt(request.url, attempt);
    };
    let fetched: FetchOutcome;
    try {
      fetched = await tier.fetch(
        {
          ...request,
          onSent: () => turns.at(-1)?.sent(),
          onRedirect: async (target) => {
            const refusal = await request.onRedirect?.(target);
            if (refusal !== undefined) return refusal;
            const next = await this.#gate.pass(target, { canDefer: false }, context);
            if (next.kind === "no-page") return next;
            if (next.kind === "turn") turns.push(next.turn);
            return undefined;
          },
        },
        context,
      );
    } catch (error) {
      if (!(error instanceof MissingError)) throw error;
      this.#missing.set(tier.name, error.message);
      return { kind: "missing", error };
    } finally {
      for (const turn of turns) turn[Symbol.dispose]();
    }
    if (fetched.kind === "no-page") {
      note(fetched.reason);
      return { ...fetched, attempts };
    }
    if (fetched.kind === "not-modified") {
      this.#hostClock.succeeded(hostOf(fetched.finalUrl));
      note("not-modified");
      return { ...fetched, attempts };
    }
    // Tiers that render follow redirects by themselves; what robots.txt keeps to itself is not kept here either.
    const { finalUrl } = fetched.page;
    const refusal =
      tier.isRendering && finalUrl !== request.url
        ? await this.#gate.checkRobots(new URL(finalUrl), context)
        : undefined;
    if (refusal !== undefined) {
      note(refusal.reason);
      return { ...refusal, attempts };
    }
    return await this.#judge(climb, fetched.page, note);
  }

  async #judge<T>(
    climb: Climb<T>,
    page: FetchedPage,
    note: (verdict: string) => void,
  ): Promise<LadderOutcome<T>> {
    const { request, attempts } = climb;
    const host = hostOf(page.finalUrl);
    const isBusy = page.httpStatus === 429 || page.httpStatus === 503;
    const retryAfter = page.headers["retry-after"];
    // A 429 or a Retry-After speaks of the host; a bare 503 may as well be one broken page.
    const mostDeferrals =
      page.httpStatus === 429 || retryAfter !== undefined ? maxHostDeferrals : maxPageDeferrals;
    const mayDefer = isBusy && (this.#deferrals.get(request.url) ?? 0) < mostDeferrals;
    if (mayDefer && retryAfter !== undefined) return this.#defer(climb, host, page, note);
    const { verdict, value } = await climb.assess(page, climb.context);
    // Without Retry-After it may be a wall, which a browser may pass.
    if (mayDefer && verdict.kind !== "blocked") return this.#defer(climb, host, page, note);
    if (!isBusy) this.#hostClock.succeeded(host);
    this.#deferrals.delete(request.url);
    note(verdict.kind);
    return { kind: "page", page, value, verdict, reason: reasonOf(verdict, page), attempts };
  }

  #defer<T>(
    { request, attempts }: Climb<T>,
    host: string,
    page: FetchedPage,
    note: (verdict: string) => void,
  ): LadderOutcome<T> {
    if (this.#deferrals.size >= maxDeferredUrls) this.#deferrals.clear();
    this.#deferrals.set(request.url, (this.#deferrals.get(request.url) ?? 0) + 1);
    const untilMs = this.#hostClock.refused(host, page.httpStatus, page.headers["retry-after"]);
    note("rate-limited");
    return { kind: "deferred", untilMs, why: `${host} answered ${page.httpStatus}`, attempts };
  }
}

/** The page as it is, with what would have helped. */
function withHint<T>(outcome: PageOutcome<T>, hint: string): PageOutcome<T> {
  const evidence = `${outcome.verdict.evidence}. ${hint}`;
  return { ...outcome, verdict: { ...outcome.verdict, evidence } };
}
