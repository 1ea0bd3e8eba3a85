import type { Scope } from "../browser/scope.ts";
import type { RunContext } from "../context.ts";
import type { Run } from "../coordination/runs.ts";
import type { CrawlFloor } from "./crawl-floor.ts";
import type { CrawlOptions } from "./crawl-options.ts";
import { seedUrls } from "./record-finding.ts";

/** URLs of a sitemap that go into the frontier in one transaction. */
const batchSize = 500;

/** One origin's sitemaps into the frontier, until no more pages are wanted. @param crawl.visits Is told of more, and knows when there are enough. @returns How many URLs were new. */
export async function readSitemaps(
  floor: Pick<CrawlFloor, "database" | "coordination" | "events" | "sitemapUrls">,
  crawl: {
    readonly run: Run;
    readonly scope: Scope;
    readonly options: CrawlOptions;
    readonly visits: { readonly isFull: boolean; wake(): void };
  },
  origin: string,
  context: RunContext,
): Promise<number> {
  const { run, scope, options, visits } = crawl;
  const maxDepth = options.maxDepth ?? Infinity;
  let added = 0;
  const add = async (found: readonly string[]) => {
    const urls = seedUrls(found, 1);
    if (maxDepth === 0 || urls.length === 0) return;
    const fresh = await floor.database.write(() =>
      floor.coordination.frontier.add(run.id, urls, { maxDepth }),
    );
    added += fresh;
    if (fresh > 0) floor.events.emit({ type: "urls-found", added: fresh, from: `${origin}/sitemap.xml` });
    visits.wake();
  };
  let batch: string[] = [];
  for await (const { url } of floor.sitemapUrls(origin, context)) {
    if (!scope.judge(url).isIn || batch.push(url) < batchSize) continue;
    await add(batch);
    batch = [];
    if (visits.isFull) return added;
  }
  await add(batch);
  return added;
}
