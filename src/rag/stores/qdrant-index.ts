import { QdrantChunkStore } from "./qdrant.ts";
import { beginVersion, finishVersion } from "./qdrant/rebuild.ts";
import type { IndexDeps, IndexOptions } from "./qdrant/versions.ts";

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
}
