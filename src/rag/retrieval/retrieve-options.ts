import { z } from "zod";
import { variantNames } from "./variants.ts";

/** How passages are found and ranked. */
export const RetrieveOptions = z.strictObject({
  fusion: z
    .enum([
      "auto",
      "dbsf",
      "weighted",
      "acf",
      "best",
      "consensus",
      "hybrid",
      "rrf",
      "server-rrf",
      "server-dbsf",
    ])
    .default("auto")
    .describe(
      "How rankings are joined; auto takes dbsf with a proven embedder, else the cautious acf; server-rrf and server-dbsf leave it to Qdrant, in one round trip, by passages alone",
    ),
  denseWeight: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("Share of the vectors beside the words; left out: .5 with a proven embedder, else .2 at most"),
  listDepth: z.int().min(10).max(1_000).default(100).describe("How deep each ranking goes before joining"),
  embedBudgetMs: z
    .int()
    .min(0)
    .default(500)
    .describe("Time a question may spend on embedding its best passages that have no vector yet"),
  embedCandidates: z
    .int()
    .min(0)
    .max(200)
    .default(20)
    .describe("How many such passages a question embeds at most"),
  denseTimeoutMs: z
    .int()
    .min(1)
    .default(5_000)
    .describe(
      "Longest wait for the question's own vector, loading the model included; then words alone answer",
    ),
  wordsTimeoutMs: z
    .int()
    .min(1)
    .default(10_000)
    .describe("Longest wait for the search by words; then the vectors alone answer"),
  variants: z
    .array(z.enum(variantNames))
    .default(["sentences"])
    .describe(
      "Other wordings made by rule and asked beside the question, each an embedding and a search more",
    ),
  respelling: z
    .boolean()
    .default(true)
    .describe(
      "Whether a word that no page has is taken for one near it that they have, and the question searched once more",
    ),
  diversity: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe(
      "How far results from the fifth on make way for others that say something new; 0 is not at all",
    ),
  freshnessWeight: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe(
      "The most that a page's age is worth in a score, for questions about the present or a year; 0 is not at all",
    ),
  rerankTimeoutMs: z
    .int()
    .min(1)
    .default(10_000)
    .describe("Longest wait for the reranker, where one is configured; then the order stays as it was"),
  maxPerPage: z
    .int()
    .min(1)
    .default(3)
    .describe("Passages of one page among the results, unless there are too few others"),
  maxHostShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe("Share of the results that one host may have, unless there are too few others"),
});
export type RetrieveOptions = z.output<typeof RetrieveOptions>;
