import { z } from "zod";

/** How the headless tier uses its browsers and how long it waits for a page. */
export const HeadlessOptions = z.strictObject({
  chromiumPath: z
    .string()
    .default("")
    .describe(
      "Chromium or Chrome to drive; empty looks for one (FORAGER_CHROMIUM, the system's, Playwright's)",
    ),
  maxTabs: z
    .int()
    .min(0)
    .default(0)
    .describe("Pages open at the same time; 0 is two a processor, of which most are waiting for the network"),
  maxTabsPerBrowser: z.int().min(1).default(8).describe("Pages at the same time in one browser process"),
  retireBrowserAfterPages: z
    .int()
    .min(1)
    .default(100)
    .describe("Pages after which a browser is replaced, against creeping memory"),
  retireIdleBrowserAfterMs: z
    .int()
    .min(1_000)
    .default(60_000)
    .describe("A browser without pages for so long is closed"),
  launchTimeoutMs: z.int().min(1_000).default(20_000).describe("Longest start of a browser"),
  fetchTimeoutMs: z
    .int()
    .min(100)
    .default(60_000)
    .describe("Longest fetch, waiting for a free tab included, where the caller sets no earlier deadline"),
  loadTimeoutMs: z
    .int()
    .min(0)
    .default(15_000)
    .describe("Longest wait for a page's scripts that block it, once its HTML is there"),
  settleTimeoutMs: z
    .int()
    .min(0)
    .default(5_000)
    .describe("Longest wait, after loading, for a page that goes on changing"),
  settleQuietMs: z
    .int()
    .min(0)
    .default(500)
    .describe("A page without network traffic for so long has settled"),
  maxBytes: z
    .int()
    .min(1)
    .default(64 * 2 ** 20)
    .describe("Most bytes that one page and all it loads may take from the network"),
  maxBodyLength: z
    .int()
    .min(1)
    .default(16 * 2 ** 20)
    .describe("Longest rendered HTML, in UTF-16 units"),
  maxNavigations: z
    .int()
    .min(1)
    .default(10)
    .describe("Documents a page may load in place of itself, one after the other"),
  maxRequests: z.int().min(1).default(2_000).describe("Requests after which a page is taken as it stands"),
  maxDialogs: z.int().min(0).default(20).describe("Dialogs dismissed before a page is given up"),
  maxScriptHeapMb: z
    .int()
    .min(64)
    .default(512)
    .describe("JavaScript heap of one page; beyond it the page crashes"),
  language: z
    .string()
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]+)*$/)
    .default("en-US")
    .describe("Language asked for, BCP 47"),
});
export type HeadlessOptions = z.output<typeof HeadlessOptions>;
