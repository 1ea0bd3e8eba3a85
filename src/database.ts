import { accessSync, constants, existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { StoreError, messageOf } from "./errors.ts";
import { makeFolder } from "./make-folder.ts";

/** The layout this version reads and writes; a file with a higher number is refused. */
const schemaVersion = 4;
/** The most writes that share one commit; more wait for the next turn of the event loop, so that it stays responsive. */
const groupSize = 64;

/** What leads from each earlier layout to the next: SQL, or work on the rows. */
export type Upgrades = Readonly<Record<number, string | ((connection: DatabaseSync) => void)>>;

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
  #nextFlush: NodeJS.Immediate | undefined;
  #isOpen = true;
  #fence: (() => void) | undefined;

  /**
   * @param path The file, or ":memory:".
   * @param options.schema `CREATE ... IF NOT EXISTS` statements of everything that will live in the file.
   * @param options.upgrades What leads from each earlier layout to the next one, for files of earlier versions.
   * @param options.mapBytes How much of the file is read through a memory map: faster for random reads, and counted as our memory.
   * @throws {StoreError} When the file cannot be opened, is not ours, or is from a later version.
   */
  constructor(
    path: string,
    options: {
      readonly schema: readonly string[];
      readonly upgrades?: Upgrades;
      readonly isReadOnly?: boolean;
      readonly mapBytes?: number;
    },
  ) {
    this.path = path;
    this.isReadOnly = options.isReadOnly ?? false;
    this.#connection = openConnection(path, this.isReadOnly);
    try {
      this.#connection.exec(
        `PRAGMA busy_timeout=5000; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=${options.mapBytes ?? 0}`,
      );
      const layout = this.#layout();
      if (!this.isReadOnly) this.#create(options.schema, options.upgrades ?? {});
      else if (layout !== undefined && layout < schemaVersion) throw new StoreError(this.#tooOld(layout));
    } catch (error) {
      this.#connection.close();
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
   * Runs `work` in a transaction that it shares with whatever else is written in this turn of the event loop
   * (group commit). `work` must not wait for anything. If it throws, its own changes are undone and the error is
   * handed back.
   * @returns What `work` returned, once it is committed.
   * @throws {StoreError} When the commit itself fails: nothing of the group was kept.
   */
  write<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!this.#isOpen) {
        reject(new StoreError(`${this.path} is closed: nothing can be written to it any more.`));
        return;
      }
      this.#pending.push({ work, resolve, reject });
      this.#nextFlush ??= setImmediate(() => this.#flush());
    });
  }

  /** From now on every transaction that writes begins with `check`; when that throws, nothing is written. Dispose of it to lift it. */
  fence(check: () => void): Disposable {
    this.#fence = check;
    return {
      [Symbol.dispose]: () => {
        if (this.#fence === check) this.#fence = undefined;
      },
    };
  }

  /** Runs `work` in a transaction of its own, now. Never call it inside another one. */
  writeNow<T>(work: () => T): T {
    this.#begin("BEGIN IMMEDIATE");
    try {
      this.#fence?.();
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
    this.#begin("BEGIN");
    try {
      return read();
    } catch (error) {
      throw storeError(this.path, error);
    } finally {
      this.#rollback();
    }
  }

  /** Commits the writes that wait, then closes the file. */
  close(): void {
    if (!this.#isOpen) return;
    while (this.#pending.length > 0) this.#flush();
    this.#isOpen = false;
    this.#statements.clear();
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #create(schema: readonly string[], upgrades: Upgrades): void {
    this.#connection.exec(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=2000;",
    );
    this.#connection.exec("BEGIN IMMEDIATE");
    try {
      for (let layout = this.#layout() ?? schemaVersion; layout < schemaVersion; layout += 1) {
        const upgrade = upgrades[layout];
        if (upgrade === undefined) throw new StoreError(this.#tooOld(layout));
        if (typeof upgrade === "string") this.#connection.exec(upgrade);
        else upgrade(this.#connection);
      }
      this.#connection.exec(
        "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
      );
      for (const statements of schema) this.#connection.exec(statements);
      this.#connection
        .prepare(
          "INSERT INTO meta VALUES('schema', ?) ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
        )
        .run(String(schemaVersion));
      this.#connection.exec("COMMIT");
    } catch (error) {
      this.#rollback();
      throw error;
    }
  }

  /** The file's layout; undefined when there is nothing in it yet. */
  #layout(): number | undefined {
    const hasMeta = this.#connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'meta'").get();
    if (!hasMeta && !this.isReadOnly) return undefined;
    const row = hasMeta && this.#connection.prepare("SELECT value FROM meta WHERE key = 'schema'").get();
    if (!row) throw new StoreError(`${this.path} ${remedies[notADatabase]}`);
    const found = Number(row["value"]);
    if (found > schemaVersion) {
      throw new StoreError(
        `${this.path} was written by a later Forager (layout ${found}, this one knows ${schemaVersion}). Update Forager.`,
      );
    }
    return found;
  }

  #tooOld(found: number): string {
    return (
      `${this.path} was written by an earlier Forager (layout ${found}, this one uses ${schemaVersion}). ` +
      "Open it once where it may be written, as forager status does, and it is brought up to date."
    );
  }

  #flush(): void {
    clearImmediate(this.#nextFlush);
    this.#nextFlush = undefined;
    const group = this.#pending.splice(0, groupSize);
    if (this.#pending.length > 0) this.#nextFlush = setImmediate(() => this.#flush());
    if (group.length === 0) return;
    const settle: (() => void)[] = [];
    try {
      this.#begin("BEGIN IMMEDIATE");
      this.#fence?.();
      const isLone = group.length === 1;
      for (const pending of group) settle.push(isLone ? runLone(pending) : this.#runAlone(pending));
      this.#connection.exec("COMMIT");
    } catch (error) {
      this.#rollback();
      const failure = storeError(this.path, error);
      for (const { reject } of group) reject(failure);
      return;
    }
    for (const done of settle) done();
  }

  /**
   * Runs one write of a group so that its failure undoes only itself.
   * @returns What tells its caller, for after the commit.
   * @throws When SQLite gave up the whole transaction (disk full, input/output error).
   */
  #runAlone({ work, resolve, reject }: Pending): () => void {
    this.#connection.exec("SAVEPOINT own");
    let settle: () => void;
    try {
      const result = work() as never;
      settle = () => resolve(result);
    } catch (error) {
      if (!this.#connection.isTransaction) throw error;
      this.#connection.exec("ROLLBACK TO own");
      const failure = storeError(this.path, error);
      settle = () => reject(failure);
    }
    this.#connection.exec("RELEASE own");
    return settle;
  }

  #begin(statement: "BEGIN" | "BEGIN IMMEDIATE"): void {
    try {
      this.#connection.exec(statement);
    } catch (error) {
      throw storeError(this.path, error);
    }
  }

  #rollback(): void {
    if (this.#connection.isTransaction) this.#connection.exec("ROLLBACK");
  }
}

/** Runs the only write of its transaction, whose end is its own. @returns What tells its caller, for after the commit. */
function runLone({ work, resolve }: Pending): () => void {
  const result = work() as never;
  return () => resolve(result);
}

/** SQLite's own connection to the file. @throws {StoreError} When it cannot be opened. */
export function openConnection(path: string, isReadOnly: boolean): DatabaseSync {
  try {
    if (!isReadOnly && path !== ":memory:") makeFolder(dirname(path));
    return new DatabaseSync(isReadOnly && isFrozen(path) ? frozenUrl(path) : path, { readOnly: isReadOnly });
  } catch (error) {
    throw storeError(path, error);
  }
}

/** Whether nothing can be made beside the file, and nothing in a write-ahead log waits to be read. */
function isFrozen(path: string): boolean {
  if (!existsSync(path) || existsSync(`${path}-wal`)) return false;
  try {
    accessSync(dirname(path), constants.W_OK);
    return false;
  } catch {
    return true;
  }
}

/** A reader of a file in WAL mode needs a `-shm` file beside it, unless it is told that nobody writes. https://sqlite.org/wal.html#readonly */
function frozenUrl(path: string): URL {
  const url = pathToFileURL(resolve(path));
  url.searchParams.set("immutable", "1");
  return url;
}

/** What to do about a damaged file. */
export const damagedRemedy = "Restore a copy, or start over with --fresh.";
/** SQLITE_NOTADB */
const notADatabase = 26;
/** SQLite's result codes that a user can do something about; https://sqlite.org/rescode.html */
const remedies: Readonly<Record<number, string>> = {
  5: "is busy: another process is writing to it. Wait for that process, or use another --data-dir.",
  8: "is read-only. Check the folder's permissions, or use another --data-dir.",
  10: "could not be read or written. Check that the disk is well and has room.",
  11: `is damaged. ${damagedRemedy}`,
  13: "cannot grow: the disk is full. Free some space and run the command again; nothing committed is lost.",
  14: "cannot be opened. Check that the folder exists and may be written.",
  [notADatabase]: "is no Forager data file. Use another --data-dir.",
};

/** Turns SQLite's and the file system's errors into ours; anything else passes through. */
export function storeError(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error;
  if ("errcode" in error && typeof error.errcode === "number") {
    const code = error.errcode & 0xff;
    const remedy = remedies[code];
    return remedy ? new StoreError(`${path} ${remedy}`, { cause: error, retryable: code === 5 }) : error;
  }
  if (
    "code" in error &&
    typeof error.code === "string" &&
    ["EACCES", "EROFS", "ENOSPC", "ENOTDIR", "EEXIST", "ENOENT", "EPERM"].includes(error.code)
  ) {
    return new StoreError(`${path} cannot be written: ${messageOf(error)}. Use another --data-dir.`, {
      cause: error,
    });
  }
  return error;
}
