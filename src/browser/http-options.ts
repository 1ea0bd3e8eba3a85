import { z } from "zod";

/** Limits of one plain HTTP fetch, and who it says it is. */
export const HttpOptions = z.strictObject({
  userAgent: z
    .string()
    .min(1)
    .default("Forager/0.1 (+https://www.npmjs.com/package/forager)")
    .describe("User-Agent sent with every request; robots.txt groups are matched on its first word"),
  acceptLanguage: z
    .string()
    .default("en-US,en;q=0.9,*;q=0.5")
    .describe("Accept-Language sent with every request"),
  maxWireBytes: z
    .int()
    .min(1)
    .default(20_000_000)
    .describe("Most bytes to take from the network for one page"),
  maxBodyBytes: z.int().min(1).default(32_000_000).describe("Most bytes of one page after decompression"),
  maxRatio: z
    .int()
    .min(1)
    .default(200)
    .describe("Most decompressed bytes a compressed byte may become, once past ratioFloorBytes"),
  ratioFloorBytes: z
    .int()
    .min(0)
    .default(8_000_000)
    .describe("Decompressed bytes from which maxRatio counts: small pages may compress as well as they like"),
  maxHeaderBytes: z.int().min(1_024).default(65_536).describe("Most bytes of response headers"),
  maxRedirects: z.int().min(0).default(10).describe("Redirects to follow before giving up"),
  maxConnectionsPerHost: z.int().min(1).default(16).describe("Connections open to one origin at a time"),
  connectTimeoutMs: z.int().min(1).default(10_000).describe("Longest wait for a connection, TLS included"),
  firstByteTimeoutMs: z.int().min(1).default(20_000).describe("Longest wait for the response headers"),
  idleTimeoutMs: z.int().min(1).default(15_000).describe("Longest pause between two pieces of a body"),
  totalTimeoutMs: z.int().min(1).default(45_000).describe("Longest time for one page, redirects included"),
});
export type HttpOptions = z.output<typeof HttpOptions>;
