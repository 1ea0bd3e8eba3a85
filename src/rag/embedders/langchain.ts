import type { EmbeddingsInterface } from "@langchain/core/embeddings";
import PQueue from "p-queue";
import { ForagerError, MissingError, OptionsError, messageOf } from "../../errors.ts";
import type { Embedder } from "../embedder.ts";
import type { LangChainEmbedderOptions } from "./langchain-options.ts";

/**
 * A {@link LangChainEmbedder} over a class of an npm package that is loaded now.
 * @throws {MissingError} When the package is not installed.
 * @throws {OptionsError} When it has no such class, or the class refuses its settings.
 */
export async function createLangChainEmbedder(options: LangChainEmbedderOptions): Promise<LangChainEmbedder> {
  const { module, className } = options;
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = (await import(module)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw new MissingError(
      `The package ${module}, which embeds texts, cannot be loaded: ${messageOf(cause)}.`,
      `Run \`npm install ${module}\`, or choose another embedder.`,
      cause,
    );
  }
  const Class = exported[className];
  if (typeof Class !== "function") {
    throw new OptionsError("embedder", `${module} exports no class ${className}`);
  }
  let embeddings: unknown;
  try {
    embeddings = Reflect.construct(Class, [options.settings]);
  } catch (cause) {
    throw new OptionsError("embedder", `${className} refuses its settings: ${messageOf(cause)}`, { cause });
  }
  if (!isEmbeddings(embeddings)) {
    throw new OptionsError("embedder", `${className} of ${module} is no LangChain embeddings class`);
  }
  const model = typeof options.settings["model"] === "string" ? `/${options.settings["model"]}` : "";
  return new LangChainEmbedder({ embeddings }, { ...options, id: `${module}/${className}${model}` });
}

/** Any LangChain embeddings (OpenAI, Ollama, ...) as an {@link Embedder}: batched, scaled to length 1. */
export class LangChainEmbedder implements Embedder {
  readonly id: string;
  readonly dimensions: number;
  readonly maxTokens: number;
  /** No known vectors to compare with: its strength stays unknown until it is calibrated. */
  readonly isProven = false;
  readonly concurrency: number;
  readonly batchSize: number;
  readonly #embeddings: EmbeddingsInterface;
  readonly #queue: PQueue;

  constructor(
    deps: { readonly embeddings: EmbeddingsInterface },
    options: Pick<LangChainEmbedderOptions, "dimensions" | "maxTokens" | "batchSize" | "concurrency"> & {
      readonly id: string;
    },
  ) {
    this.#embeddings = deps.embeddings;
    this.id = options.id;
    this.dimensions = options.dimensions;
    this.maxTokens = options.maxTokens;
    this.batchSize = options.batchSize;
    this.concurrency = options.concurrency;
    this.#queue = new PQueue({ concurrency: options.concurrency });
  }

  async embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    const batches: string[][] = [];
    for (let start = 0; start < texts.length; start += this.batchSize) {
      batches.push(texts.slice(start, start + this.batchSize));
    }
    const answers = await Promise.all(batches.map((batch) => this.#embedBatch(batch, signal)));
    return answers.flat();
  }

  async embedQuery(query: string, signal?: AbortSignal): Promise<Float32Array> {
    return this.#toUnit(await this.#call(() => this.#embeddings.embedQuery(query), signal, 1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#queue.clear();
    await this.#queue.onIdle();
  }

  /** Counted a batch at a time: one vector too few here and one too many there would give texts each other's. */
  async #embedBatch(batch: string[], signal: AbortSignal | undefined): Promise<Float32Array[]> {
    const rows = await this.#call(() => this.#embeddings.embedDocuments(batch), signal);
    if (rows.length !== batch.length) {
      throw new ForagerError("embedder", `${this.id} gave ${rows.length} vectors for ${batch.length} texts.`);
    }
    return rows.map((row) => this.#toUnit(row));
  }

  /** LangChain's calls take no signal: an abort ends the wait here, and the answer is dropped when it comes. */
  async #call<T>(work: () => Promise<T>, signal: AbortSignal | undefined, priority = 0): Promise<T> {
    try {
      return await this.#queue.add(work, { priority, ...(signal ? { signal } : {}) });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new ForagerError("embedder", `${this.id} gave no vectors: ${messageOf(cause)}`, { cause });
    }
  }

  #toUnit(row: readonly number[]): Float32Array {
    if (row.length !== this.dimensions) {
      throw new OptionsError(
        "embedder",
        `${this.id} gives vectors of ${row.length} numbers where dimensions says ${this.dimensions}`,
      );
    }
    const norm = Math.hypot(...row);
    if (!Number.isFinite(norm))
      throw new ForagerError("embedder", `${this.id} gave a vector whose numbers are not finite.`);
    return norm > 0 ? Float32Array.from(row, (value) => value / norm) : zeroSafeUnit(this.dimensions);
  }
}

/** An empty text may come back as zeros; the port promises length 1, and this direction is as good as any. */
function zeroSafeUnit(dimensions: number): Float32Array {
  return new Float32Array(dimensions).fill(1 / Math.sqrt(dimensions));
}

function isEmbeddings(value: unknown): value is EmbeddingsInterface {
  return (
    typeof value === "object" &&
    value !== null &&
    "embedDocuments" in value &&
    typeof value.embedDocuments === "function" &&
    "embedQuery" in value &&
    typeof value.embedQuery === "function"
  );
}
