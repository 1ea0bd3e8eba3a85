import { createHash } from "node:crypto";
import { Document, type DocumentInterface } from "@langchain/core/documents";
import type { EmbeddingsInterface } from "@langchain/core/embeddings";
import { maximalMarginalRelevance } from "@langchain/core/utils/math";
import { type MaxMarginalRelevanceSearchOptions, VectorStore } from "@langchain/core/vectorstores";
import { OptionsError } from "../errors.ts";
import { type ForagerOptions, createForager } from "../forager.ts";
import { type GivenDocument, documentId, documentUrl } from "../jobs/given-document.ts";
import { type Filter, FilterSchema } from "../rag/filter.ts";
import { fromLangChainEmbeddings } from "./embeddings.ts";
import { type ForagerIndex, nearVector } from "./forager-index.ts";
import { type FoundPassage, isPassageId, toPassageDocument } from "./passage.ts";

/** Which index a {@link ForagerVectorStore} is: that of a Forager you have, or one that is opened for it. */
export type ForagerVectorStoreConfig =
  | { readonly forager: ForagerIndex }
  | (ForagerOptions & {
      /** Names the embeddings' model: vectors of different names never meet. */
      readonly embedderId: string;
    });

type Given = DocumentInterface<Record<string, unknown>>;

/**
 * A Forager index as a LangChain vector store. Documents that are added stand beside crawled pages, each as one passage.
 * Searching with words is Forager's hybrid search, so passages count at once, with or without a vector; the score is then
 * the joined one, and `metadata.confidence` is what thresholds are for. Searching with a vector is cosine alone.
 */
export class ForagerVectorStore extends VectorStore implements AsyncDisposable {
  declare FilterType: Filter;
  readonly #forager: ForagerIndex;
  readonly #made = new AsyncDisposableStack();

  /** @param embeddings Has to be the model of the forager's own embedder: it embeds the questions of vector searches. */
  constructor(embeddings: EmbeddingsInterface, config: { readonly forager: ForagerIndex }) {
    super(embeddings, {});
    this.#forager = config.forager;
  }

  /** An index as it is; an empty one where there is none yet. Close it. */
  static async fromExistingIndex(
    embeddings: EmbeddingsInterface,
    config: ForagerVectorStoreConfig,
  ): Promise<ForagerVectorStore> {
    if ("forager" in config) return new ForagerVectorStore(embeddings, config);
    const { embedderId, ...options } = config;
    const embedder = await fromLangChainEmbeddings(embeddings, { id: embedderId });
    const forager = createForager(options, { embedder });
    const store = new ForagerVectorStore(embeddings, { forager });
    store.#made.use(embedder);
    store.#made.use(forager);
    return store;
  }

  static override async fromDocuments(
    documents: DocumentInterface[],
    embeddings: EmbeddingsInterface,
    config: ForagerVectorStoreConfig,
  ): Promise<ForagerVectorStore> {
    const store = await ForagerVectorStore.fromExistingIndex(embeddings, config);
    try {
      await store.addDocuments(documents);
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  }

  static override async fromTexts(
    texts: string[],
    metadatas: object[] | object,
    embeddings: EmbeddingsInterface,
    config: ForagerVectorStoreConfig,
  ): Promise<ForagerVectorStore> {
    const documents = texts.map((pageContent, at) => {
      const metadata: unknown = Array.isArray(metadatas) ? metadatas[at] : metadatas;
      return new Document({ pageContent, metadata: { ...(metadata as object | undefined) } });
    });
    return await ForagerVectorStore.fromDocuments(documents, embeddings, config);
  }

  override _vectorstoreType(): string {
    return "forager";
  }

  /**
   * Adds documents, or replaces those that have the same id. One without an id gets one from its content, so adding it
   * again changes nothing.
   * @returns The ids.
   */
  override addDocuments(
    documents: DocumentInterface[],
    options: { readonly ids?: readonly string[] } = {},
  ): Promise<string[]> {
    return this.#add(documents, options);
  }

  /** As {@link addDocuments}, with vectors of the index's own embedder that you have already. */
  override addVectors(
    vectors: number[][],
    documents: DocumentInterface[],
    options: { readonly ids?: readonly string[] } = {},
  ): Promise<string[]> {
    if (vectors.length !== documents.length)
      throw new OptionsError("addVectors", `${vectors.length} vectors for ${documents.length} documents`);
    return this.#add(documents, options, vectors);
  }

  /** Removes documents that were added, by their ids. Crawled pages are `forager.remove`'s. */
  override async delete(params: { readonly ids: readonly string[] }): Promise<void> {
    const ids: unknown = params?.ids;
    if (!Array.isArray(ids)) throw new OptionsError("delete", "ids: say which documents");
    const passage = params.ids.find(isPassageId);
    if (passage !== undefined) {
      throw new OptionsError(
        "delete",
        `${passage} is a passage of a crawled page; forager.remove takes whole pages away`,
      );
    }
    await this.#forager.remove(params.ids.map(documentUrl));
  }

  override async similaritySearch(query: string, k = 4, filter?: Filter): Promise<Document[]> {
    const found = await this.similaritySearchWithScore(query, k, filter);
    return found.map(([document]) => document);
  }

  override async similaritySearchWithScore(
    query: string,
    k = 4,
    filter?: Filter,
  ): Promise<[Document, number][]> {
    const { hits, notes } = await this.#forager.search(query, { limit: k, ...checkFilter(filter) });
    return await this.#documents(hits, notes);
  }

  override async similaritySearchVectorWithScore(
    query: number[],
    k: number,
    filter?: Filter,
  ): Promise<[Document, number][]> {
    return await this.#documents(
      await nearVector(this.#forager, query, { limit: k, ...checkFilter(filter) }),
    );
  }

  /**
   * Passages that are near the question and not near each other.
   * @param options.lambda 1 is relevance alone, 0 is difference alone; .5.
   * @param options.fetchK Nearest passages to choose from; 20.
   * @see Carbonell and Goldstein, The Use of MMR, SIGIR 1998.
   */
  override async maxMarginalRelevanceSearch(
    query: string,
    options: MaxMarginalRelevanceSearchOptions<Filter>,
  ): Promise<Document[]> {
    const { k, fetchK = 20, lambda = 0.5, filter } = options;
    const vector = await this.embeddings.embedQuery(query);
    const limit = Math.max(k, fetchK);
    const hits = await nearVector(this.#forager, vector, { limit, ...checkFilter(filter) });
    const rows = hits.map((hit) => Array.from(hit.vector));
    const chosen = maximalMarginalRelevance(vector, rows, lambda, k).flatMap((at) => hits[at] ?? []);
    const found = await this.#documents(chosen);
    return found.map(([document]) => document);
  }

  /** Closes what was opened for it; a forager that was handed in stays open. */
  close(): Promise<void> {
    return this.#made.disposeAsync();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #add(
    documents: readonly DocumentInterface[],
    options: { readonly ids?: readonly string[] },
    vectors?: readonly (readonly number[])[],
  ): Promise<string[]> {
    const { ids } = options;
    if (ids && ids.length !== documents.length)
      throw new OptionsError("ids", `${ids.length} for ${documents.length} documents`);
    const given = documents.map((document, at) =>
      toGiven(document, ids?.[at] ?? document.id ?? contentId(document), vectors?.[at]),
    );
    await this.#forager.add(given, { isWhole: true });
    return given.map(({ id = "" }) => id);
  }

  async #documents(
    hits: readonly FoundPassage[],
    notes: readonly string[] = [],
  ): Promise<[Document, number][]> {
    return await Promise.all(
      hits.map(async (hit): Promise<[Document, number]> => [await this.#document(hit, notes), hit.score]),
    );
  }

  /** A document that was added comes back as it was, with its own id and metadata beside ours. */
  async #document(hit: FoundPassage, notes: readonly string[]): Promise<Document> {
    const passage = toPassageDocument(hit, notes);
    const id = documentId(hit.url);
    const kept = id === undefined ? undefined : await this.#forager.document?.(hit.url);
    if (id === undefined) return passage;
    const own = kept?.structured["given"] as Record<string, unknown> | undefined;
    return new Document({ id, pageContent: hit.text, metadata: { ...passage.metadata, ...own } });
  }
}

function toGiven(
  { pageContent, metadata }: Given,
  id: string,
  vector: readonly number[] | undefined,
): GivenDocument {
  return {
    id,
    text: pageContent,
    metadata,
    ...(typeof metadata["title"] === "string" ? { title: metadata["title"] } : {}),
    ...(vector ? { vector: Float32Array.from(vector) } : {}),
  };
}

function contentId({ pageContent, metadata }: Given): string {
  return createHash("sha256")
    .update(JSON.stringify([pageContent, metadata]))
    .digest("hex")
    .slice(0, 32);
}

/** A filter that is not understood would let everything through. */
function checkFilter(filter: unknown): { readonly filter?: Filter } {
  if (filter === undefined) return {};
  const parsed = FilterSchema.safeParse(filter);
  if (!parsed.success) throw new OptionsError("filter", parsed.error);
  return { filter: parsed.data };
}
