import { ForagerError } from "../errors.ts";

/** A value with its version: the revision of the whole memory at which it was written, so versions only ever grow. */
export interface Versioned<T = unknown> {
  readonly key: string;
  readonly value: T;
  readonly version: number;
  /** Epoch milliseconds; undefined when it does not expire. */
  readonly expiresAt: number | undefined;
}

export interface PutOptions {
  /** The version that is to be replaced; 0 when there must be none. Left out, the last writer wins: only for keys of one writer. */
  readonly ifVersion?: number;
  /** Counted from now; the key's rule decides where it is left out. */
  readonly ttlMs?: number;
  /** Refused when the key was written under a higher one: the writer lost its lease. */
  readonly fence?: number;
}

export type MemoryOperation =
  | { readonly kind: "put"; readonly key: string; readonly value: unknown; readonly options?: PutOptions }
  | { readonly kind: "merge"; readonly key: string; readonly value: unknown }
  | { readonly kind: "delete"; readonly key: string; readonly ifVersion?: number };

/** One step of a memory's history. */
export type Change =
  | { readonly kind: "put"; readonly key: string; readonly value: unknown; readonly revision: number }
  | { readonly kind: "delete" | "expire"; readonly key: string; readonly revision: number };

/** How values of a key that were written side by side become one. The result must not depend on their order. */
export type Merge = (current: unknown, added: unknown) => unknown;

/** What holds for all keys under a prefix; the longest prefix counts. */
export interface KeyRule {
  readonly prefix: string;
  /**
   * By name, or a function of your own; `current` is undefined for the first value. "union" is of arrays, as sets.
   * Without one, {@link Memory.merge} is refused.
   */
  readonly merge?: "last-write" | "sum" | "max" | "union" | Merge;
  /** How long after its last writing a key expires, unless the writer says otherwise. */
  readonly ttlMs?: number;
}

/** The longest value of a key, as JSON in UTF-8: what is larger belongs elsewhere, with a reference here. */
export const maxValueBytes = 65_536;

/** A value is longer than {@link maxValueBytes}; nothing was written. */
export class ValueTooLargeError extends ForagerError {
  constructor(key: string, bytes: number) {
    super(
      "value-too-large",
      `The value of "${key}" has ${bytes} bytes as JSON; ${maxValueBytes} is the limit. Keep it elsewhere and put a reference here.`,
    );
  }
}

/** Somebody else wrote the key first; nothing was changed. */
export class VersionConflictError extends ForagerError {
  readonly key: string;
  /** The version that is there now; 0 for none. */
  readonly version: number;

  constructor(key: string, expected: number, version: number) {
    super(
      "version-conflict",
      `"${key}" is at version ${version}, not ${expected}: another agent wrote it. Read it again and try once more, as update() does.`,
      { retryable: true },
    );
    this.key = key;
    this.version = version;
  }
}

/** A watcher asked for changes that are no longer kept: list the keys again, and watch from their revision. */
export class CompactedError extends ForagerError {
  constructor(what: string, since: number, oldest: number) {
    super(
      "compacted",
      `${what} since ${since} is no longer kept, only since ${oldest}: read the state again and go on from there.`,
    );
  }
}

/**
 * What agents know together: values under paths as `host/docs.example/tier`, each with a version, so that two never
 * overwrite each other unseen. Values are JSON, up to {@link maxValueBytes}; keys have up to 1,024 printable characters.
 * The latest changes are kept for watchers, a bounded number of them, without anybody having to compact.
 */
export interface Memory {
  get<T>(key: string): Promise<Versioned<T> | undefined>;
  /** @throws {VersionConflictError} @throws {LeaseLostError} For an old fence. @throws {ValueTooLargeError} */
  put<T>(key: string, value: T, options?: PutOptions): Promise<Versioned<T>>;
  /**
   * Reads, changes and writes until nobody came in between: `change` may be asked more than once. Without `ttlMs`, and
   * without a rule's, the key expires when it would have.
   * @throws {VersionConflictError} After `attempts` tries.
   */
  update<T>(
    key: string,
    change: (current: T | undefined) => T,
    options?: { readonly attempts?: number; readonly ttlMs?: number },
  ): Promise<Versioned<T>>;
  /** Joins `value` to what is there by the key's rule: never a conflict. What changes nothing is no change. @throws {RangeError} When no rule says how. */
  merge<T>(key: string, value: T): Promise<Versioned<T>>;
  /** False when there was nothing. @throws {VersionConflictError} */
  delete(key: string, options?: { readonly ifVersion?: number }): Promise<boolean>;
  /** All of it or nothing. @returns The revision of its last change. */
  batch(operations: readonly MemoryOperation[]): Promise<number>;
  /** Everything under a prefix, by key, on one snapshot with its revision: where a watcher goes on from. */
  list(prefix: string): Promise<{ readonly revision: number; readonly entries: readonly Versioned[] }>;
  /**
   * Changes under a prefix in order, none missed and none twice: from now, or from after revision `since`. Ends by the signal's own reason.
   * @throws {CompactedError} When changes since `since` are no longer kept.
   */
  watch(
    prefix: string,
    options?: { readonly since?: number; readonly signal?: AbortSignal },
  ): AsyncIterable<Change>;
  /** Says what holds for keys under a prefix; call it before the first use of such keys. */
  declare(rule: KeyRule): void;
  /**
   * Forgets what has expired, and changes older than the kept number, at most a thousand of each in one call.
   * Synchronous; inside `Database.write`. @returns How many went; 0 when there is no more to forget.
   */
  compact(now: number): number;
}
