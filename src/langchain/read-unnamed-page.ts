import { App } from "../app.ts";
import type { Config } from "../config.ts";
import { rootContext } from "../context.ts";
import { EventStream } from "../events.ts";
import { type ScrapedPage, scrape } from "../jobs/scrape.ts";
import { silentLog } from "../log.ts";

/**
 * Reads one page as Markdown whose URL an agent chose. `Forager.scrape` opens private addresses to the URLs that the
 * user names; here nothing but `hosts` is open, and the user's session is not taken along.
 */
export async function readUnnamedPage(
  config: Config,
  url: string,
  hosts: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ScrapedPage | undefined> {
  await using app = new App({ ...config, storageState: "" }, { log: silentLog, events: new EventStream() });
  for (const host of hosts) for (const scheme of ["http", "https"]) app.guard.allow(`${scheme}://${host}`);
  const { pageTimeoutMs, useRobots } = config.crawl;
  await using pages = await app.openPages({ size: 1, timeoutMs: pageTimeoutMs, isIndexed: false, useRobots });
  const options = { format: "markdown", pageTimeoutMs } as const;
  const read = scrape({ researcher: pages.researcher }, [url], options, rootContext("read", signal));
  return (await Array.fromAsync(read))[0];
}
