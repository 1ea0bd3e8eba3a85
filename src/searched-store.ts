import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { DataFolder } from "./data-folder.ts";
import { within } from "./deadline.ts";
import { ForagerError, OptionsError, StoreError, messageOf } from "./errors.ts";
import type { EventStream } from "./events.ts";
import type { RemoteStore } from "./jobs/migrate.ts";
import type { Log } from "./log.ts";
import type { ChunkStore } from "./rag/chunk-store.ts";
import type { Embedder } from "./rag/embedder.ts";
import { type FedStore, IndexFeed } from "./rag/index-feed.ts";
import { checkQdrant, type QdrantCheck } from "./rag/stores/qdrant/checks.ts";
import { QdrantConnection } from "./rag/stores/qdrant/client.ts";
import { expectedMetadata } from "./rag/stores/qdrant/index-config.ts";
import { SqliteChunkStore } from "./rag/stores/sqlite.ts";

/** A store that can be searched, and what a reader should know of it. */
export interface OpenedStore {
  readonly store: ChunkStore;
  readonly notes: readonly string[];
}

/** A server that is there says so at once; who asks a question does not wait longer to learn that it is not. */
const probeMs = 2_000;

/** Where passages are searched: the data folder's own file, or a Qdrant that is fed from it. */
export class SearchedStore implements AsyncDisposable {
  readonly #config: Config;
  readonly #deps: { readonly clock: Clock; readonly events: EventStream; readonly log: Log };
  readonly #embedder: () => Promise<Embedder | undefined>;
  #connection: QdrantConnection | undefined;

  constructor(
    config: Config,
    deps: {
      readonly clock: Clock;
      readonly events: EventStream;
      readonly log: Log;
      readonly embedder: () => Promise<Embedder | undefined>;
    },
  ) {
    this.#config = config;
    this.#deps = deps;
    this.#embedder = deps.embedder;
  }

  get isRemote(): boolean {
    return this.#config.qdrant.url !== "";
  }

  /** The connection to Qdrant, where one is configured. */
  get connection(): QdrantConnection | undefined {
    if (!this.isRemote) return undefined;
    const { clock, log } = this.#deps;
    return (this.#connection ??= new QdrantConnection({ clock, log }, this.#config.qdrant));
  }

  /**
   * The store to search. Where Qdrant does not answer, or has no index yet, the data folder does, which has all that
   * Qdrant was fed.
   * @param folder Absent where this machine has none and Qdrant stands alone.
   * @throws {StoreError} When there is nothing that can be searched.
   */
  async open(folder: DataFolder | undefined, signal?: AbortSignal): Promise<OpenedStore> {
    const local = folder && new SqliteChunkStore({ archive: folder.archive, database: folder.database });
    const { connection } = this;
    if (connection) {
      try {
        await within("Asking Qdrant whether it is there", probeMs, signal, (own) => connection.probe(own));
      } catch (error) {
        signal?.throwIfAborted();
        if (!local || !(error instanceof ForagerError)) throw error;
        return { store: local, notes: [`The data folder was searched instead: ${messageOf(error)}`] };
      }
      const store = await this.remote(folder);
      if (await store.isThere(signal)) return { store, notes: [] };
      const missing = `${store.name} has no index named "${this.#config.qdrant.collection}" yet. Send it there with: forager migrate --to qdrant`;
      if (!local) throw new StoreError(missing);
      return { store: local, notes: [`The data folder was searched instead: ${missing}`] };
    }
    if (!local) throw new StoreError("There is no data folder, and no Qdrant is configured.");
    return { store: local, notes: [] };
  }

  /** @throws {OptionsError} When no Qdrant is configured. */
  async remote(folder: DataFolder | undefined): Promise<RemoteStore> {
    const { connection } = this;
    if (!connection)
      throw new OptionsError(
        "Qdrant",
        "its address is not configured; set QDRANT_URL, as in http://127.0.0.1:6333",
      );
    const embedder = await this.#embedder();
    const { QdrantIndex } = await import("./rag/stores/qdrant-index.ts");
    return new QdrantIndex({ connection, embedder, archive: folder?.archive }, this.#config.qdrant);
  }

  /** Keeps the searched store what the folder is; nothing to do where that is the folder's own file. */
  async feed(folder: DataFolder): Promise<IndexFeed | undefined> {
    return this.isRemote ? this.feedOf(folder, await this.remote(folder)) : undefined;
  }

  feedOf({ archive, database }: DataFolder, store: FedStore): IndexFeed {
    return new IndexFeed({ archive, database, store, ...this.#deps });
  }

  /** Whether Qdrant can be used, where one is configured. */
  async examine(signal: AbortSignal): Promise<readonly QdrantCheck[]> {
    const { connection } = this;
    if (!connection) return [];
    const metadata = expectedMetadata(await this.#embedder());
    return await checkQdrant(connection, { collection: this.#config.qdrant.collection, metadata }, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection?.[Symbol.asyncDispose]();
  }
}
