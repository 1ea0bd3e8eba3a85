// The same model on the same texts without Forager: nothing is read, stored or counted.
//   --way threads   as many worker threads as Forager's, a session each: the most that the runtime gives
//   --way loop      what one writes first: one session as it comes, one text after the other
//   --way single    the same loop on one thread
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { Tokenizer } from "@huggingface/tokenizers";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { Piscina } from "piscina";
import { shippedModelFolder } from "../../src/rag/embedders/local-onnx-model.ts";
import { values } from "./pages.ts";
import { report, spent } from "./stages.ts";

const maxTokens = 256;

interface Model {
  readonly tokenizer: Tokenizer;
  readonly session: InferenceSession;
  readonly tensor: typeof Tensor;
}

let ownModel: Promise<Model> | undefined;

if (isMainThread) {
  const texts = JSON.parse(readFileSync(values.texts, "utf8")) as string[];
  const embedding = await (values.way === "threads" ? inThreads(texts) : inLoop(texts));
  report(texts.length, { embedding });
}

/** In a worker thread: a session that computes on this thread alone. */
export default async function embedShare(texts: readonly string[]): Promise<void> {
  ownModel ??= loadModel({ intraOpNumThreads: 1, enableCpuMemArena: false });
  await embedAll(await ownModel, texts);
}

async function inThreads(texts: readonly string[]): ReturnType<typeof spent> {
  const threads = Number(values.threads);
  const pool = new Piscina<readonly string[], void>({
    filename: import.meta.url,
    minThreads: threads,
    maxThreads: threads,
    argv: process.argv.slice(2),
  });
  const run = (some: readonly string[]) =>
    Promise.all(
      Array.from({ length: threads }, (_, thread) =>
        pool.run(some.filter((_, at) => at % threads === thread)),
      ),
    );
  await run(texts.slice(0, 8 * threads));
  const embedding = await spent(() => run(texts));
  await pool.close();
  return embedding;
}

async function inLoop(texts: readonly string[]): ReturnType<typeof spent> {
  const model = await loadModel(values.way === "single" ? { intraOpNumThreads: 1 } : {});
  await embedAll(model, texts.slice(0, 8));
  return await spent(() => embedAll(model, texts));
}

async function embedAll({ tokenizer, session, tensor }: Model, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    const ids = tokenizer.encode(text).ids.slice(0, maxTokens);
    const shape = [1, ids.length];
    const { last_hidden_state: states } = await session.run({
      input_ids: new tensor("int64", BigInt64Array.from(ids, BigInt), shape),
      attention_mask: new tensor("int64", new BigInt64Array(ids.length).fill(1n), shape),
      token_type_ids: new tensor("int64", new BigInt64Array(ids.length), shape),
    });
    meanOf(states?.data as Float32Array, ids.length);
  }
}

function meanOf(states: Float32Array, rows: number): Float32Array {
  const dimensions = states.length / rows;
  const mean = new Float32Array(dimensions);
  for (const [at, number] of states.entries())
    mean[at % dimensions] = (mean[at % dimensions] ?? 0) + number / rows;
  return mean;
}

async function loadModel(options: InferenceSession.SessionOptions): Promise<Model> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const [tokenizerJson, config] = await Promise.all(
    ["tokenizer.json", "tokenizer_config.json"].map(
      async (name) => JSON.parse(await readFile(join(shippedModelFolder, name), "utf8")) as object,
    ),
  );
  const session = await InferenceSession.create(
    join(shippedModelFolder, "onnx/model_quantized.onnx"),
    options,
  );
  return { tokenizer: new Tokenizer(tokenizerJson ?? {}, config ?? {}), session, tensor: Tensor };
}
