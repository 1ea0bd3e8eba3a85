import type { Command } from "commander";
import { z } from "zod";
import { tierNames } from "../browser/tiers/index.ts";
import { scrapeFormats } from "../jobs/scrape.ts";
import { addCommonFlags } from "./common-flags.ts";
import { flagsOf, parseFlags, urlsArgument } from "./flags.ts";
import type { CommonFlags, Shell } from "./shell.ts";

const ScrapeFlags = z.strictObject({
  format: z.enum(scrapeFormats).default("markdown").describe("What to give of each page"),
  tier: z.enum(tierNames).optional().describe("Use this tier alone"),
  storageState: z
    .string()
    .optional()
    .describe("A Playwright storage-state file: cookies and local storage to scrape with"),
  pageTimeoutMs: z.int().min(100).optional().describe("Longest time for one page, whatever it does"),
});

/** `forager scrape URL...` */
export function addScrape(program: Command, shell: Shell): void {
  const command = program
    .command("scrape")
    .description("Get pages and read them, without indexing")
    .addArgument(urlsArgument);
  for (const flag of flagsOf(ScrapeFlags)) command.addOption(flag);
  addCommonFlags(command).action(async (urls: string[], given: CommonFlags & Record<string, unknown>) => {
    const { tier, storageState, ...options } = parseFlags(ScrapeFlags, given);
    await using forager = shell.open(given, { tier, storageState });
    let failed = 0;
    for await (const page of forager.scrape(urls, options, shell.signal)) {
      if (page.status === "failed") failed += 1;
      if (given.json) await shell.printJson(page);
      else if (page.status === "ok") await shell.print(page.content);
      else shell.say(`forager: ${page.url}: ${page.error?.code}: ${page.error?.message}`);
    }
    if (failed === urls.length) process.exitCode = 1;
  });
}
