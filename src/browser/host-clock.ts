import { isIP } from "node:net";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import { unlessAborted } from "../deadline.ts";
import { nonGlobalKind } from "./egress-guard.ts";
import type { Lessons } from "./lessons.ts";

/** How politely hosts are asked. */
export const HostClockOptions = z.strictObject({
  perHostDelayMs: z
    .int()
    .min(0)
    .optional()
    .describe(
      "Least time between two requests to one host; unless given 250, and 0 for hosts on this machine",
    ),
  maxCrawlDelayMs: z
    .int()
    .min(0)
    .default(30_000)
    .describe("Longest Crawl-delay of a robots.txt that is obeyed in full"),
  maxRetryAfterMs: z.int().min(0).default(600_000).describe("Longest Retry-After that is waited for"),
  firstPenaltyMs: z
    .int()
    .min(1)
    .default(1_000)
    .describe(
      "Pause after a first 429 or 503 without Retry-After; doubled each time, halved by each success",
    ),
});
export type HostClockOptions = z.output<typeof HostClockOptions>;

/** Four requests a second to one host: what a server does not notice. Hosts on this machine are the user's own. */
const defaultDelayMs = 250;

/** Multiplicative slowing, gentle recovery, as TCP does (RFC 5681): a host's true pace is found within a few refusals. */
const firstSlowdownMs = 250;
const maxSlowdownMs = 30_000;
const recovery = 0.8;

const Lesson = z.strictObject({
  slowdownMs: z.number().min(0).max(maxSlowdownMs),
  notBefore: z.number().min(0),
});

/** One permission to send. Tell it when the request is on its way; disposing it does so at the latest. */
export interface Turn extends Disposable {
  sent(): void;
}

interface HostState {
  crawlDelayMs: number;
  /** When the last request went out; no request before this plus the delay. */
  lastSentAt: number;
  /** What the host asked for. */
  notBefore: number;
  penaltyMs: number;
  /** A gap of its own for a host that refused: doubled by each refusal, shrinking with each good answer. */
  slowdownMs: number;
  /** Its latest answer was a 429 or 503. */
  isRefusing: boolean;
  waiting: number;
  /** Resolves when the turn before is over. */
  queue: Promise<void>;
}

/** Hosts remembered; the longest unused and idle is forgotten first. */
const maxHosts = 10_000;

const freeTurn: Turn = { sent() {}, [Symbol.dispose]() {} };

/**
 * When each host may be asked next. Turns of a host come one after another, counted from when requests really go out,
 * so a slow connection does not let two of them arrive together.
 */
export class HostClock implements Lessons {
  readonly name = "host";
  readonly #clock: Clock;
  readonly #options: HostClockOptions;
  readonly #hosts = new Map<string, HostState>();
  /** Hosts whose own pace changed since they were last asked for. */
  readonly #changed = new Set<string>();

  constructor(deps: { readonly clock: Clock }, options: HostClockOptions) {
    this.#clock = deps.clock;
    this.#options = options;
  }

  /**
   * Waits until `host` (`host:port`) may be asked.
   * @throws The reason of `signal`; the place in the queue is given up then.
   */
  async take(host: string, signal?: AbortSignal): Promise<Turn> {
    const state = this.#stateOf(host);
    signal?.throwIfAborted();
    if (this.#delayOf(host, state) === 0 && state.waiting === 0 && state.notBefore <= this.#clock.now()) {
      return freeTurn;
    }
    const before = state.queue;
    const { promise: isOver, resolve: release } = Promise.withResolvers<void>();
    state.queue = before.then(() => isOver);
    state.waiting += 1;
    const leave = () => {
      state.waiting -= 1;
      release();
    };
    try {
      await unlessAborted(before, signal);
      for (;;) {
        const waitMs = this.#dueAt(host, state) - this.#clock.now();
        if (waitMs <= 0) break;
        await this.#clock.sleep(waitMs, signal);
      }
    } catch (error) {
      leave();
      throw error;
    }
    let isTaken = true;
    const sent = () => {
      if (!isTaken) return;
      isTaken = false;
      state.lastSentAt = this.#clock.now();
      leave();
    };
    return { sent, [Symbol.dispose]: sent };
  }

  /** When a request that came now would be let through; in the past when at once. */
  notBefore(host: string): number {
    const state = this.#hosts.get(host);
    if (state === undefined) return 0;
    return this.#dueAt(host, state) + state.waiting * this.#delayOf(host, state);
  }

  /** The least gap that holds for a host now. */
  delayMs(host: string): number {
    return this.#delayOf(host, this.#stateOf(host));
  }

  /** Takes over a Crawl-delay of the host's robots.txt. */
  setCrawlDelay(host: string, milliseconds: number): void {
    this.#stateOf(host).crawlDelayMs = Math.min(Math.max(0, milliseconds), this.#options.maxCrawlDelayMs);
  }

  /**
   * The host answered 429 or 503.
   * @param retryAfter Its Retry-After header, where it sent one.
   * @returns When to ask for the same page again.
   */
  refused(host: string, status: number, retryAfter: string | undefined): number {
    const state = this.#stateOf(host);
    this.#changed.add(host);
    const now = this.#clock.now();
    const askedMs = parseRetryAfter(retryAfter, now);
    // Requests that were on their way when the host first refused are refused too: one burst, one lesson.
    if (now >= state.notBefore) this.#slowDown(state, askedMs === undefined);
    const until = now + Math.min(askedMs ?? state.penaltyMs, this.#options.maxRetryAfterMs);
    // A lone 503 among good answers is one broken page, not a tired host: only that page waits.
    const isPageTrouble = status === 503 && askedMs === undefined && !state.isRefusing;
    if (isPageTrouble) state.slowdownMs = 0;
    else state.notBefore = Math.max(state.notBefore, until);
    state.isRefusing = true;
    return Math.max(until, state.notBefore);
  }

  changed(): ReadonlyMap<string, unknown> {
    const lessons = new Map(
      Array.from(this.#changed, (host) => {
        const { slowdownMs = 0, notBefore = 0 } = this.#hosts.get(host) ?? {};
        const isSlow = slowdownMs > 0 || notBefore > this.#clock.now();
        return [host, isSlow ? { slowdownMs, notBefore: Math.max(0, notBefore) } : undefined] as const;
      }),
    );
    this.#changed.clear();
    return lessons;
  }

  restore(host: string, value: unknown): void {
    const lesson = Lesson.safeParse(value);
    if (!lesson.success || this.#hosts.size >= maxHosts) return;
    const state = this.#stateOf(host);
    state.slowdownMs = lesson.data.slowdownMs;
    state.notBefore = Math.min(lesson.data.notBefore, this.#clock.now() + this.#options.maxRetryAfterMs);
  }

  #slowDown(state: HostState, isPauseOurs: boolean): void {
    state.slowdownMs = Math.min(Math.max(state.slowdownMs * 2, firstSlowdownMs), maxSlowdownMs);
    if (!isPauseOurs) return;
    const doubled = Math.max(state.penaltyMs * 2, this.#options.firstPenaltyMs);
    state.penaltyMs = Math.min(doubled, this.#options.maxRetryAfterMs);
  }

  /** The host gave an answer it had no trouble with. */
  succeeded(host: string): void {
    const state = this.#hosts.get(host);
    if (state === undefined) return;
    state.isRefusing = false;
    if (state.slowdownMs > 0) this.#changed.add(host);
    state.slowdownMs = state.slowdownMs < firstSlowdownMs / 2 ? 0 : state.slowdownMs * recovery;
    const halved = state.penaltyMs / 2;
    state.penaltyMs = halved < this.#options.firstPenaltyMs ? 0 : halved;
  }

  #dueAt(host: string, state: HostState): number {
    const delayMs = this.#delayOf(host, state);
    // The clock counts whole milliseconds, downwards; one more keeps the gap whole.
    return Math.max(state.notBefore, delayMs === 0 ? 0 : state.lastSentAt + delayMs + 1);
  }

  #delayOf(host: string, state: HostState): number {
    const ownDelayMs = this.#options.perHostDelayMs ?? (isOnThisMachine(host) ? 0 : defaultDelayMs);
    return Math.max(ownDelayMs, state.crawlDelayMs, state.slowdownMs);
  }

  #stateOf(host: string): HostState {
    let state = this.#hosts.get(host);
    if (state === undefined) {
      if (this.#hosts.size >= maxHosts) this.#forgetOne();
      state = {
        crawlDelayMs: 0,
        lastSentAt: Number.NEGATIVE_INFINITY,
        notBefore: Number.NEGATIVE_INFINITY,
        penaltyMs: 0,
        slowdownMs: 0,
        isRefusing: false,
        waiting: 0,
        queue: Promise.resolve(),
      };
      this.#hosts.set(host, state);
    }
    return state;
  }

  #forgetOne(): void {
    const now = this.#clock.now();
    for (const [host, state] of this.#hosts) {
      if (state.waiting === 0 && this.#dueAt(host, state) <= now) {
        this.#hosts.delete(host);
        this.#changed.delete(host);
        return;
      }
    }
  }
}

/**
 * Reads Retry-After: seconds or an HTTP date; a past date means now.
 * @returns Milliseconds from `now`, or undefined where the header is missing or says nothing.
 * @see RFC 9110, section 10.2.3.
 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  const value = header?.trim() ?? "";
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  // Date.parse takes much that is no date ("-5", "2"); a date has its month's name (RFC 9110, 5.6.7).
  if (!/[a-z]{3}/i.test(value)) return undefined;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function isOnThisMachine(host: string): boolean {
  const name = host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  return name === "localhost" || (isIP(name) !== 0 && nonGlobalKind(name) === "loopback");
}
