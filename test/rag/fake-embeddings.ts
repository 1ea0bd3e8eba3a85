import { Embeddings } from "@langchain/core/embeddings";
import { HashingEmbedder } from "../../src/rag/embedders/hashing.ts";

/** LangChain embeddings without a network: rows of length 3, so that scaling shows. */
export class FakeEmbeddings extends Embeddings {
  readonly #embedder = new HashingEmbedder({ dimensions: 32 });
  readonly batches: number[] = [];

  constructor(settings: { readonly refuse?: boolean } = {}) {
    super({});
    if (settings.refuse) throw new Error("no key");
  }

  async embedDocuments(documents: string[]): Promise<number[][]> {
    this.batches.push(documents.length);
    const rows = await this.#embedder.embed(documents);
    return rows.map((row) => Array.from(row, (value) => value * 3));
  }

  async embedQuery(document: string): Promise<number[]> {
    const [row] = await this.embedDocuments([document]);
    return row ?? [];
  }
}
