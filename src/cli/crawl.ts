import type { Command } from "commander";
import { z } from "zod";
import { tierNames } from "../browser/tiers/index.ts";
import type { CrawlSummary } from "../jobs/crawl-summary.ts";
import { CrawlOptions } from "../jobs/crawl-options.ts";
import { addCommonFlags } from "./common-flags.ts";
import { CrawlNotes } from "./crawl-notes.ts";
import { flagsOf, parseFlags, urlsArgument } from "./flags.ts";
import { duration, showProgress } from "./progress.ts";
import type { CommonFlags, Shell } from "./shell.ts";

const CrawlFlags = z.strictObject({
  ...CrawlOptions.partial().shape,
  tier: z.enum(tierNames).optional().describe("Use this tier alone"),
  storageState: z
    .string()
    .optional()
    .describe("A Playwright storage-state file: cookies and local storage to crawl with"),
  perHostDelayMs: z
    .int()
    .min(0)
    .optional()
    .describe("Least time between two requests to one host; 0 by default on loopback"),
  fresh: z.boolean().default(false).describe("Forget what the data folder holds and start over"),
});

/** `forager crawl URL...` */
export function addCrawl(program: Command, shell: Shell): void {
  const command = program
    .command("crawl")
    .description("Crawl and index; run it again to go on, or to look for what has changed")
    .addArgument(urlsArgument);
  for (const flag of flagsOf(CrawlFlags)) command.addOption(flag);
  addCommonFlags(command).action(async (urls: string[], given: CommonFlags & Record<string, unknown>) => {
    const { tier, storageState, perHostDelayMs, fresh, ...options } = parseFlags(CrawlFlags, given);
    await using forager = shell.open(given, {
      tier,
      storageState,
      politeness: { perHostDelayMs },
    });
    using notes = new CrawlNotes(forager.events, urls); // a wrong address is refused before anything is forgotten
    if (fresh) await forager.forget();
    using progress = showProgress(forager.events, {
      isTerminal: shell.isTerminal,
      maxPages: options.maxPages ?? forager.config.crawl.maxPages,
      write: (text) => process.stderr.write(text),
    });
    const job = forager.crawl(urls, options, shell.signal);
    const summary = await job.catch(async (error: unknown) => {
      // What there is so far, as a line of its own kind; a folder that another process has holds that one's.
      if (given.json && notes.hasStarted) await shell.printJson(job.partial());
      throw error;
    });
    progress[Symbol.dispose]();
    for (const note of notes.lines()) shell.say(note);
    if (given.json) await shell.printJson(summary);
    else
      for (const line of describeCrawl(summary, {
        dataDir: given.dataDir,
        embedder: forager.config.embedder,
      }))
        await shell.print(line);
    if (summary.pages === 0) process.exitCode = 1;
  });
}

/** What a crawl did, for people. */
export function describeCrawl(
  summary: CrawlSummary,
  told: { readonly dataDir?: string | undefined; readonly embedder?: string } = {},
): string[] {
  const { pages, failed, skipped, waiting, durationMs, tiers, failures, documents, chunks } = summary;
  const { embedded, toEmbed } = summary;
  const at = told.dataDir === undefined ? "" : ` --data-dir ${told.dataDir}`;
  const lines = [
    pages === 0
      ? `No page in ${duration(durationMs)}.`
      : `Crawled ${pages} ${pages === 1 ? "page" : "pages"} in ${duration(durationMs)}: ${list(tiers)}`,
  ];
  if (failed + skipped > 0)
    lines.push(`Without a page: ${failed} failed, ${skipped} skipped (${list(failures)})`);
  if (waiting > 0)
    lines.push(
      `${waiting} more known ${waiting === 1 ? "URL waits" : "URLs wait"}: crawl the same addresses with a higher --max-pages to go on`,
    );
  const more =
    toEmbed > 0 && told.embedder !== "none" ? `; \`forager embed${at}\` does the other ${toEmbed}` : "";
  lines.push(`Index: ${documents} documents, ${chunks} passages, ${embedded} with vectors${more}`);
  if (documents > 0) lines.push(`Next: forager ask "your question"${at}`);
  return lines;
}

function list(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}
