import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { messageOf } from "../../errors.ts";
import { runtimeFailure } from "./runtime-failure.ts";
import type { NativeGate } from "./native-gate.ts";

/** A model with its tokenizer, as a thread runs it. */
export interface OnnxModel {
  readonly tokenizer: Tokenizer;
  readonly session: InferenceSession;
  readonly tensor: typeof Tensor;
}

/** No word piece is longer (BERT's `max_input_chars_per_word`), so the text beyond cannot reach the model. */
export const maxCharactersPerToken = 100;

/** Loads what lies in `folder`, in the thread that will run it: one thread each, so that threads do not fight for processors. */
export async function loadOnnxModel(
  { folder, modelFile }: { readonly folder: string; readonly modelFile: string },
  gate: NativeGate,
): Promise<OnnxModel> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node").catch((cause: unknown) => {
    throw new Error(`${runtimeFailure}: ${messageOf(cause)}`, { cause });
  });
  const [tokenizer, config] = await Promise.all(
    ["tokenizer.json", "tokenizer_config.json"].map(
      async (name) => JSON.parse(await readFile(join(folder, name), "utf8")) as object,
    ),
  );
  const session = await gate.pass(() =>
    InferenceSession.create(modelFile, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      enableCpuMemArena: false,
      graphOptimizationLevel: "all",
    }),
  );
  return { tokenizer: new Tokenizer(tokenizer ?? {}, config ?? {}), session, tensor: Tensor };
}
