// Runs in a worker thread of its own: one model session, one text a call.
import { readFile } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { workerData } from "node:worker_threads";
import { Tokenizer } from "@huggingface/tokenizers";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { move } from "piscina";
import { messageOf } from "../../errors.ts";
import { runtimeFailure } from "./local-onnx-model.ts";
import { NativeGate } from "./native-gate.ts";

/** What the pool hands to each thread. */
export interface LocalOnnxWorkerData {
  readonly modelFile: string;
  readonly folder: string;
  readonly dimensions: number;
  readonly maxTokens: number;
  /** Of the {@link NativeGate} that the pool's owner shuts. */
  readonly gate: SharedArrayBuffer;
}

/** What a thread is asked for. */
export interface EmbedTask {
  readonly texts: readonly string[];
  /** True once everything else on the machine goes first. */
  readonly isYielding: boolean;
}

interface Model {
  readonly tokenizer: Tokenizer;
  readonly session: InferenceSession;
  readonly tensor: typeof Tensor;
}

/** No word piece is longer (BERT's `max_input_chars_per_word`), so the text beyond cannot reach the model. */
const maxCharactersPerToken = 100;

const settings = workerData as LocalOnnxWorkerData;
const gate = new NativeGate(settings.gate);
let model: Promise<Model> | undefined;
let hasYielded = false;

/** Embeds the texts one after the other; the rows lie end to end. */
export default async function embedTexts({ texts, isYielding }: EmbedTask): Promise<Float32Array> {
  if (isYielding && !hasYielded) yieldProcessor();
  model ??= loadModel();
  const { tokenizer, session, tensor } = await model;
  const rows = new Float32Array(texts.length * settings.dimensions);
  for (const [index, text] of texts.entries()) {
    const ids = tokenIds(tokenizer, text);
    const shape = [1, ids.length];
    const { last_hidden_state: states } = await gate.pass(() =>
      session.run({
        input_ids: new tensor("int64", BigInt64Array.from(ids, BigInt), shape),
        attention_mask: new tensor("int64", new BigInt64Array(ids.length).fill(1n), shape),
        token_type_ids: new tensor("int64", new BigInt64Array(ids.length), shape),
      }),
    );
    if (!(states?.data instanceof Float32Array) || states.data.length !== ids.length * settings.dimensions) {
      throw new Error(`${settings.modelFile} gave no last_hidden_state of ${settings.dimensions} columns.`);
    }
    const row = rows.subarray(index * settings.dimensions, (index + 1) * settings.dimensions);
    meanToUnit(states.data, row);
    states.dispose();
  }
  return move(rows) as Float32Array;
}

function yieldProcessor(): void {
  hasYielded = true;
  // On Linux a priority belongs to the thread that sets it (setpriority(2), "C library/kernel differences").
  if (process.platform === "linux") setPriority(0, constants.priority.PRIORITY_LOW);
}

async function loadModel(): Promise<Model> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node").catch((cause: unknown) => {
    throw new Error(`${runtimeFailure}: ${messageOf(cause)}`, { cause });
  });
  const [tokenizer, config] = await Promise.all(
    ["tokenizer.json", "tokenizer_config.json"].map(
      async (name) => JSON.parse(await readFile(join(settings.folder, name), "utf8")) as object,
    ),
  );
  const session = await gate.pass(() =>
    InferenceSession.create(settings.modelFile, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      enableCpuMemArena: false,
      graphOptimizationLevel: "all",
    }),
  );
  return { tokenizer: new Tokenizer(tokenizer ?? {}, config ?? {}), session, tensor: Tensor };
}

/** Word pieces with [CLS] and [SEP], at most `maxTokens`: the last place is [SEP]'s when the text is cut. */
function tokenIds(tokenizer: Tokenizer, text: string): number[] {
  const { ids } = tokenizer.encode(text.slice(0, settings.maxTokens * maxCharactersPerToken));
  const end = ids.at(-1);
  return ids.length <= settings.maxTokens || end === undefined
    ? ids
    : [...ids.slice(0, settings.maxTokens - 1), end];
}

/** Mean of the token vectors (one text a call, so no padding to mask), scaled to length 1. */
function meanToUnit(states: Float32Array, row: Float32Array): void {
  const width = row.length;
  const sums = new Float64Array(width);
  for (let start = 0; start < states.length; start += width) {
    for (let column = 0; column < width; column++) {
      sums[column] = (sums[column] as number) + (states[start + column] as number);
    }
  }
  const norm = Math.hypot(...sums) || 1;
  for (let column = 0; column < width; column++) row[column] = (sums[column] as number) / norm;
}
