import type { CrawlPlan } from "../agents/planner.ts";
import { readPlanRecord } from "../coordination/plans/plan-record.ts";
import type { Plan } from "../coordination/plans/plan.ts";
import type { Run } from "../coordination/runs.ts";
import type { CrawlFloor } from "./crawl-floor.ts";
import type { CrawlOptions } from "./crawl-options.ts";
import { seedUrls } from "./record-finding.ts";

type Floor = Pick<CrawlFloor, "database" | "coordination" | "clock" | "events">;

/**
 * Finds the run to go on with, or begins one; a crawl that finished before is looked over again for changes.
 * @returns The run, and the plan that it began with.
 */
export async function beginCrawl(
  floor: Floor,
  planned: CrawlPlan,
  options: CrawlOptions,
): Promise<{ readonly run: Run; readonly plan: Plan }> {
  const { coordination, clock } = floor;
  const maxDepth = options.maxDepth ?? Infinity;
  const { run, resumed } = await floor.database.write(() => {
    const now = clock.now();
    coordination.frontier.recover(now, { all: true });
    coordination.tasks.recover(now, { all: true });
    const earlier = coordination.runs.latest("crawl", planned.key);
    if (earlier && goesOn(floor, earlier, options))
      return { run: coordination.runs.resume(earlier.id), resumed: true };
    const started = coordination.runs.start("crawl", planned.key, { seeds: planned.seeds, options }, now);
    if (earlier) coordination.frontier.carryOver(earlier.id, started.id, { maxDepth });
    return { run: started, resumed: false };
  });
  await floor.database.write(() =>
    coordination.frontier.add(run.id, seedUrls(planned.seeds, 0), { maxDepth }),
  );
  await startOver(floor, run, options);
  const dead = coordination.tasks.ofRun(run.id).filter(({ state }) => state === "dead");
  await coordination.tasks.replay(dead.map(({ id }) => id));
  floor.events.emit({ type: "run-started", run: run.id, job: "crawl", resumed });
  const earlierPlan = await readPlanRecord(coordination.memory, run.id);
  return { run, plan: earlierPlan?.plan ?? planned.plan };
}

/** A run that was cut short goes on; so does one that stopped at a page limit which is higher now, or whose pages were replayed. */
function goesOn(floor: Floor, earlier: Run, options: CrawlOptions): boolean {
  return earlier.state !== "finished" || hasMorePages(floor, earlier, options);
}

function hasMorePages({ coordination }: Floor, run: Run, options: CrawlOptions): boolean {
  const { ready, done } = coordination.frontier.counts(run.id);
  return ready > 0 && done < options.maxPages;
}

/** A run whose pages had come to their end and that has more of them now does them again, and everything that comes after. */
async function startOver(floor: Floor, run: Run, options: CrawlOptions): Promise<void> {
  const { tasks } = floor.coordination;
  const hadEnded = tasks.ofRun(run.id).some(({ name, state }) => name === "pages" && state === "done");
  if (!hadEnded || !hasMorePages(floor, run, options)) return;
  // What waits would start beside the pages. Cut short between the two, the next call finds the pages ended, as this one did.
  await tasks.cancel({ run: run.id }, "There are more pages to come first.");
  await floor.database.write(() => tasks.forgetRun(run.id));
}
