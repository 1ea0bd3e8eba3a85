import { randomUUID } from "node:crypto";
import { Database } from "../../src/database.ts";
import { silentLog } from "../../src/log.ts";
import type { MeanLengths } from "../../src/rag/archive.ts";
import type { ChunkStore, IndexedDocument } from "../../src/rag/chunk-store.ts";
import type { StoreName } from "../../src/rag/stores/index.ts";
import { QdrantIndex } from "../../src/rag/stores/qdrant-index.ts";
import { QdrantConnection } from "../../src/rag/stores/qdrant/client.ts";
import { QdrantOptions } from "../../src/rag/stores/qdrant/options.ts";
import { SqliteArchive } from "../../src/rag/stores/sqlite-archive.ts";
import { archiveSchema } from "../../src/rag/stores/sqlite-schema.ts";
import { SqliteChunkStore } from "../../src/rag/stores/sqlite.ts";
import { SettlingClock } from "../browser/settling-clock.ts";
import { startStandIn, type StandIn } from "../qdrant/stand-in.ts";

/** Whose vectors the stores of these tests keep. */
export const embedder = { id: "test/eight", dimensions: 8 };
export type EmbedderIdentity = typeof embedder;

/** An empty store; disposing removes what was put. */
export interface OpenedStore<Store extends ChunkStore = ChunkStore> extends AsyncDisposable {
  readonly store: Store;
  /** The same store, as a process that starts later opens it. */
  reopen(embedder: EmbedderIdentity): Store;
}

/** Opens stores of one kind, any number side by side. */
export interface StoreHarness extends AsyncDisposable {
  /** For titles: which server it is. */
  readonly name: string;
  /** @param means Of what will be in it when searches are compared: a store may freeze them. */
  open(means?: MeanLengths): OpenedStore;
  /** What went wrong besides; `[]` when all is well. */
  violations(): readonly string[];
}

/** A new kind of store is tested the moment it has a name. */
export const harnesses: Readonly<Record<StoreName, () => Promise<StoreHarness>>> = {
  sqlite: () => Promise.resolve(sqliteHarness()),
  qdrant: () => QdrantHarness.start(process.env["FORAGER_TEST_QDRANT_URL"]),
};

/** What BM25 compares lengths with, once these are all that a store holds. */
export function meanLengthsOf(documents: readonly IndexedDocument[]): MeanLengths {
  return {
    chunk: mean(documents.flatMap(({ chunks }) => chunks.map(({ terms }) => terms.length))),
    page: mean(documents.map(({ terms }) => terms.length)),
  };
}

function mean(lengths: readonly number[]): number {
  const counted = lengths.filter((length) => length > 0);
  return counted.length === 0 ? 0 : counted.reduce((sum, length) => sum + length, 0) / counted.length;
}

function sqliteHarness(): StoreHarness {
  return {
    name: "the data folder",
    open() {
      const database = new Database(":memory:", { schema: [archiveSchema] });
      const reopen = (identity: EmbedderIdentity) =>
        new SqliteChunkStore({ database, archive: new SqliteArchive({ database, embedder: identity }) });
      return {
        store: reopen(embedder),
        reopen,
        [Symbol.asyncDispose]: () => Promise.resolve(database.close()),
      };
    },
    violations: () => [],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Qdrant's stand-in, or a real server when there is an address. */
export class QdrantHarness implements StoreHarness {
  readonly name: string;
  /** Undefined before a real server. */
  readonly standIn: StandIn | undefined;
  readonly connection: QdrantConnection;
  readonly #options: QdrantOptions;

  private constructor(url: string, standIn: StandIn | undefined, options: Partial<QdrantOptions>) {
    this.name = standIn ? "Qdrant's stand-in" : `Qdrant at ${url}`;
    this.standIn = standIn;
    this.#options = QdrantOptions.parse({
      url,
      apiKey: process.env["FORAGER_TEST_QDRANT_API_KEY"] ?? "",
      ...options,
    });
    const clock = new SettlingClock();
    this.connection = new QdrantConnection({ clock, log: silentLog, random: () => 0.5 }, this.#options);
  }

  static async start(url?: string, options: Partial<QdrantOptions> = {}): Promise<QdrantHarness> {
    const standIn = url ? undefined : await startStandIn();
    return new QdrantHarness(standIn?.url ?? url ?? "", standIn, options);
  }

  open(
    means: MeanLengths = { chunk: 0, page: 0 },
    given: Partial<QdrantOptions> = {},
  ): OpenedStore<QdrantIndex> & { readonly collection: string } {
    const { connection } = this;
    const collection = given.collection ?? `forager_test_${randomUUID()}`;
    const archive = {
      meanLengths: () => means,
      stats: () => ({ documents: 0, chunks: 0, embedded: 0 }),
    };
    const reopen = (identity: EmbedderIdentity) =>
      new QdrantIndex(
        { connection, embedder: identity, archive },
        { ...this.#options, ...given, collection },
      );
    return {
      collection,
      store: reopen(embedder),
      reopen,
      [Symbol.asyncDispose]: async () => {
        const { collections } = connection;
        for (const name of await collections.names(`${collection}_v`)) await collections.delete(name);
      },
    };
  }

  violations(): readonly string[] {
    return this.standIn?.violations ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection[Symbol.asyncDispose]();
    await this.standIn?.[Symbol.asyncDispose]();
  }
}
