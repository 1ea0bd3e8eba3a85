import { z } from "zod";

/** A cross-encoder of your own, run on this machine; none comes with Forager. */
export const OnnxCrossEncoderOptions = z.strictObject({
  modelFolder: z
    .string()
    .default("")
    .describe("Folder of a cross-encoder in ONNX that reads results again to rank them; empty is none"),
  threads: z
    .int()
    .min(0)
    .max(256)
    .default(0)
    .describe("Worker threads that rerank, one model session each; 0 is one a processor, 8 at most"),
});
export type OnnxCrossEncoderOptions = z.output<typeof OnnxCrossEncoderOptions>;
