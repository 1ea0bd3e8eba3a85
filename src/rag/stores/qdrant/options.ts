import { z } from "zod";

/** Which Qdrant holds the index, and how it is called. */
export const QdrantOptions = z.strictObject({
  url: z
    .string()
    .default("")
    .refine((url) => url === "" || isPlainUrl(url), "must be http(s)://host[:port][/path] and nothing more")
    .describe(
      "Qdrant's address, as in http://127.0.0.1:6333; without a port 6333 is meant; QDRANT_URL sets it",
    ),
  apiKey: z.string().default("").describe("Key that Qdrant asks for; never shown; QDRANT_API_KEY sets it"),
  collection: z
    .string()
    .default("forager")
    .refine(isCollectionName, 'must be 1 to 240 characters without / \\ : * ? " < > |')
    .describe("Alias of the collection that holds the index; the collections behind it are named after it"),
  timeoutMs: z.int().min(100).default(30_000).describe("Longest wait for one answer"),
  readDeadlineMs: z
    .int()
    .min(100)
    .default(60_000)
    .describe("Longest wait for a result when something is read, second tries and rate limits included"),
  writeDeadlineMs: z
    .int()
    .min(100)
    .default(300_000)
    .describe("Longest wait for one batch to be written, second tries and rate limits included"),
  maxBatchPoints: z.int().min(1).max(512).default(256).describe("Points in one request"),
  maxBatchBytes: z
    .int()
    .min(1_000)
    .max(32_000_000)
    .default(8_000_000)
    .describe("Bytes of JSON in one request; Qdrant itself takes 32 MiB, a proxy before it often less"),
  maxAnswerBytes: z.int().min(1_000).default(64_000_000).describe("Bytes of one answer that are read"),
  writesAtOnce: z.int().min(1).max(16).default(3).describe("Batches under way at the same time"),
  quantizeAbove: z
    .int()
    .min(0)
    .default(100_000)
    .describe("Chunks from which on Qdrant keeps vectors as bytes in memory; 0 is always"),
});
export type QdrantOptions = z.output<typeof QdrantOptions>;

/**
 * Whether Qdrant takes it as a collection's name, with room left for a suffix such as `_v12`.
 * @see Qdrant, `validate_collection_name`: 1 to 255 characters, none of these.
 */
export function isCollectionName(name: string): boolean {
  return name.length >= 1 && name.length <= 240 && !/[/\\:*?"<>|]/.test(name) && !name.includes("\0");
}

/** No user, query or fragment: a key in an address would end up in logs. */
function isPlainUrl(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.username + url.password + url.search + url.hash === ""
  );
}

/** Where requests go, in the words of the client's constructor. */
export interface QdrantAddress {
  /** Scheme and host. */
  readonly url: string;
  readonly port: number;
  /** Path before Qdrant's own; the client ignores one that stands in `url`. */
  readonly prefix: string;
}

/** Port of Qdrant's REST API: what all its clients mean by an address without one. */
const defaultPort = 6333;

/** Takes the address apart. A port that stands there holds, also `:443`, which `URL` drops. */
export function addressOf(text: string): QdrantAddress {
  const url = new URL(text);
  const written = /^https?:\/\/(?:\[[^\]]*\]|[^/:[]+):(\d+)/i.exec(text)?.[1];
  return {
    url: `${url.protocol}//${url.hostname}`,
    port: written === undefined ? defaultPort : Number(written),
    prefix: url.pathname.replace(/\/+$/, ""),
  };
}
