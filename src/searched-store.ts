import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { RunContext } from "./context.ts";
import { BreakerOpenError } from "./coordination/guard/breaker.ts";
import { type Guard, type GuardOptions, createGuard } from "./coordination/guard/guard.ts";
import type { DataFolder } from "./data-folder.ts";
import { within } from "./deadline.ts";
import { ForagerError, OptionsError, StoreError, messageOf } from "./errors.ts";
import type { EventStream } from "./events.ts";
import { checkFeed, describeSearched, type SearchedStatus } from "./jobs/searched-status.ts";
import { flawOf } from "./jobs/index-flaw.ts";
import type { MigrateFloor, RemoteIndex, RemoteStore } from "./jobs/migrate.ts";
import type { Log } from "./log.ts";
import type { ChunkStore } from "./rag/chunk-store.ts";
import type { Embedder } from "./rag/embedder.ts";
import { type FedStore, IndexFeed } from "./rag/index-feed.ts";
import { checkQdrant, type QdrantCheck } from "./rag/stores/qdrant/checks.ts";
import { QdrantConnection } from "./rag/stores/qdrant/client.ts";
import { expectedMetadata } from "./rag/stores/qdrant/index-config.ts";
import { SqliteChunkStore } from "./rag/stores/sqlite.ts";
import { type Probe, probeMs, WatchedStore } from "./rag/stores/watched.ts";

/** A store that can be searched, and what a reader should know of it. */
export interface OpenedStore {
  readonly store: ChunkStore;
  /** Its vectors are another embedder's. */
  readonly isWordsOnly: boolean;
  readonly notes: readonly string[];
}

/** What became of a question to Qdrant. */
type Attempt<T> =
  | { readonly kind: "ended"; readonly result: Promise<T> }
  | { readonly kind: "failed"; readonly why: string };

/** A failure is not waited for a second time: for five seconds at first, then twice as long each time. */
const policy: GuardOptions = {
  name: "Qdrant",
  breaker: { opensAfter: { inARow: 1 }, openMs: 5_000, maxOpenMs: 60_000, probes: 1 },
};

/** Where passages are searched: the data folder's own file, or a Qdrant that is fed from it. */
export class SearchedStore implements AsyncDisposable {
  readonly #config: Config;
  readonly #deps: { readonly clock: Clock; readonly events: EventStream; readonly log: Log };
  readonly #embedder: () => Promise<Embedder | undefined>;
  readonly #guard: Guard;
  #connection: QdrantConnection | undefined;
  /** Of the last failure. */
  #why = "";

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
    this.#guard = createGuard(policy, { clock: deps.clock, events: deps.events });
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
   * Does `work` on the store to search. Where that is Qdrant, and it does not answer, has no whole index, or fails on the
   * way, `work` is done on the data folder, which has all that Qdrant was fed; then Qdrant is left alone for a while, so
   * that not every question waits for it.
   * @param folder Absent where this machine has none and Qdrant stands alone.
   * @throws {StoreError} When there is nothing that can be searched.
   */
  async search<T>(
    folder: DataFolder | undefined,
    context: RunContext,
    work: (opened: OpenedStore) => Promise<T>,
  ): Promise<T> {
    const { connection } = this;
    if (!connection || !folder) return await work(await this.open(folder, context.signal));
    const { clock } = this.#deps;
    const remote = await this.remote(folder);
    const probe: Probe = (signal) => connection.probe(signal);
    const watched = new WatchedStore({ store: remote, instead: localStore(folder), probe, clock });
    const attempt = await this.#guarded(watched, context, async (signal) => {
      await watched.check(signal);
      const look = () => watched.watch((own) => remote.look(own), signal);
      return await work(await this.#choose(folder, remote, watched, look));
    });
    if (attempt.kind === "ended") return await attempt.result;
    return await work({ store: localStore(folder), isWordsOnly: false, notes: [inPlace(attempt.why)] });
  }

  /** The store to search, as {@link search} begins with it, for who deals with its failures. */
  async open(folder: DataFolder | undefined, signal?: AbortSignal): Promise<OpenedStore> {
    const { connection } = this;
    if (!connection) {
      if (!folder) throw new StoreError("There is no data folder, and no Qdrant is configured.");
      return { store: localStore(folder), isWordsOnly: false, notes: [] };
    }
    try {
      // Where there is nothing to search in its place, it has as long as for any answer.
      if (folder)
        await within("Asking Qdrant whether it is there", probeMs, signal, (own) => connection.probe(own));
      else await connection.probe(signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (!folder || !(error instanceof ForagerError)) throw error;
      return { store: localStore(folder), isWordsOnly: false, notes: [inPlace(messageOf(error))] };
    }
    const remote = await this.remote(folder);
    return await this.#choose(folder, remote, remote, () => remote.look(signal));
  }

  /** Tries `work`, unless Qdrant has failed of late. What fails without being the store's fault is the result's own. */
  async #guarded<T>(
    store: WatchedStore,
    context: RunContext,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<Attempt<T>> {
    const attempt = async ({ signal }: RunContext): Promise<Attempt<T>> => {
      const result = work(signal);
      await result.catch(() => {});
      signal.throwIfAborted();
      return store.failure ? { kind: "failed", why: messageOf(store.failure) } : { kind: "ended", result };
    };
    try {
      const isFailure = ({ kind }: Attempt<T>) => kind === "failed";
      const made = await this.#guard.run(store.name, context, attempt, { isFailure });
      if (made.kind === "failed") this.#why = made.why;
      return made;
    } catch (error) {
      if (!(error instanceof BreakerOpenError)) throw error;
      const seconds = Math.max(1, Math.ceil((error.until - this.#deps.clock.now()) / 1_000));
      return { kind: "failed", why: `${this.#why} It is asked again in ${seconds} s.` };
    }
  }

  /** Qdrant's index, or what is to be searched in its place. @param store `remote`, as it is to be searched. */
  async #choose(
    folder: DataFolder | undefined,
    remote: RemoteStore,
    store: ChunkStore,
    look: () => Promise<RemoteIndex | undefined>,
  ): Promise<OpenedStore> {
    const flaw = await flawOf(remote, look);
    if (!flaw) return { store, isWordsOnly: false, notes: [] };
    const { kind, why } = flaw;
    if (folder)
      // A first move that is under way is nobody's business: all is there in the folder.
      return {
        store: localStore(folder),
        isWordsOnly: false,
        notes: kind === "unfinished" ? [] : [inPlace(why)],
      };
    if (kind === "missing") throw new StoreError(why);
    if (kind === "unfinished") return { store, isWordsOnly: false, notes: [why] };
    const words = await this.#index(folder, undefined);
    return { store: words, isWordsOnly: true, notes: [`Only words were searched: ${why}`] };
  }

  /** @throws {OptionsError} When no Qdrant is configured. */
  async remote(folder: DataFolder | undefined): Promise<RemoteStore> {
    return await this.#index(folder, await this.#embedder());
  }

  async #index(folder: DataFolder | undefined, embedder: Embedder | undefined): Promise<RemoteStore> {
    const { connection } = this;
    if (!connection)
      throw new OptionsError(
        "Qdrant",
        "its address is not configured; set QDRANT_URL, as in http://127.0.0.1:6333",
      );
    const { QdrantIndex } = await import("./rag/stores/qdrant-index.ts");
    return new QdrantIndex({ connection, embedder, archive: folder?.archive }, this.#config.qdrant);
  }

  /** Keeps the searched store what the folder is; nothing to do where that is the folder's own file. */
  async feed(folder: DataFolder): Promise<IndexFeed | undefined> {
    return this.isRemote ? this.#feedOf(folder, await this.remote(folder)) : undefined;
  }

  #feedOf({ archive, database }: DataFolder, store: FedStore): IndexFeed {
    return new IndexFeed({ archive, database, store, ...this.#deps });
  }

  /** What moving the index to Qdrant and back stands on. @throws {OptionsError} When no Qdrant is configured. */
  async migrationFloor(folder: DataFolder): Promise<MigrateFloor> {
    const { events, clock } = this.#deps;
    return {
      archive: folder.archive,
      database: folder.database,
      remote: await this.remote(folder),
      feedOf: (store: FedStore) => this.#feedOf(folder, store),
      events,
      clock,
    };
  }

  /** How Qdrant stands to the folder it is fed from, within two seconds; undefined where none is configured. */
  async describe(folder: DataFolder, signal?: AbortSignal): Promise<SearchedStatus | undefined> {
    const { connection } = this;
    if (!connection) return undefined;
    const store = await this.remote(folder);
    const { collection } = this.#config.qdrant;
    const feed = this.#feedOf(folder, store);
    return await describeSearched({ store, collection, feed, probe: (own) => connection.probe(own) }, signal);
  }

  /**
   * Whether Qdrant can be used, where one is configured.
   * @param folder What it is fed from, where this machine has it.
   */
  async examine(
    folder: () => Promise<DataFolder | undefined>,
    signal: AbortSignal,
  ): Promise<readonly QdrantCheck[]> {
    const { connection } = this;
    if (!connection) return [];
    const metadata = expectedMetadata(await this.#embedder());
    const { collection } = this.#config.qdrant;
    const checks = await checkQdrant(connection, { collection, metadata }, signal);
    const source = checks.every(({ isOk }) => isOk) ? await folder() : undefined;
    const status = source && (await this.describe(source, signal));
    return status ? [...checks, checkFeed(status)] : checks;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection?.[Symbol.asyncDispose]();
  }
}

function localStore({ archive, database }: DataFolder): ChunkStore {
  return new SqliteChunkStore({ archive, database });
}

function inPlace(why: string): string {
  return `The data folder was searched instead: ${why}`;
}
