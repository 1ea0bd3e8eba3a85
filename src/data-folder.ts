import { accessSync, constants, existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "./clock.ts";
import type { CoordinationBackend } from "./coordination/backend.ts";
import { createSqliteBackend } from "./coordination/backends/sqlite/index.ts";
import { coordinationSchema, coordinationUpgrades } from "./coordination/backends/sqlite/schema.ts";
import type { Lease, LeaseHolder } from "./coordination/leases.ts";
import { Database } from "./database.ts";
import { StoreError } from "./errors.ts";
import { nearestFolder } from "./make-folder.ts";
import type { Embedder } from "./rag/embedder.ts";
import { archiveSchema, archiveUpgrades } from "./rag/stores/sqlite-schema.ts";
import { SqliteArchive } from "./rag/stores/sqlite-archive.ts";

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
  readonly archive: SqliteArchive;
  readonly coordination: CoordinationBackend;

  private constructor(path: string, database: Database, clock: Clock, embedder: Embedder | undefined) {
    this.path = path;
    this.database = database;
    this.archive = new SqliteArchive({ database, ...(embedder ? { embedder } : {}) });
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
    if (!options.isCreated && !hasDataFolder(path)) {
      throw new StoreError(
        `There is no index in ${path}. Make one with: forager crawl URL --data-dir ${path}`,
      );
    }
    const isReadOnly = existsSync(file) && !(isWritable(path) && isWritable(file));
    if (options.isCreated && (isReadOnly || !isWritable(nearestFolder(path)))) {
      throw new StoreError(
        `The data folder ${path} cannot be written: it is read-only. Check its permissions, or use another --data-dir.`,
      );
    }
    const database = new Database(file, {
      schema: [coordinationSchema, archiveSchema],
      upgrades: { ...coordinationUpgrades, ...archiveUpgrades },
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
    if ("until" in lease) {
      throw new StoreError(
        `The data folder ${this.path} is in use by ${nameOf(lease)}. Wait for it to end, or use another --data-dir.`,
        { retryable: true },
      );
    }
    const lost = new AbortController();
    lease.lost.addEventListener("abort", () => lost.abort(this.#lostError(lease)), { once: true });
    // A process that was asleep for long may wake as the former owner: what it had in hand must not be written.
    const fence = this.database.fence(() => {
      if (!lease.isHeld()) throw this.#lostError(lease);
    });
    return {
      name: lease.name,
      token: lease.token,
      lost: lost.signal,
      isHeld: () => lease.isHeld(),
      async [Symbol.asyncDispose]() {
        fence[Symbol.dispose]();
        try {
          await lease[Symbol.asyncDispose]();
        } catch (error) {
          // On a full disk it cannot be given back: it runs out, or is passed over once this process is gone.
          if (!(error instanceof StoreError)) throw error;
        }
      },
    };
  }

  /** The process that owns it now, or undefined. */
  owner(): string | undefined {
    const holder = this.coordination.leases.holder(ownerLease);
    return holder && nameOf(holder);
  }

  #lostError(lease: Lease): StoreError {
    const what = lease.isHeld()
      ? `The data folder ${this.path} could not be written for ${ownerTtlMs / 1_000} s`
      : `This process did not answer for ${ownerTtlMs / 1_000} s and the data folder ${this.path} passed to ${this.owner() ?? "another process"}`;
    return new StoreError(
      `${what}. What was committed is kept; run the same command again to go on from there.`,
    );
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

/** The file with the folder's index, and how it can be opened; undefined where there is none, or one of which nothing is left. */
export function dataFile(
  folder: string,
): { readonly path: string; readonly isReadOnly: boolean } | undefined {
  const path = join(folder, fileName);
  const { size } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0 };
  return size > 0 ? { path, isReadOnly: !(isWritable(folder) && isWritable(path)) } : undefined;
}

/** Whether there is an index in the folder. */
export function hasDataFolder(path: string): boolean {
  return dataFile(path) !== undefined;
}

/** Removes what a folder holds; nothing but our own files is touched. */
export function emptyDataFolder(path: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(join(path, fileName + suffix), { force: true });
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false; // read-only is a way to be opened, not a failure
  }
}

function nameOf({ pid, hostname }: LeaseHolder): string {
  return `process ${pid} on ${hostname}`;
}
