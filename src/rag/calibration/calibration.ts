import { z } from "zod";

/** What was measured on one index with one embedder, as it is kept. */
export const Calibration = z.strictObject({
  /** Id of the embedder whose vectors it is about. */
  embedder: z.string(),
  /** Share of the vectors beside the words. */
  denseWeight: z.number().min(0).max(1),
  basis: z.enum(["labels", "pseudo-queries"]),
  /** How many queries the weight was chosen by. */
  queries: z.int().min(0),
  /** Pseudo-queries: MRR@10 of the vectors over BM25's. */
  rho: z.number().min(0).optional(),
  /** Labels: what the weight gains in nDCG@10 over words alone, and its standard error. */
  gain: z.object({ mean: z.number(), standardError: z.number() }).optional(),
  /** The stated confidence brought to how often answers are right; absent where too few labels say. */
  confidence: z.object({ slope: z.number(), intercept: z.number() }).optional(),
  /** Whether the configured reranker earned its place. */
  reranker: z.object({ id: z.string(), isUsed: z.boolean() }).optional(),
  /** Epoch milliseconds. */
  chosenAt: z.number(),
});
export type Calibration = z.output<typeof Calibration>;

/** A kept value as the calibration it is. @returns Undefined where there is none, or it is about other vectors. */
export function readCalibration(kept: unknown, embedderId: string | undefined): Calibration | undefined {
  const parsed = Calibration.safeParse(kept);
  return parsed.success && parsed.data.embedder === embedderId ? parsed.data : undefined;
}
