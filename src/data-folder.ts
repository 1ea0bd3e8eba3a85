import { accessSync, constants, existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "./clock.ts";
import type { CoordinationBackend } from "./coordination/backend.ts";
import { createSqliteBackend } from "./coordination/backends/sqlite/index.ts";
import { coordinationSchema } from "./coordination/backends/sqlite/schema.ts";
import type { Lease } from "./coordination/leases.ts";
import { Database } from "./database.ts";
import { StoreError } from "./errors.ts";
import type { ChunkStore } from "./rag/chunk-store.ts";
import type { Embedder } from "./rag/embedder.ts";
import { chunkStoreSchema } from "./rag/stores/sqlite-schema.ts";
import { SqliteChunkStore } from "./rag/stores/sqlite.ts";

const fileName = "forager.db";
/** Vectors are read here and there: a map spares a system call each. A crawl writes, and gains nothing. */
const searchMapBytes = 1 << 28;
const ownerLease = "data-folder";
/** The owner of a folder says it is alive three times in this. */
const ownerTtlMs = 15_000;

/** One data folder: everything Forager keeps, in one file. Many may read it; one process at a time owns it and writes pages. */
export class DataFolder implements Disposable {
  readonly path: string;
  readonly database: Database;
  readonly store: ChunkStore;
  readonly coordination: CoordinationBackend;

  private constructor(path: string, database: Database, clock: Clock, embedder: Embedder | undefined) {
    this.path = path;
    this.database = database;
    this.store = new SqliteChunkStore({ database, ...(embedder ? { embedder } : {}) });
    this.coordination = createSqliteBackend({ database, clock });
  }

  /**
   * Opens a folder, for writing where it may be written.
   * @param options.isCreated Whether a folder that holds nothing yet is made.
   * @param options.embedder Whose vectors count.
   * @throws {StoreError} When there is no index, or the file cannot be used.
   */
  static open(
    path: string,
    options: { readonly isCreated: boolean; readonly clock: Clock; readonly embedder: Embedder | undefined },
  ): DataFolder {
    const file = join(path, fileName);
    if (!options.isCreated && !existsSync(file)) {
      throw new StoreError(
        `There is no index in ${path}. Make one with: forager crawl URL --data-dir ${path}`,
      );
    }
    const isReadOnly = existsSync(file) && !options.isCreated && !isWritable(path, file);
    const database = new Database(file, {
      schema: [coordinationSchema, chunkStoreSchema],
      isReadOnly,
      mapBytes: options.isCreated ? 0 : searchMapBytes,
    });
    return new DataFolder(path, database, options.clock, options.embedder);
  }

  /**
   * Takes the folder for writing pages until the lease is disposed of.
   * @throws {StoreError} Naming the process that has it.
   */
  own(): Lease {
    const lease = this.coordination.leases.acquire(ownerLease, { ttlMs: ownerTtlMs });
    if (!("until" in lease)) return lease;
    throw new StoreError(
      `The data folder ${this.path} is in use by ${lease.holder}. Wait for it to end, or use another --data-dir.`,
      { retryable: true },
    );
  }

  /** The process that owns it now, or undefined. */
  owner(): string | undefined {
    return this.coordination.leases.holder(ownerLease)?.holder;
  }

  /** Bytes of the file and its write-ahead log. */
  bytesOnDisk(): number {
    const sizes = ["", "-wal"].map(
      (suffix) => statSync(this.database.path + suffix, { throwIfNoEntry: false })?.size ?? 0,
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  [Symbol.dispose](): void {
    this.database.close();
  }
}

/** Removes what a folder holds; nothing but our own files is touched. */
export function emptyDataFolder(path: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(join(path, fileName + suffix), { force: true });
}

function isWritable(folder: string, file: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false; // read-only is a way to be opened, not a failure
  }
}
