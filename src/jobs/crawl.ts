import { z } from "zod";
import { type CrawlPlan, readSeeds } from "../agents/planner.ts";
import type { Clock } from "../clock.ts";
import type { RunContext } from "../context.ts";
import type { Run } from "../coordination/runs.ts";
import { MissingError, messageOf } from "../errors.ts";
import type { CrawlFloor } from "./crawl-floor.ts";
import type { CrawlOptions } from "./crawl-options.ts";
import { type CrawlSummary, summarize } from "./crawl-summary.ts";
import { keepLessons, restoreLessons } from "./lessons.ts";
import { readSitemaps } from "./read-sitemaps.ts";
import { seedUrls } from "./record-finding.ts";
import { PageVisits } from "./visit-pages.ts";

/** How often the queue is measured for whoever watches. */
const measureMs = 500;
const sitemapsAtOnce = 4;
/** For all the sitemaps of one origin, politeness included. */
const sitemapTimeoutMs = 600_000;
/** Reading an origin's sitemaps is a task of the run, so that a crawl that is killed goes on with it. */
const sitemapTask = (run: number) => `read-sitemaps/${run}`;
const SitemapTask = z.strictObject({ origin: z.url() });

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
  await restoreLessons(floor.coordination.memory, floor.lessons);
  try {
    await visit(floor, plan, run, options, context);
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
    await keepLearned(floor);
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

async function visit(
  floor: CrawlFloor,
  plan: CrawlPlan,
  run: Run,
  options: CrawlOptions,
  context: RunContext,
): Promise<void> {
  const scope = floor.scope(plan.seeds, options);
  const visits = new PageVisits(floor, scope, run, options, context);
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  await using sitemaps = floor.coordination.tasks.consume(
    sitemapTask(run.id),
    (input, context) =>
      readSitemaps(floor, { run, scope, options, visits }, SitemapTask.parse(input).origin, context),
    { concurrency: sitemapsAtOnce, timeoutMs: sitemapTimeoutMs, context: { ...context, signal } },
  );
  await visits.finish(sitemaps.idle(signal));
  over.abort(new CrawlOver());
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

/** Also when the crawl failed; a folder that cannot be written any more costs the lessons, not the reason of the failure. */
async function keepLearned(floor: CrawlFloor): Promise<void> {
  try {
    await keepLessons(floor.coordination.memory, floor.lessons);
  } catch (cause) {
    floor.log.info("what was learned about sites could not be kept", { cause });
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
