import { z } from "zod";

/** How much of one page is read. Pages are hostile input: each cap is there so that none can take the reader down. */
export const ReadOptions = z.strictObject({
  maxNodes: z
    .int()
    .min(100)
    .default(300_000)
    .describe("Elements and text runs of a page to read; the rest is cut off"),
  maxDepth: z
    .int()
    .min(16)
    .max(1_000)
    .default(512)
    .describe("Elements inside each other; deeper ones are moved up, as browsers do"),
  maxHtmlLength: z
    .int()
    .min(1_000)
    .default(16_000_000)
    .describe("Characters of HTML, XML or JSON to parse; the rest is cut off"),
  maxTextLength: z.int().min(1_000).default(2_000_000).describe("Characters of main text to keep of a page"),
  maxLinks: z.int().min(0).default(5_000).describe("Links to keep of a page"),
  maxStructuredBytes: z.int().min(0).default(262_144).describe("Characters of JSON-LD to keep of a page"),
  maxStructuredDepth: z
    .int()
    .min(1)
    .max(100)
    .default(20)
    .describe("Levels of a JSON-LD object; deeper objects are left out"),
  maxPdfPages: z.int().min(1).default(500).describe("Pages of a PDF to read"),
});
export type ReadOptions = z.output<typeof ReadOptions>;
