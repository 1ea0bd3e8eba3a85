import { z } from "zod";

/** How an answer is quoted from passages. */
export const AnswerOptions = z.strictObject({
  leastConfidence: z
    .number()
    .min(0)
    .max(1)
    .default(0.25)
    .describe("Below it the answer is that nothing was found"),
  maxSentences: z.int().min(1).max(10).default(3).describe("Sentences in an answer, at most"),
  maxPages: z.int().min(1).default(5).describe("Pages whose best passages are read for an answer"),
  comparePassages: z
    .int()
    .min(0)
    .max(100)
    .default(12)
    .describe("Passages whose words are compared with the question's by meaning, the best first"),
  compareBudgetMs: z.int().min(0).default(5_000).describe("Time for comparing them; then words alone decide"),
});
export type AnswerOptions = z.output<typeof AnswerOptions>;
