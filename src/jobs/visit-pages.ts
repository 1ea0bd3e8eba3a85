import type { Finding } from "../agents/finding.ts";
import type { Scope } from "../browser/scope.ts";
import { BudgetError } from "../budget.ts";
import type { RunContext } from "../context.ts";
import type { ClaimedUrl } from "../coordination/frontier.ts";
import { DegradedError } from "../coordination/pools/pool-errors.ts";
import type { Run } from "../coordination/runs.ts";
import { LeaseLostError, StoreError, TimeoutError, messageOf } from "../errors.ts";
import type { CrawlFloor } from "./crawl-floor.ts";
import type { CrawlOptions } from "./crawl-options.ts";
import { recordFinding } from "./record-finding.ts";

/** A claim outlives the page's own deadline by this much, so a live worker never loses it. */
const leaseMarginMs = 30_000;
/** A URL that is due but held back (its host's turn is not up) is looked at again this much later. */
const leastWaitMs = 5;
/** However quiet it is, the queue is looked at so often: nothing waits on a wake-up that never came. */
const longestWaitMs = 5_000;

/** The pages of one crawl: takes URLs, sends researchers, records what they bring. */
export class PageVisits {
  readonly #floor: CrawlFloor;
  readonly #run: Run;
  readonly #options: CrawlOptions;
  readonly #context: RunContext;
  readonly #scope: Scope;
  readonly #underWay = new Set<Promise<void>>();
  readonly #waitingSince = new Map<string, number>();
  #onChange = () => {};
  #failure: { readonly error: unknown } | undefined;

  constructor(floor: CrawlFloor, scope: Scope, run: Run, options: CrawlOptions, context: RunContext) {
    this.#floor = floor;
    this.#run = run;
    this.#options = options;
    this.#context = context;
    this.#scope = scope;
  }

  /** True once as many pages are indexed as were asked for. */
  get isFull(): boolean {
    return this.#floor.coordination.frontier.counts(this.#run.id).done >= this.#options.maxPages;
  }

  /** Looks for URLs now: some were added. */
  wake(): void {
    this.#onChange();
  }

  /**
   * Runs until no URL of the run waits or is under way and no `source` of more is left, or the page limit is reached.
   * @param source Ends when whatever else finds URLs (sitemaps) has ended.
   * @throws The first failure that is not a page's own; the signal's reason.
   */
  async finish(source: Promise<unknown>, signal: AbortSignal): Promise<void> {
    let isMoreToCome = true;
    signal.addEventListener("abort", () => this.wake(), { once: true });
    source
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        isMoreToCome = false;
        this.wake();
      });
    while (!this.#isOver() && !signal.aborted) {
      if ((await this.#take()) > 0) continue;
      const isDueLater = this.#floor.coordination.frontier.nextDueAt(this.#run.id) !== undefined;
      const isWaiting = (isMoreToCome || isDueLater) && !this.isFull;
      if (this.#underWay.size === 0 && !isWaiting) break;
      await this.#change();
    }
    await Promise.all(this.#underWay);
    signal.throwIfAborted();
    if (!this.#failure) return;
    const { error } = this.#failure;
    this.#failure = undefined; // who calls it again tries again
    throw error;
  }

  /** Takes as many URLs as there are free hands and pages left to fetch. */
  async #take(): Promise<number> {
    if (this.#freeHands() === 0) return 0;
    const claims = await this.#floor.database.write(() =>
      this.#floor.coordination.frontier.claim(this.#run.id, {
        limit: this.#freeHands(),
        leaseMs: this.#options.pageTimeoutMs + leaseMarginMs,
        now: this.#floor.clock.now(),
      }),
    );
    for (const claim of claims) this.#start(claim);
    return claims.length;
  }

  /** Pages that may still be taken: hands that are free, and no more than the page limit leaves. */
  #freeHands(): number {
    const { done } = this.#floor.coordination.frontier.counts(this.#run.id);
    const most = Math.min(this.#floor.hands(), this.#options.maxPages - done);
    return Math.max(0, most - this.#underWay.size);
  }

  #start(claim: ClaimedUrl): void {
    const work = this.#visit(claim)
      .catch((error: unknown) => {
        this.#fail(error);
        return this.#giveBack(claim);
      })
      .finally(() => {
        this.#underWay.delete(work);
        this.#onChange();
      });
    this.#underWay.add(work);
  }

  /** One page: fetched, read, judged, and recorded in one transaction. */
  async #visit(claim: ClaimedUrl): Promise<void> {
    const { database, archive, researcher, clock } = this.#floor;
    const startedAt = clock.now();
    const validators = archive.validators(claim.key);
    // A researcher's time counts from when it begins: a page does not pay for those before it that hang.
    const context = { ...this.#context, trace: `run/${this.#run.id}/${claim.id}` };
    const errand = {
      url: claim.url,
      ...(validators?.etag ? { etag: validators.etag } : {}),
      ...(validators?.lastModified ? { lastModified: validators.lastModified } : {}),
    };
    const finding = await researcher
      .run(errand, context)
      .catch((error: unknown) => this.#asFinding(claim, error));
    const events = await database.write(() =>
      recordFinding(
        {
          ...this.#floor,
          run: this.#run,
          options: this.#options,
          scope: this.#scope,
          waitingSince: this.#waitingSince,
        },
        claim,
        finding,
        startedAt,
      ),
    );
    for (const event of events) this.#floor.events.emit(event);
  }

  /** A page that breaks its reader or runs out of time is that page's failure; anything wider ends the crawl. */
  #asFinding(claim: ClaimedUrl, error: unknown): Finding {
    this.#context.signal.throwIfAborted();
    if (error instanceof StoreError || error instanceof DegradedError || error instanceof BudgetError)
      throw error;
    const isLate = error instanceof TimeoutError;
    if (!isLate) this.#floor.log.warn("a page broke its reader", { error: messageOf(error) });
    return {
      kind: "no-page",
      reason: isLate ? "timeout" : "crash",
      detail: isLate ? new TimeoutError(claim.url, this.#options.pageTimeoutMs).message : messageOf(error),
      // An agent that broke may do better the next time; a page that took all its time took it once.
      isTransient: !isLate,
      attempts: [],
    };
  }

  /** Resolves when a page has ended, URLs were added, the next one is due, or the crawl is called off. */
  async #change(): Promise<void> {
    const { promise: changed, resolve } = Promise.withResolvers<void>();
    this.#onChange = resolve;
    const dueAt =
      this.#freeHands() > 0 ? this.#floor.coordination.frontier.nextDueAt(this.#run.id) : undefined;
    const own = new AbortController();
    const signal = AbortSignal.any([own.signal, this.#context.signal]);
    const waitMs =
      dueAt === undefined ? longestWaitMs : Math.max(leastWaitMs, dueAt - this.#floor.clock.now());
    const due = this.#floor.clock.sleep(Math.min(waitMs, longestWaitMs), signal);
    try {
      await Promise.race([changed, due.catch(() => {})]); // called off: the loop sees it by itself
    } finally {
      own.abort();
    }
  }

  /** A page of which nothing was recorded waits for the next call; its try does not count. */
  async #giveBack(claim: ClaimedUrl): Promise<void> {
    const { database, coordination, clock, log } = this.#floor;
    try {
      await database.write(() =>
        coordination.frontier.release(claim, clock.now(), { countsAsAttempt: false }),
      );
    } catch (cause) {
      // Another has it, or nothing can be written any more: then the next call takes it back.
      log.debug("a page could not be given back", { url: claim.url, cause });
    }
  }

  #fail(error: unknown): void {
    // Another holder took the URL over: its result counts, ours is dropped.
    if (error instanceof LeaseLostError)
      this.#floor.log.warn("a late result was dropped", { error: error.message });
    else this.#failure ??= { error };
  }

  #isOver(): boolean {
    return this.#context.signal.aborted || this.#failure !== undefined;
  }
}
