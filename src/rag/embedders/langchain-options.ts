import { z } from "zod";

/** Which LangChain embeddings to use, and how to call them. */
export const LangChainEmbedderOptions = z.strictObject({
  module: z
    .string()
    .min(1)
    .describe("npm package that exports the class, as in @langchain/openai; install it beside Forager"),
  className: z.string().min(1).describe("The exported class, as in OpenAIEmbeddings"),
  settings: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('What the class is constructed with, as in {"model": "text-embedding-3-small"}'),
  dimensions: z.int().min(1).max(65_536).describe("Length of its vectors"),
  maxTokens: z.int().min(1).default(512).describe("Tokens of a text that it reads"),
  batchSize: z.int().min(1).default(64).describe("Texts in one request"),
  concurrency: z.int().min(1).default(2).describe("Requests under way at the same time"),
});
export type LangChainEmbedderOptions = z.output<typeof LangChainEmbedderOptions>;
