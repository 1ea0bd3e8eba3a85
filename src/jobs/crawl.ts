import { z } from "zod";
import type { Scope } from "../browser/scope.ts";
import { type RunContext, childContext } from "../context.ts";
import type { Clock } from "../clock.ts";
import type { CoordinationBackend } from "../coordination/backend.ts";
import type { ClaimedUrl } from "../coordination/frontier.ts";
import type { AgentPool } from "../coordination/pools/pool.ts";
import type { Run } from "../coordination/runs.ts";
import type { Database } from "../database.ts";
import { LeaseLostError, MissingError, StoreError, TimeoutError, messageOf } from "../errors.ts";
import type { EventStream } from "../events.ts";
import type { Log } from "../log.ts";
import { type CrawlPlan, readSeeds } from "../agents/planner.ts";
import type { Finding, PageErrand } from "../agents/researcher.ts";
import type { ChunkStore } from "../rag/chunk-store.ts";
import type { EmbedBacklog } from "../rag/embed-backlog.ts";
import type { CrawlOptions } from "./crawl-options.ts";
import { type CrawlSummary, summarize } from "./crawl-summary.ts";
import { recordFinding, seedUrls } from "./record-finding.ts";

/** What a crawl stands on; `app.ts` hands it down. */
export interface CrawlFloor {
  readonly database: Database;
  readonly store: ChunkStore;
  readonly coordination: CoordinationBackend;
  readonly planner: AgentPool<{ seeds: string[]; useSitemaps: boolean }, CrawlPlan>;
  readonly researcher: AgentPool<PageErrand, Finding>;
  /** Absent with `embed: "off"`. */
  readonly backlog: EmbedBacklog | undefined;
  readonly scope: (seeds: readonly string[], options: CrawlOptions) => Scope;
  readonly sitemapUrls: (origin: string, context: RunContext) => AsyncIterable<{ readonly url: string }>;
  readonly events: EventStream;
  readonly clock: Clock;
  readonly log: Log;
}

/** How often the queue is measured for whoever watches. */
const measureMs = 500;
/** A claim outlives the page's own deadline by this much, so a live worker never loses it. */
const leaseMarginMs = 30_000;
const sitemapBatch = 500;
const sitemapsAtOnce = 4;
/** For all the sitemaps of one origin, politeness included. */
const sitemapTimeoutMs = 600_000;
/** Reading an origin's sitemaps is a task of the run, so that a crawl that is killed goes on with it. */
const sitemapTask = (run: number) => `read-sitemaps/${run}`;
const SitemapTask = z.strictObject({ origin: z.url() });
/** A URL that is due but held back (its host's turn is not up) is looked at again this much later. */
const leastWaitMs = 5;

/**
 * Crawls from `seeds` and indexes what it finds, in the numbered steps of docs/architecture.md. Called again after an
 * interruption it goes on where it was; called again after it finished it looks for what changed.
 * @throws {StoreError} When the data folder cannot take more; what was committed stays, and the next call goes on from there.
 */
export async function crawl(
  floor: CrawlFloor,
  seeds: readonly string[],
  options: CrawlOptions,
  context: RunContext,
): Promise<CrawlSummary> {
  const startedAt = floor.clock.now();
  const plan = await floor.planner.run({ seeds: [...seeds], useSitemaps: options.useSitemaps }, context);
  const run = await beginRun(floor, plan, options);
  const embedding = startEmbedding(floor, options, context);
  const measuring = measureQueue(floor, run, options);
  try {
    await new Crawl(floor, plan, run, options, context).finish();
    await floor.store.optimize(context.signal);
    await embedding.crawlEnded();
    floor.database.writeNow(() =>
      floor.coordination.runs.end(run.id, "finished", undefined, floor.clock.now()),
    );
    floor.events.emit({ type: "run-finished", run: run.id, job: "crawl", state: "finished" });
    return summarize(floor, run.id, startedAt);
  } catch (error) {
    floor.events.emit({
      type: "run-finished",
      run: run.id,
      job: "crawl",
      state: context.signal.aborted ? "interrupted" : "failed",
    });
    await endEarly(floor, run, error);
    throw error;
  } finally {
    clearInterval(measuring);
    await embedding.stop();
  }
}

/** Where the latest crawl of these seeds stands: the way to a summary of one that was cut short. */
export function crawlSoFar(
  folder: Pick<CrawlFloor, "coordination" | "store">,
  clock: Clock,
  seeds: readonly string[],
  startedAt: number,
): CrawlSummary | undefined {
  const { coordination, store } = folder;
  const run = coordination.runs.latest("crawl", readSeeds(seeds).key);
  return run ? summarize({ coordination, store, clock }, run.id, startedAt) : undefined;
}

/** The pages are done; what is left of the sitemaps is not needed. */
class CrawlOver extends Error {}

/** One crawl under way: takes URLs, sends researchers, records what they bring. */
class Crawl {
  readonly #floor: CrawlFloor;
  readonly #run: Run;
  readonly #options: CrawlOptions;
  readonly #context: RunContext;
  readonly #scope: Scope;
  readonly #underWay = new Set<Promise<void>>();
  readonly #waitingSince = new Map<string, number>();
  #onPageEnd = () => {};
  #failure: { readonly error: unknown } | undefined;

  constructor(floor: CrawlFloor, plan: CrawlPlan, run: Run, options: CrawlOptions, context: RunContext) {
    this.#floor = floor;
    this.#run = run;
    this.#options = options;
    this.#context = context;
    this.#scope = floor.scope(plan.seeds, options);
  }

  /** Runs until no URL of the run waits or is under way, or the page limit is reached. @throws The first failure that is not a page's own; the signal's reason. */
  async finish(): Promise<void> {
    const { tasks } = this.#floor.coordination;
    const over = new AbortController();
    const signal = AbortSignal.any([this.#context.signal, over.signal]);
    await using sitemaps = tasks.consume(
      sitemapTask(this.#run.id),
      (input, context) => this.#readSitemaps(SitemapTask.parse(input).origin, context),
      {
        concurrency: sitemapsAtOnce,
        timeoutMs: sitemapTimeoutMs,
        context: { ...this.#context, signal },
      },
    );
    let hasSitemaps = true;
    const sitemapsRead = sitemaps
      .idle(signal)
      .catch((error: unknown) => {
        if (!(error instanceof CrawlOver)) this.#fail(error);
      })
      .finally(() => {
        hasSitemaps = false;
        this.#onPageEnd();
      });
    for (;;) {
      if (this.#isOver()) break;
      if ((await this.#take()) > 0) continue;
      const isWaiting =
        this.#floor.coordination.frontier.nextDueAt(this.#run.id) !== undefined && !this.#isFull();
      if (this.#underWay.size > 0 || isWaiting) await this.#change();
      else if (hasSitemaps && !this.#isFull()) await sitemapsRead;
      else break;
    }
    over.abort(new CrawlOver());
    await Promise.all(this.#underWay);
    this.#context.signal.throwIfAborted();
    if (this.#failure) throw this.#failure.error;
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
    const { concurrency, maxPages } = this.#options;
    return Math.max(0, Math.min(concurrency, maxPages - done) - this.#underWay.size);
  }

  #start(claim: ClaimedUrl): void {
    const work = this.#visit(claim)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#underWay.delete(work);
        this.#onPageEnd();
      });
    this.#underWay.add(work);
  }

  /** One page: fetched, read, judged, and recorded in one transaction. */
  async #visit(claim: ClaimedUrl): Promise<void> {
    const { database, store, researcher, clock } = this.#floor;
    const startedAt = clock.now();
    const validators = store.validators(claim.key);
    using context = childContext(
      this.#context,
      this.#options.pageTimeoutMs,
      `run/${this.#run.id}/${claim.id}`,
      () => new TimeoutError(claim.url, this.#options.pageTimeoutMs),
    );
    const errand = {
      url: claim.url,
      ...(validators?.etag ? { etag: validators.etag } : {}),
      ...(validators?.lastModified ? { lastModified: validators.lastModified } : {}),
    };
    const finding = await researcher.run(errand, context).catch((error: unknown) => this.#asFinding(error));
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
  #asFinding(error: unknown): Finding {
    this.#context.signal.throwIfAborted();
    if (error instanceof StoreError) throw error;
    const isLate = error instanceof TimeoutError;
    if (!isLate) this.#floor.log.warn("a page broke its reader", { error: messageOf(error) });
    return {
      kind: "no-page",
      reason: isLate ? "timeout" : "crash",
      detail: messageOf(error),
      isTransient: false,
      attempts: [],
    };
  }

  /** One origin's sitemaps into the frontier; none is needed any more once the page limit is reached. */
  async #readSitemaps(origin: string, context: RunContext): Promise<void> {
    const { database, coordination, events } = this.#floor;
    const maxDepth = this.#options.maxDepth ?? Infinity;
    const add = async (found: readonly string[]) => {
      const urls = seedUrls(found, 1);
      if (maxDepth === 0 || urls.length === 0) return;
      const added = await database.write(() => coordination.frontier.add(this.#run.id, urls, { maxDepth }));
      if (added > 0) events.emit({ type: "urls-found", added, from: `${origin}/sitemap.xml` });
      this.#onPageEnd();
    };
    let batch: string[] = [];
    for await (const { url } of this.#floor.sitemapUrls(origin, context)) {
      if (!this.#scope.judge(url).isIn || batch.push(url) < sitemapBatch) continue;
      await add(batch);
      batch = [];
      if (this.#isFull()) return;
    }
    await add(batch);
  }

  #isFull(): boolean {
    return this.#floor.coordination.frontier.counts(this.#run.id).done >= this.#options.maxPages;
  }

  /** Resolves when a page has ended, the next URL is due, or the crawl is called off. */
  async #change(): Promise<void> {
    const { promise: pageEnded, resolve } = Promise.withResolvers<void>();
    this.#onPageEnd = resolve;
    const dueAt =
      this.#freeHands() > 0 ? this.#floor.coordination.frontier.nextDueAt(this.#run.id) : undefined;
    if (dueAt === undefined) return await pageEnded;
    const own = new AbortController();
    const due = this.#floor.clock.sleep(
      Math.max(leastWaitMs, dueAt - this.#floor.clock.now()),
      AbortSignal.any([own.signal, this.#context.signal]),
    );
    try {
      await Promise.race([pageEnded, due.catch(() => {})]); // called off: the loop sees it by itself
    } finally {
      own.abort();
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

/** Finds the run to go on with, or begins one; a crawl that finished before is looked over again for changes. */
async function beginRun(floor: CrawlFloor, plan: CrawlPlan, options: CrawlOptions): Promise<Run> {
  const { coordination, clock } = floor;
  const { run, resumed } = await floor.database.write(() => {
    const now = clock.now();
    coordination.frontier.recover(now, { all: true });
    coordination.tasks.recover(now, { all: true });
    const earlier = coordination.runs.latest("crawl", plan.key);
    if (earlier && goesOn(floor, earlier, options))
      return { run: coordination.runs.resume(earlier.id), resumed: true };
    const started = coordination.runs.start("crawl", plan.key, { seeds: plan.seeds, options }, now);
    const kind = sitemapTask(started.id);
    coordination.tasks.insert(
      plan.sitemapOrigins.map((origin) => ({ kind, run: started.id, input: { origin } })),
    );
    if (earlier)
      coordination.frontier.carryOver(earlier.id, started.id, { maxDepth: options.maxDepth ?? Infinity });
    return { run: started, resumed: false };
  });
  await floor.database.write(() =>
    coordination.frontier.add(run.id, seedUrls(plan.seeds, 0), { maxDepth: options.maxDepth ?? Infinity }),
  );
  floor.events.emit({ type: "run-started", run: run.id, job: "crawl", resumed });
  return run;
}

/** A run that was cut short goes on; so does one that stopped at a page limit which is higher now. */
function goesOn(floor: CrawlFloor, earlier: Run, options: CrawlOptions): boolean {
  if (earlier.state !== "finished") return true;
  const counts = floor.coordination.frontier.counts(earlier.id);
  return counts.ready > 0 && counts.done < options.maxPages;
}

async function endEarly(floor: CrawlFloor, run: Run, error: unknown): Promise<void> {
  try {
    floor.database.writeNow(() =>
      floor.coordination.runs.end(run.id, "interrupted", { error: messageOf(error) }, floor.clock.now()),
    );
  } catch (cause) {
    // A folder that cannot be written any more (disk full, or another process has it): the run stays as it is there.
    floor.log.info("the end of the run could not be noted", { cause });
  }
}

function measureQueue(floor: CrawlFloor, run: Run, options: CrawlOptions): NodeJS.Timeout {
  return setInterval(() => {
    const counts = floor.coordination.frontier.counts(run.id);
    const { done, failed, skipped, ready, leased } = counts;
    const toEmbed = floor.backlog ? floor.store.backlogSize(options.embed === "lead") : 0;
    floor.events.emit({
      type: "queue-measured",
      done,
      failed,
      skipped,
      ready,
      inFlight: leased,
      toEmbed,
    });
  }, measureMs).unref();
}

/**
 * Vectors beside the crawl, and after it as far as was asked. What the embedder runs on may be missing from the machine:
 * that costs the vectors, with a warning, never the crawl.
 */
function startEmbedding(
  floor: CrawlFloor,
  options: CrawlOptions,
  context: RunContext,
): { crawlEnded(): Promise<void>; stop(): Promise<void> } {
  const { backlog } = floor;
  if (!backlog) return { crawlEnded: async () => {}, stop: async () => {} };
  const onlyLead = options.embed === "lead";
  const following = new AbortController();
  const beside = backlog
    .follow({ onlyLead, signal: AbortSignal.any([context.signal, following.signal]) })
    .catch((error: unknown) => (following.signal.aborted || context.signal.aborted ? undefined : { error }));
  return {
    async crawlEnded() {
      following.abort();
      try {
        const failure = await beside;
        if (failure) throw failure.error;
        await backlog.run({ onlyLead, signal: context.signal });
      } catch (error) {
        if (!(error instanceof MissingError)) throw error;
        floor.log.warn("passages get no vectors", { why: error.message });
      }
    },
    async stop() {
      following.abort();
      await beside;
    },
  };
}
