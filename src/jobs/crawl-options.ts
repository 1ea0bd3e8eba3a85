import { z } from "zod";
import { OptionsError } from "../errors.ts";

/** How much of a crawl gets vectors before the command ends. */
export const embedModes = ["lead", "all", "later", "off"] as const;
export type EmbedMode = (typeof embedModes)[number];

/** How far and how fast a crawl may go. The descriptions also make `--help` and docs/config.md. */
export const CrawlOptions = z.strictObject({
  maxPages: z.int().min(1).default(1_000).describe("Pages to index before stopping"),
  maxDepth: z
    .int()
    .min(0)
    .optional()
    .describe("Links to follow from a seed; 0 is the seed alone, absent is no limit"),
  concurrency: z.int().min(1).max(256).default(16).describe("Pages under way at the same moment"),
  include: z.array(z.string()).default([]).describe("Follow only URLs that match one of these globs"),
  exclude: z.array(z.string()).default([]).describe("Never follow URLs that match one of these globs"),
  useSitemaps: z.boolean().default(true).describe("Also take URLs from the site's sitemaps"),
  useRobots: z.boolean().default(true).describe("Obey robots.txt (RFC 9309)"),
  embed: z
    .enum(embedModes)
    .default("lead")
    .describe(
      "What gets vectors before the command ends: the first passages of every page, all, none yet, or none at all",
    ),
  pageTimeoutMs: z.int().min(100).default(60_000).describe("Longest time for one page, whatever it does"),
  maxAttempts: z
    .int()
    .min(1)
    .max(20)
    .default(3)
    .describe("Tries for a page whose fetch failed in a way that may pass"),
  maxHostWaitMs: z
    .int()
    .min(0)
    .default(120_000)
    .describe("Longest time to wait for a host that asks to come back later"),
});
export type CrawlOptions = z.output<typeof CrawlOptions>;
export type CrawlOptionsInput = z.input<typeof CrawlOptions>;

/**
 * What a crawl goes by: the options given to it, and the configured ones where it was given none.
 * @throws {OptionsError} Naming every option that is wrong.
 */
export function completeCrawlOptions(configured: CrawlOptions, given: CrawlOptionsInput): CrawlOptions {
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const parsed = CrawlOptions.safeParse({ ...configured, ...set });
  if (!parsed.success) throw new OptionsError("crawl", parsed.error);
  return parsed.data;
}
