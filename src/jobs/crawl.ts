import { z } from "zod";
import { readSeeds } from "../agents/planner.ts";
import type { Scope } from "../browser/scope.ts";
import type { Clock } from "../clock.ts";
import type { RunContext } from "../context.ts";
import type { NodeHandler } from "../coordination/plans/node-handler.ts";
import { type PlanOutcome, runPlan } from "../coordination/plans/run-plan.ts";
import type { Run } from "../coordination/runs.ts";
import { runWithin } from "../deadline.ts";
import { ForagerError, TimeoutError, messageOf } from "../errors.ts";
import { beginCrawl } from "./begin-crawl.ts";
import type { CrawlFloor } from "./crawl-floor.ts";
import type { CrawlOptions } from "./crawl-options.ts";
import { CrawlPace } from "./crawl-progress.ts";
import { type CrawlSummary, summarize } from "./crawl-summary.ts";
import { keepDurations, readDurations } from "./durations.ts";
import { type EmbeddingBeside, startEmbedding } from "./embed-beside.ts";
import { startFeeding } from "./feed-beside.ts";
import { keepLessons, restoreLessons } from "./lessons.ts";
import { readSitemaps } from "./read-sitemaps.ts";
import { PageVisits } from "./visit-pages.ts";

/** How often the queue is measured for whoever watches. */
const measureMs = 500;
/** For all the sitemaps of one origin, politeness included. */
const sitemapTimeoutMs = 600_000;
/** What the steps take before a site was ever crawled: no more than an order of magnitude. */
const usualMs: Readonly<Record<string, number>> = {
  sitemaps: 5_000,
  pages: 60_000,
  settle: 1_000,
  vectors: 30_000,
};
const SitemapInput = z.strictObject({ origins: z.array(z.url()) });

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
  const planned = await floor.planner.run({ seeds: [...seeds], useSitemaps: options.useSitemaps }, context);
  const { run, plan } = await beginCrawl(floor, planned, options);
  const embedding = startEmbedding(floor, options, context);
  const feeding = startFeeding(floor.feed, context.signal);
  const measuring = measureQueue(floor, run, options);
  try {
    await restoreLessons(floor.coordination.memory, floor.lessons);
    const scope = floor.scope(planned.seeds, options);
    const nodes = crawlNodes(floor, { run, scope, options }, embedding, context);
    const { tasks, memory } = floor.coordination;
    const { clock, events, locks } = floor;
    const durations = await readDurations(memory, plan.goal);
    const outcome = await runPlan(
      {
        tasks,
        memory,
        locks,
        clock,
        events,
        handlers: (role) => nodes[role],
        estimate: ({ role }) => durations.of(role)?.p50Ms ?? usualMs[role],
      },
      plan,
      // Pages end when the sitemaps have: all of them have to run side by side.
      {
        run: run.id,
        mode: "parallel",
        slots: plan.nodes.filter(({ after }) => after.length === 0).length,
        timeoutMs: Number.POSITIVE_INFINITY,
      },
      context,
    );
    throwFailure(outcome);
    await keepDurations(memory, durations, outcome);
    await feeding.finish();
    floor.database.writeNow(() => floor.coordination.runs.end(run.id, "finished", undefined, clock.now()));
    events.emit({ type: "run-finished", run: run.id, job: "crawl", state: "finished" });
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
    await feeding.stop();
    await keepLearned(floor);
  }
}

/** Where the latest crawl of these seeds stands: the way to a summary of one that was cut short. */
export function crawlSoFar(
  folder: Pick<CrawlFloor, "coordination" | "archive">,
  clock: Clock,
  seeds: readonly string[],
  startedAt: number,
): CrawlSummary | undefined {
  const { coordination, archive } = folder;
  const run = coordination.runs.latest("crawl", readSeeds(seeds).key);
  return run ? summarize({ coordination, archive, clock }, run.id, startedAt) : undefined;
}

/** What each role of a crawl's plan does. */
function crawlNodes(
  floor: CrawlFloor,
  crawl: { readonly run: Run; readonly scope: Scope; readonly options: CrawlOptions },
  embedding: EmbeddingBeside,
  context: RunContext,
): Readonly<Record<string, NodeHandler>> {
  const { run, scope, options } = crawl;
  const { tasks, frontier } = floor.coordination;
  const visits = new PageVisits(floor, scope, run, options, context);
  return {
    async pages(_, node) {
      const sitemaps = tasks.ofRun(run.id).filter(({ name }) => name?.startsWith("sitemaps-"));
      const read = sitemaps.map(({ id }) => tasks.wait(id, node.signal));
      await visits.finish(Promise.all(read), node.signal);
      // The page limit is reached: what is left of the sitemaps is not needed.
      await tasks.cancel({ ids: sitemaps.map(({ id }) => id) }, "No more pages are wanted.");
      return frontier.counts(run.id);
    },
    async sitemaps(input, node) {
      let added = 0;
      for (const origin of SitemapInput.parse(input).origins) {
        const limit = {
          timeoutMs: sitemapTimeoutMs,
          trace: `${node.trace}/${origin}`,
          reason: () => new TimeoutError(`The sitemaps of ${origin}`, sitemapTimeoutMs),
        };
        added += await runWithin(node, limit, (within) =>
          readSitemaps(floor, { ...crawl, visits }, origin, within),
        );
      }
      return { added };
    },
    async settle(_, node) {
      await floor.archive.optimize(node.signal);
    },
    async vectors() {
      await embedding.crawlEnded();
    },
  };
}

/** @throws What the node that failed threw. A sitemap that could not be read is no failure of the crawl: it stays among the dead letters. */
function throwFailure({ nodes }: PlanOutcome): void {
  for (const node of nodes.values()) {
    if (node.state !== "dead" || node.role === "sitemaps") continue;
    throw node.cause ?? new ForagerError("crawl", `The crawl stopped at "${node.id}": ${node.error}`);
  }
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
  const { frontier, memory } = floor.coordination;
  const pace = new CrawlPace(memory, { run: run.id, maxPages: options.maxPages });
  return setInterval(() => {
    const counts = frontier.counts(run.id);
    const { done, failed, skipped, ready, leased } = counts;
    floor.demand.waiting = ready;
    const toEmbed = floor.backlog ? floor.archive.backlogSize(options.embed === "lead") : 0;
    floor.events.emit({ type: "queue-measured", done, failed, skipped, ready, inFlight: leased, toEmbed });
    // A folder that cannot be written tells those who write pages; here it costs a line of `forager status`.
    pace
      .note(counts, floor.clock.now())
      .catch((cause: unknown) => floor.log.debug("the pace was not kept", { cause }));
  }, measureMs).unref();
}
