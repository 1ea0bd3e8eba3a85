import { Embeddings, type EmbeddingsInterface, type EmbeddingsParams } from "@langchain/core/embeddings";
import { OptionsError } from "../errors.ts";
import type { Embedder } from "../rag/embedder.ts";
import { LangChainEmbedder } from "../rag/embedders/langchain.ts";
import { LangChainEmbedderOptions } from "../rag/embedders/langchain-options.ts";

const CallOptions = LangChainEmbedderOptions.pick({ maxTokens: true, batchSize: true, concurrency: true });

/** How LangChain embeddings are used as Forager's. */
export interface LangChainEmbeddingsOptions {
  /** Names model and weights: vectors of different ids never meet. */
  readonly id: string;
  /** Length of its vectors; found out by embedding one word where it is left out. */
  readonly dimensions?: number;
  /** Tokens of a text that it reads; 512. */
  readonly maxTokens?: number;
  /** Texts in one request; 64. */
  readonly batchSize?: number;
  /** Requests under way at the same time; 2. */
  readonly concurrency?: number;
}

/** LangChain embeddings as Forager's embedder: `createForager(options, { embedder: await fromLangChainEmbeddings(...) })`. */
export async function fromLangChainEmbeddings(
  embeddings: EmbeddingsInterface,
  options: LangChainEmbeddingsOptions,
): Promise<Embedder> {
  const { id, dimensions, ...call } = options;
  const parsed = CallOptions.safeParse(call);
  if (!parsed.success) throw new OptionsError("embeddings", parsed.error);
  return new LangChainEmbedder(
    { embeddings },
    { id, dimensions: dimensions ?? (await embeddings.embedQuery("length")).length, ...parsed.data },
  );
}

/** An embedder of Forager's as LangChain embeddings; it stays the caller's to close. */
export class ForagerEmbeddings extends Embeddings {
  readonly #embedder: Embedder;

  constructor(fields: EmbeddingsParams & { readonly embedder: Embedder }) {
    const { embedder, ...params } = fields;
    super(params);
    this.#embedder = embedder;
  }

  override async embedDocuments(documents: string[]): Promise<number[][]> {
    const rows = await this.#embedder.embed(documents);
    return rows.map((row) => Array.from(row));
  }

  override async embedQuery(document: string): Promise<number[]> {
    if (this.#embedder.embedQuery) return Array.from(await this.#embedder.embedQuery(document));
    const [row] = await this.embedDocuments([document]);
    return row ?? [];
  }
}
