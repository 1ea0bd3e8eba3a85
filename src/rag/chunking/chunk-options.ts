import { z } from "zod";

/** How pages are cut into passages. The defaults fit all-MiniLM-L6-v2, which reads 256 tokens. */
export const ChunkOptions = z.strictObject({
  targetTokens: z.int().min(20).default(200).describe("Length a chunk is filled up to, in tokens"),
  maxTokens: z
    .int()
    .min(40)
    .default(240)
    .describe("Length no chunk exceeds, heading path included, in tokens"),
  minTokens: z.int().min(0).default(40).describe("Shorter pieces join their neighbours, in tokens"),
  headingTokens: z
    .int()
    .min(0)
    .default(32)
    .describe("Length of the heading path put before a passage, in tokens; 0 leaves it off"),
});
export type ChunkOptions = z.output<typeof ChunkOptions>;
