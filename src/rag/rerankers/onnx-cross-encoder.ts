import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import type { Piscina } from "piscina";
import PQueue from "p-queue";
import { endThreads } from "../../end-threads.ts";
import { ForagerError, MissingError, messageOf } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { NativeGate } from "../onnx/native-gate.ts";
import { openOnnxPool } from "../onnx/onnx-pool.ts";
import type { Reranker } from "../reranker.ts";
import type { OnnxCrossEncoderOptions } from "./onnx-cross-encoder-options.ts";
import type { CrossEncoderWorkerData, RerankTask } from "./onnx-cross-encoder-worker.ts";

/** The weights, as transformers.js names them: 8 bits before 32. */
const modelFileNames = ["onnx/model_quantized.onnx", "onnx/model.onnx"] as const;
/** Texts that go to a thread at once: few, so that one question's texts share all threads. */
const textsPerTask = 4;
/** A session holds some 100 MB. */
const maxDefaultThreads = 8;
/** Longest that leaving waits for the texts under way, 50 to 100 ms each on an idle machine. */
const exitWaitMs = 2_000;

/**
 * The cross-encoder in `options.modelFolder`. Nothing is loaded before the first text.
 * @throws {MissingError} When the folder holds none.
 */
export async function createOnnxCrossEncoder(
  deps: { readonly log: Log },
  options: OnnxCrossEncoderOptions,
): Promise<Reranker> {
  const folder = options.modelFolder;
  try {
    const config = JSON.parse(await readFile(join(folder, "tokenizer_config.json"), "utf8")) as {
      readonly model_max_length?: number;
    };
    await readFile(join(folder, "tokenizer.json"));
    const { modelFile, bytes } = await readWeights(folder);
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
    return new OnnxCrossEncoder(deps, {
      id: `${basename(folder)}/${hash}`,
      folder,
      modelFile,
      // BERT's positions end at 512, whatever a tokenizer's file says.
      maxTokens: Math.min(config.model_max_length ?? 512, 512),
      threads: options.threads || Math.min(availableParallelism(), maxDefaultThreads),
    });
  } catch (cause) {
    throw new MissingError(
      `The reranking model in ${folder} is missing or not whole: ${messageOf(cause)}.`,
      `It takes tokenizer.json, tokenizer_config.json and ${modelFileNames.join(" or ")}.`,
      cause,
    );
  }
}

async function readWeights(folder: string): Promise<{ readonly modelFile: string; readonly bytes: Buffer }> {
  const [first, second] = modelFileNames.map((name) => join(folder, name)) as [string, string];
  return await readFile(first).then(
    (bytes) => ({ modelFile: first, bytes }),
    async () => ({ modelFile: second, bytes: await readFile(second) }),
  );
}

/** A cross-encoder run on this machine by onnxruntime: worker threads with a session each. */
class OnnxCrossEncoder implements Reranker {
  readonly id: string;
  readonly #log: Log;
  readonly #facts: { readonly folder: string; readonly modelFile: string; readonly maxTokens: number };
  readonly #threads: number;
  readonly #queue: PQueue;
  readonly #gate = new NativeGate();
  readonly #shutGate = (): void => this.#gate.shutNow(exitWaitMs);
  readonly #closing = new AbortController();
  #pool: Piscina<RerankTask, number[]> | undefined;

  constructor(
    deps: { readonly log: Log },
    facts: {
      readonly id: string;
      readonly folder: string;
      readonly modelFile: string;
      readonly maxTokens: number;
      readonly threads: number;
    },
  ) {
    this.#log = deps.log;
    const { id, folder, modelFile, maxTokens, threads } = facts;
    this.id = id;
    this.#facts = { folder, modelFile, maxTokens };
    this.#threads = threads;
    this.#queue = new PQueue({ concurrency: threads });
  }

  async score(query: string, texts: readonly string[], signal?: AbortSignal): Promise<readonly number[]> {
    signal?.throwIfAborted();
    const either = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
    const groups = Array.from({ length: Math.ceil(texts.length / textsPerTask) }, (_, at) =>
      texts.slice(at * textsPerTask, (at + 1) * textsPerTask),
    );
    try {
      const rows = await Promise.all(
        groups.map((group) =>
          // A signal is not handed to the pool: it would end the thread, and with it the loaded model.
          this.#queue.add(() => this.#open().run({ query, texts: group }), { signal: either }),
        ),
      );
      signal?.throwIfAborted();
      return rows.flat();
    } catch (cause) {
      either.throwIfAborted();
      throw new MissingError(
        `The reranking model ${this.id} cannot be run: ${messageOf(cause)}.`,
        "Check the model's folder, or configure none.",
        cause,
      );
    }
  }

  /** Lets each thread finish its text, then ends the threads; what waits is refused. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new ForagerError("closed", "The reranker was closed."));
    process.off("exit", this.#shutGate);
    this.#shutGate();
    if (this.#pool) await endThreads(this.#pool, "the reranker", this.#log);
  }

  #open(): Piscina<RerankTask, number[]> {
    if (this.#pool) return this.#pool;
    const data: CrossEncoderWorkerData = { ...this.#facts, gate: this.#gate.buffer };
    process.once("exit", this.#shutGate);
    const name = import.meta.url.endsWith(".ts")
      ? "./onnx-cross-encoder-worker.ts"
      : "./onnx-cross-encoder-worker.js";
    this.#pool = openOnnxPool(new URL(name, import.meta.url), data, this.#threads);
    return this.#pool;
  }
}
