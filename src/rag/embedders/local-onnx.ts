import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Piscina } from "piscina";
import PQueue from "p-queue";
import { ForagerError, MissingError, messageOf } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { within } from "../../deadline.ts";
import { endThreads } from "../../end-threads.ts";
import type { Embedder, TokenVectors } from "../embedder.ts";
import { mainScript } from "../text/scripts.ts";
import {
  damagedModel,
  modelFileName,
  readModelFacts,
  readWords,
  shippedModelFolder,
  type ModelFacts,
} from "./local-onnx-model.ts";
import type { LocalOnnxOptions } from "./local-onnx-options.ts";
import type { EmbedTask, LocalOnnxWorkerData } from "./local-onnx-worker.ts";
import { NativeGate } from "../onnx/native-gate.ts";
import { openOnnxPool } from "../onnx/onnx-pool.ts";
import { runtimeFailure } from "../onnx/runtime-failure.ts";

/** Texts that go to a thread at once: enough to hide the hand-over, few enough that a question waits under 200 ms. */
const textsPerTask = 4;
/** A session holds some 100 MB; past eight threads memory, not the processor, is what runs out. */
const maxDefaultThreads = 8;
/** Longest that leaving waits for the texts under way, 40 ms each on an idle machine. */
const exitWaitMs = 2_000;
/** A sound int8 model gives .98 or more, float32 1; wrong pooling or a broken runtime far less (models' README). */
const leastReferenceCosine = 0.97;

/**
 * An {@link LocalOnnxEmbedder} for the model of `options.modelFolder`. Nothing is loaded before the first text.
 * @throws {MissingError} When the folder holds no model.
 */
export async function createLocalOnnxEmbedder(
  deps: { readonly log: Log },
  options: LocalOnnxOptions,
): Promise<LocalOnnxEmbedder> {
  const folder = options.modelFolder || shippedModelFolder;
  return new LocalOnnxEmbedder(deps, { ...options, folder, facts: await readModelFacts(folder) });
}

/** Its threads' two functions, by name. */
type Pool = Piscina<EmbedTask | EmbedTask<readonly string[]>, Float32Array | readonly TokenVectors[]>;

/** A sentence model run on this machine by onnxruntime, offline: worker threads with a session each. */
export class LocalOnnxEmbedder implements Embedder {
  readonly id: string;
  readonly dimensions: number;
  readonly maxTokens: number;
  readonly concurrency: number;
  readonly batchSize = textsPerTask;
  readonly #log: Log;
  readonly #folder: string;
  readonly #mayYield: boolean;
  #isYielding = false;
  readonly #references: ModelFacts["references"];
  readonly #damaged: ModelFacts["damaged"];
  readonly #queue: PQueue;
  readonly #gate = new NativeGate();
  readonly #shutGate = (): void => this.#gate.shutNow(exitWaitMs);
  #pool: Pool | undefined;
  #proof: Promise<void> | undefined;
  #isProven = false;
  #words: Promise<ReadonlySet<string>> | undefined;
  readonly #closing = new AbortController();

  constructor(
    deps: { readonly log: Log },
    options: Pick<LocalOnnxOptions, "threads" | "isBackground"> & {
      readonly folder: string;
      readonly facts: ModelFacts;
    },
  ) {
    this.#log = deps.log;
    this.#folder = options.folder;
    this.#mayYield = options.isBackground;
    this.#references = options.facts.references;
    this.#damaged = options.facts.damaged;
    this.id = options.facts.id;
    this.dimensions = options.facts.dimensions;
    this.maxTokens = options.facts.maxTokens;
    this.concurrency = options.threads || Math.min(availableParallelism(), maxDefaultThreads);
    this.#queue = new PQueue({ concurrency: this.concurrency });
  }

  get isProven(): boolean {
    return this.#isProven;
  }

  /** A model that reads English well has mostly no words of other scripts: each letter of a Thai text is unknown to it. */
  isProvenOn(text: string): boolean {
    const script = mainScript(text);
    const isChecked = this.#references.some((reference) => mainScript(reference.text) === script);
    return this.#isProven && (script === undefined || isChecked);
  }

  async embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    await this.#proven(signal);
    return this.#embed(texts, 0, signal);
  }

  async embedQuery(query: string, signal?: AbortSignal): Promise<Float32Array> {
    await this.#proven(signal);
    const [vector] = await this.#embed([query], 1, signal);
    return vector as Float32Array;
  }

  /** Ahead of the texts that wait: only questions ask for it. */
  async embedTokens(texts: readonly (readonly string[])[], signal?: AbortSignal): Promise<TokenVectors[]> {
    await this.#proven(signal);
    return await Promise.all(
      texts.map((text) =>
        this.#queue.add(() => this.#runTokens(text), { priority: 1, signal: this.#until(signal) }),
      ),
    );
  }

  async knowsWord(word: string): Promise<boolean> {
    this.#words ??= readWords(this.#folder);
    return (await this.#words).has(word);
  }

  /** Lasts: a thread that has lowered its priority may not raise it again (setpriority(2)). Questions alone never come here. */
  yieldProcessor(): void {
    this.#isYielding = this.#mayYield;
  }

  /** Lets each thread finish its text (some 40 ms), then ends the threads; what waits is refused. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new ForagerError("closed", "The local embedder was closed."));
    process.off("exit", this.#shutGate);
    this.#shutGate();
    if (this.#pool) await endThreads(this.#pool, "the local embedder", this.#log);
  }

  async #embed(
    texts: readonly string[],
    priority: number,
    signal: AbortSignal | undefined,
  ): Promise<Float32Array[]> {
    const either = this.#until(signal);
    const groups: (readonly string[])[] = [];
    for (let start = 0; start < texts.length; start += textsPerTask) {
      groups.push(texts.slice(start, start + textsPerTask));
    }
    const rows = await Promise.all(
      groups.map((group) => this.#queue.add(() => this.#run(group), { priority, signal: either })),
    );
    return rows.flatMap((flat) => this.#split(flat));
  }

  /** A signal is not handed to the pool: it would end the thread, and with it the loaded model. */
  #run(texts: readonly string[]): Promise<Float32Array> {
    this.#pool ??= this.#openPool();
    return this.#pool.run({ texts, isYielding: this.#isYielding }) as Promise<Float32Array>;
  }

  async #runTokens(text: readonly string[]): Promise<TokenVectors> {
    this.#pool ??= this.#openPool();
    const task = { texts: [text], isYielding: this.#isYielding };
    const [vectors] = (await this.#pool.run(task, { name: "embedTokens" })) as [TokenVectors];
    this.#checkFinite(vectors.rows);
    return vectors;
  }

  #until(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
  }

  /** Weights that were changed can be sound for the reference texts, and give no numbers for others. @throws {MissingError} */
  #checkFinite(rows: Float32Array): void {
    if (!rows.every(Number.isFinite)) throw damagedModel(this.#folder, "it gave vectors that are no numbers");
  }

  #split(flat: Float32Array): Float32Array[] {
    this.#checkFinite(flat);
    return Array.from({ length: flat.length / this.dimensions }, (_, row) =>
      flat.slice(row * this.dimensions, (row + 1) * this.dimensions),
    );
  }

  #openPool(): Pool {
    const data: LocalOnnxWorkerData = {
      modelFile: join(this.#folder, modelFileName),
      folder: this.#folder,
      dimensions: this.dimensions,
      maxTokens: this.maxTokens,
      gate: this.#gate.buffer,
    };
    process.once("exit", this.#shutGate);
    const name = import.meta.url.endsWith(".ts") ? "./local-onnx-worker.ts" : "./local-onnx-worker.js";
    return openOnnxPool(new URL(name, import.meta.url), data, this.concurrency);
  }

  /** The first caller starts the check, all wait for it; a check that failed to run is tried again by the next caller. */
  async #proven(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    this.#proof ??= this.#prove().catch((error: unknown) => {
      this.#proof = undefined;
      throw error;
    });
    const proof = this.#proof;
    await within("Starting the local embedder", Infinity, signal, () => proof);
  }

  async #prove(): Promise<void> {
    // Its reference texts use few of its weights: damage elsewhere would go unseen by their vectors.
    if (this.#damaged.length > 0)
      throw damagedModel(this.#folder, `${this.#damaged.join(", ")} is not what its SHA256SUMS says`);
    let vectors: Float32Array[];
    try {
      vectors = await this.#embed([...this.#references.map(({ text }) => text), "ready"], 1, undefined);
    } catch (cause) {
      if (cause instanceof ForagerError) throw cause;
      throw messageOf(cause).startsWith(runtimeFailure)
        ? new MissingError(
            "onnxruntime-node, which runs the local embedding model, is not installed or does not fit this machine.",
            "Run `npm install --ignore-scripts onnxruntime-node`: its script wants api.nuget.org, and where that cannot be reached npm leaves the package out without a word. Or choose another embedder, or search without one (--embed off).",
            cause,
          )
        : new MissingError(
            `The embedding model in ${this.#folder} cannot be run: ${messageOf(cause)}.`,
            "Run `forager doctor`, and install Forager again if the model's checksums differ.",
            cause,
          );
    }
    const cosines = this.#references.map(({ vector }, index) => cosine(vector, vectors[index] ?? []));
    this.#isProven = cosines.length > 0 && cosines.every((value) => value >= leastReferenceCosine);
    if (!this.#isProven) {
      this.#log.warn(
        cosines.length === 0
          ? "embedding model has no reference vectors; it is trusted less"
          : "embedding model does not give its reference vectors; it is trusted less",
        { model: this.id, cosines },
      );
    }
  }
}

function cosine(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let dot = 0;
  let ones = 0;
  let others = 0;
  for (let index = 0; index < one.length; index++) {
    const left = one[index] ?? 0;
    const right = other[index] ?? 0;
    dot += left * right;
    ones += left * left;
    others += right * right;
  }
  return dot / Math.sqrt(ones * others || 1);
}
