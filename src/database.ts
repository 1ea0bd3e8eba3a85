import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { StoreError, messageOf } from "./errors.ts";

/** The layout this version reads and writes; a file with a higher number is refused. */
const schemaVersion = 1;
/** Writes wait this long for company, so that many share one commit. */
const groupMs = 2;
const groupSize = 64;

interface Pending {
  readonly work: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The one SQLite file of a data folder: the unit of work that frontier, documents, vectors and event log share.
 * What is written inside one {@link write} becomes true together or not at all.
 */
export class Database {
  readonly path: string;
  readonly isReadOnly: boolean;
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #pending: Pending[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isOpen = true;

  /**
   * @param path The file, or ":memory:".
   * @param options.schema `CREATE ... IF NOT EXISTS` statements of everything that will live in the file.
   * @throws {StoreError} When the file cannot be opened, is not ours, or is from a later version.
   */
  constructor(path: string, options: { readonly schema: readonly string[]; readonly isReadOnly?: boolean }) {
    this.path = path;
    this.isReadOnly = options.isReadOnly ?? false;
    try {
      if (!this.isReadOnly && path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
      this.#connection = new DatabaseSync(path, { readOnly: this.isReadOnly });
      this.#connection.exec(
        "PRAGMA busy_timeout=5000; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=268435456;",
      );
      if (!this.isReadOnly) this.#create(options.schema);
      this.#checkVersion();
    } catch (error) {
      throw storeError(path, error);
    }
  }

  /** A prepared statement, made once per text. */
  prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#connection.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /**
   * Runs `work` in a transaction that it may share with others waiting at the same moment (group commit).
   * `work` must not wait for anything. If it throws, its own changes are undone and the error is handed back.
   * @returns What `work` returned, once it is on disk.
   * @throws {StoreError} When the commit itself fails: nothing of the group was kept.
   */
  write<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#pending.push({ work, resolve, reject });
      if (this.#pending.length >= groupSize) this.#flush();
      else this.#timer ??= setTimeout(() => this.#flush(), groupMs);
    });
  }

  /** Runs `work` in a transaction of its own, now. Never call it inside another one. */
  writeNow<T>(work: () => T): T {
    this.#connection.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#connection.exec("COMMIT");
      return result;
    } catch (error) {
      this.#rollback();
      throw storeError(this.path, error);
    }
  }

  /** Runs `read` on one consistent snapshot, whatever other processes write meanwhile. */
  snapshot<T>(read: () => T): T {
    this.#connection.exec("BEGIN");
    try {
      return read();
    } finally {
      this.#connection.exec("COMMIT");
    }
  }

  /** Waits for the writes under way, then closes the file. */
  close(): void {
    if (!this.#isOpen) return;
    this.#flush();
    this.#isOpen = false;
    this.#statements.clear();
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #create(schema: readonly string[]): void {
    this.#connection.exec(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=2000;",
    );
    this.#connection.exec("BEGIN IMMEDIATE");
    try {
      this.#connection.exec(
        "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
      );
      for (const statements of schema) this.#connection.exec(statements);
      this.#connection
        .prepare("INSERT INTO meta VALUES('schema', ?) ON CONFLICT DO NOTHING")
        .run(String(schemaVersion));
      this.#connection.exec("COMMIT");
    } catch (error) {
      this.#rollback();
      throw error;
    }
  }

  #checkVersion(): void {
    const row = this.#connection.prepare("SELECT value FROM meta WHERE key = 'schema'").get();
    const found = Number(row?.["value"]);
    if (found > schemaVersion) {
      throw new StoreError(
        `${this.path} was written by a later Forager (layout ${found}, this one knows ${schemaVersion}). Update Forager.`,
      );
    }
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const group = this.#pending;
    if (group.length === 0) return;
    this.#pending = [];
    const settle: (() => void)[] = [];
    try {
      this.#connection.exec("BEGIN IMMEDIATE");
      for (const { work, resolve, reject } of group) {
        this.#connection.exec("SAVEPOINT own");
        try {
          const result = work() as never;
          settle.push(() => resolve(result));
        } catch (error) {
          if (!this.#connection.isTransaction) throw error;
          this.#connection.exec("ROLLBACK TO own");
          settle.push(() => reject(storeError(this.path, error)));
        }
        this.#connection.exec("RELEASE own");
      }
      this.#connection.exec("COMMIT");
    } catch (error) {
      this.#rollback();
      const failure = storeError(this.path, error);
      for (const { reject } of group) reject(failure);
      return;
    }
    for (const done of settle) done();
  }

  #rollback(): void {
    if (this.#connection.isTransaction) this.#connection.exec("ROLLBACK");
  }
}

/** SQLite's result codes that a user can do something about; https://sqlite.org/rescode.html */
const remedies: Readonly<Record<number, string>> = {
  5: "is busy: another process is writing to it. Wait for that process, or use another --data-dir.",
  8: "is read-only. Check the folder's permissions, or use another --data-dir.",
  10: "could not be read or written. Check the disk.",
  11: "is damaged. Restore a copy, or start over with --fresh.",
  13: "cannot grow: the disk is full. Free some space and run the command again; nothing committed is lost.",
  14: "cannot be opened. Check that the folder exists and may be written.",
  26: "is no Forager data file. Use another --data-dir.",
};

/** Turns SQLite's and the file system's errors into ours; anything else passes through. */
function storeError(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error;
  if ("errcode" in error && typeof error.errcode === "number") {
    const code = error.errcode & 0xff;
    const remedy = remedies[code];
    return remedy ? new StoreError(`${path} ${remedy}`, { cause: error, retryable: code === 5 }) : error;
  }
  if (
    "code" in error &&
    typeof error.code === "string" &&
    ["EACCES", "EROFS", "ENOSPC", "ENOTDIR", "EEXIST", "EPERM"].includes(error.code)
  ) {
    return new StoreError(`${path} cannot be written: ${messageOf(error)}. Use another --data-dir.`, {
      cause: error,
    });
  }
  return error;
}
