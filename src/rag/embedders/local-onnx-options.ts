import { z } from "zod";

/** Where the local embedding model lies and how much of the machine it may use. */
export const LocalOnnxOptions = z.strictObject({
  modelFolder: z
    .string()
    .default("")
    .describe("Folder of a BERT-like sentence model in ONNX; empty takes the one that comes with Forager"),
  threads: z
    .int()
    .min(0)
    .max(256)
    .default(0)
    .describe("Worker threads that embed, one model session each; 0 is one a processor, 8 at most"),
  isBackground: z
    .boolean()
    .default(true)
    .describe(
      "From the first crawl on, embed at the lowest processor priority, so that everything else goes first (Linux)",
    ),
});
export type LocalOnnxOptions = z.output<typeof LocalOnnxOptions>;
