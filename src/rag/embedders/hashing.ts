import type { Embedder, TokenVectors } from "../embedder.ts";

/**
 * Words to a vector by hashing, without a model: texts that share words are near each other. A quick and steady
 * stand-in for tests and demonstrations; as a retriever it is weaker than BM25.
 * @see Weinberger et al., Feature Hashing for Large Scale Multitask Learning, ICML 2009.
 */
export class HashingEmbedder implements Embedder {
  readonly id: string;
  readonly dimensions: number;
  readonly maxTokens = 100_000;
  readonly isProven: boolean;
  readonly concurrency: number = 1;
  readonly batchSize: number = 64;

  constructor(options: { readonly dimensions?: number; readonly isProven?: boolean } = {}) {
    this.dimensions = options.dimensions ?? 64;
    this.isProven = options.isProven ?? false;
    this.id = `hashing/${this.dimensions}`;
  }

  async embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    signal?.throwIfAborted();
    return texts.map((text) => this.#vector(text));
  }

  /** A row a word: the same wherever it stands. */
  async embedTokens(texts: readonly (readonly string[])[], signal?: AbortSignal): Promise<TokenVectors[]> {
    signal?.throwIfAborted();
    return texts.map((parts) => {
      const words = parts.map((part) => part.match(/[\p{L}\p{N}]+/gu) ?? []);
      let count = 0;
      const ends = words.map((ofPart) => (count += ofPart.length));
      const rows = new Float32Array(count * this.dimensions);
      for (const [row, word] of words.flat().entries()) rows.set(this.#vector(word), row * this.dimensions);
      return { ends, rows };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #vector(text: string): Float32Array {
    const sums = new Float64Array(this.dimensions);
    // Keeps a text without words off the origin.
    sums[0] = 0.001;
    for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
      const hash = fnv1a(word);
      const place = hash % this.dimensions;
      sums[place] = (sums[place] ?? 0) + (hash & 0x8000_0000 ? -1 : 1);
    }
    const norm = Math.hypot(...sums) || 1;
    return Float32Array.from(sums, (value) => value / norm);
  }
}

/** @see http://www.isthe.com/chongo/tech/comp/fnv/ (32 bits) */
function fnv1a(word: string): number {
  let hash = 0x811c_9dc5;
  for (let index = 0; index < word.length; index++) {
    hash = Math.imul(hash ^ word.charCodeAt(index), 0x0100_0193) >>> 0;
  }
  return hash;
}
