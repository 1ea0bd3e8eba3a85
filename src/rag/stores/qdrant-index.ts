import type { IndexedDocument } from "../chunk-store.ts";
import type { DocumentState, PassageState } from "../document-state.ts";
import { QdrantChunkStore } from "./qdrant.ts";
import { hasDrifted } from "./qdrant/index-config.ts";
import type { QdrantPoints } from "./qdrant/points.ts";
import { readPassageStates, readSome, readStates } from "./qdrant/read-everything.ts";
import { beginVersion, finishVersion } from "./qdrant/rebuild.ts";
import { type IndexDeps, type IndexOptions, openIndex } from "./qdrant/versions.ts";

/** An index that is made beside the one in use, and takes its place at once when it is whole. */
export interface QdrantRebuild {
  /** Where the documents go meanwhile. */
  readonly store: QdrantChunkStore;
  /** Searches go to the new index from now on, at once; the old one is dropped. */
  finish(signal?: AbortSignal): Promise<void>;
}

/** The searched index under its name, which can be made anew without a pause. */
export class QdrantIndex extends QdrantChunkStore {
  readonly #deps: IndexDeps;
  readonly #options: IndexOptions;

  constructor(deps: IndexDeps, options: IndexOptions) {
    super(deps, options);
    this.#deps = deps;
    this.#options = options;
  }

  /** Whether texts have become so much longer or shorter that its scores are off. */
  async advice(signal?: AbortSignal): Promise<string | undefined> {
    const { archive } = this.#deps;
    if (!archive) return undefined;
    const facts = await openIndex(this.#deps, this.#options.collection, signal);
    return facts && hasDrifted(facts.means, archive.meanLengths())
      ? `${this.name} was made when texts were of another length, which its scores go by. Make the index anew with: forager migrate --to qdrant --rebuild`
      : undefined;
  }

  /** What all documents are told by, a few hundred at a time: to compare them with others without reading them. */
  async *states(signal?: AbortSignal): AsyncGenerator<readonly DocumentState[]> {
    if (await this.look(signal)) yield* readStates(this.#points, this.#options.collection, signal);
  }

  /** What the passages of these documents are told by, in order, under their addresses. */
  async passageStates(
    urls: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly PassageState[]>> {
    return await readPassageStates(urls, this.#points, this.#options.collection, signal);
  }

  /** These documents, those that have gone left out. */
  async *indexed(urls: readonly string[], signal?: AbortSignal): AsyncGenerator<IndexedDocument> {
    const facts = urls.length > 0 ? await this.look(signal) : undefined;
    if (facts) yield* readSome(urls, this.#points, this.#options.collection, facts.means, signal);
  }

  /** A new index beside the one that is searched. One that was begun before and left is gone on with. */
  async beginRebuild(signal?: AbortSignal): Promise<QdrantRebuild> {
    const collection = await beginVersion(this.#deps, this.#options, signal);
    const store = new QdrantChunkStore(this.#deps, { ...this.#options, collection });
    return {
      store,
      finish: async (signal) =>
        await finishVersion(this.#deps, this.#options, collection, await store.stats(signal), signal),
    };
  }

  get #points(): QdrantPoints {
    return this.#deps.connection.points;
  }
}
