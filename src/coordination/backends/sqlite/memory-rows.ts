import type { Clock } from "../../../clock.ts";
import type { Database } from "../../../database.ts";
import { LeaseLostError } from "../../../errors.ts";
import type { KeyRules } from "../../key-rules.ts";
import {
  type Change,
  CompactedError,
  type PutOptions,
  ValueTooLargeError,
  VersionConflictError,
  type Versioned,
  maxValueBytes,
} from "../../memory.ts";

interface Row {
  readonly id: number;
  /** Null for a key that is gone. */
  readonly value: string | null;
  readonly version: number;
  readonly fence: number;
  readonly expires_at: number | null;
}

/** The most rows that one call of {@link MemoryRows.compact} removes of each sort. */
const compactedAtOnce = 1_000;

/** The versioned memory's rows. Everything that writes is synchronous and belongs inside `Database.write`. */
export class MemoryRows {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #rules: KeyRules;
  readonly #onChange: () => void;
  readonly #keptChanges: number;

  /** @param deps.onChange Told of every change, inside its transaction. */
  constructor(
    deps: {
      readonly database: Database;
      readonly clock: Clock;
      readonly rules: KeyRules;
      readonly onChange: () => void;
    },
    options: { readonly keptChanges: number },
  ) {
    this.#database = deps.database;
    this.#clock = deps.clock;
    this.#rules = deps.rules;
    this.#onChange = deps.onChange;
    this.#keptChanges = options.keptChanges;
  }

  get(key: string): Versioned | undefined {
    const row = this.#row(key);
    return row && isThere(row, this.#clock.now()) ? versioned(key, row) : undefined;
  }

  put<T>(key: string, value: T, options: PutOptions = {}): Versioned<T> {
    const now = this.#clock.now();
    const row = this.#fresh(key, now);
    checkVersion(key, row, options.ifVersion);
    if (options.fence !== undefined && options.fence < (row?.fence ?? 0))
      throw new LeaseLostError(`"${key}"`);
    const expiresAt = this.#expiryOf(key, options.ttlMs, now);
    return this.#store(key, row, value, toJson(key, value), expiresAt, options.fence);
  }

  update<T>(key: string, change: (current: T | undefined) => T, ttlMs?: number): Versioned<T> {
    const now = this.#clock.now();
    const row = this.#fresh(key, now);
    const value = change(valueOf(row) as T | undefined);
    const expiresAt = this.#expiryOf(key, ttlMs, now) ?? row?.expires_at ?? undefined;
    return this.#store(key, row, value, toJson(key, value), expiresAt, undefined);
  }

  merge<T>(key: string, added: T): Versioned<T> {
    const now = this.#clock.now();
    const merge = this.#rules.merge(key);
    const row = this.#fresh(key, now);
    const value = merge(valueOf(row), added) as T;
    const json = toJson(key, value);
    const expiresAt = this.#expiryOf(key, undefined, now);
    if (row?.value === json && expiresAt === undefined) return versioned(key, row) as Versioned<T>;
    return this.#store(key, row, value, json, expiresAt ?? row?.expires_at ?? undefined, undefined);
  }

  delete(key: string, options: { readonly ifVersion?: number } = {}): boolean {
    const row = this.#fresh(key, this.#clock.now());
    checkVersion(key, row, options.ifVersion);
    if (!row || row.value === null) return false;
    this.#remove(row.id, key, "delete");
    return true;
  }

  /** Everything under a prefix that has not expired, by key. */
  list(prefix: string): Versioned[] {
    const rows = this.#database
      .prepare(
        `SELECT key, value, version, fence, expires_at FROM memory
         WHERE key >= ?1 AND key < ?2 AND value IS NOT NULL AND (expires_at IS NULL OR expires_at > ?3) ORDER BY key`,
      )
      .all(prefix, prefix + beyondAnyKey, this.#clock.now()) as unknown as (Row & { readonly key: string })[];
    return rows.map((row) => versioned(row.key, row));
  }

  /** The revision of the latest change; 0 when there was none. */
  revision(): number {
    return Number(
      this.#database.prepare("SELECT max(revision) AS revision FROM memory_change").get()?.["revision"],
    );
  }

  /**
   * Changes under a prefix after revision `since`, in order, and the revision up to which these are all.
   * @throws {CompactedError} When some of them are no longer kept, or the memory is another than `since` was seen in.
   */
  changes(
    prefix: string,
    since: number,
    limit: number,
  ): { readonly changes: readonly Change[]; readonly upTo: number } {
    const latest = this.revision();
    const rows =
      latest > since
        ? this.#database
            .prepare(
              `SELECT kind, key, value, revision FROM memory_change
               WHERE revision > ? AND revision <= ? AND key >= ? AND key < ? ORDER BY revision LIMIT ?`,
            )
            .all(since, latest, prefix, prefix + beyondAnyKey, limit)
        : [];
    // Looked up last: another process may compact meanwhile, and this only grows.
    const oldest = Number(
      this.#database.prepare("SELECT min(revision) AS oldest FROM memory_change").get()?.["oldest"] ?? 1,
    );
    if (since < oldest - 1 || since > latest)
      throw new CompactedError(`The history of "${prefix}"`, since, oldest - 1);
    const changes = rows.map(asChange);
    return { changes, upTo: changes.length < limit ? latest : (changes.at(-1)?.revision ?? latest) };
  }

  hasExpired(now: number): boolean {
    return (
      this.#database.prepare("SELECT 1 FROM memory WHERE expires_at <= ? LIMIT 1").get(now) !== undefined
    );
  }

  /** Removes what has expired, each key with a change that says so. @returns How many. */
  expire(now: number): number {
    const rows = this.#database
      .prepare("SELECT id, key FROM memory WHERE expires_at <= ? ORDER BY expires_at, key LIMIT ?")
      .all(now, compactedAtOnce);
    for (const row of rows) this.#remove(Number(row["id"]), String(row["key"]), "expire");
    return rows.length;
  }

  /** Removes the changes that are older than those that are kept, and deleted keys with them. @returns How many. */
  forget(): number {
    const oldest = this.revision() - this.#keptChanges;
    const { changes } = this.#database
      .prepare(
        `DELETE FROM memory_change WHERE revision IN
           (SELECT revision FROM memory_change WHERE revision <= ? ORDER BY revision LIMIT ?)`,
      )
      .run(oldest, compactedAtOnce);
    const gone = this.#database
      .prepare(
        "DELETE FROM memory WHERE id IN (SELECT id FROM memory WHERE value IS NULL AND version <= ? ORDER BY version LIMIT ?)",
      )
      .run(oldest, compactedAtOnce);
    return Number(changes) + Number(gone.changes);
  }

  #row(key: string): Row | undefined {
    return this.#database
      .prepare("SELECT id, value, version, fence, expires_at FROM memory WHERE key = ?")
      .get(key) as unknown as Row | undefined;
  }

  /** The key's row; when it has just expired, that is noted first. */
  #fresh(key: string, now: number): Row | undefined {
    const row = this.#row(key);
    if (!row || row.value === null || isThere(row, now)) return row;
    this.#remove(row.id, key, "expire");
    return { ...row, value: null, expires_at: null };
  }

  #expiryOf(key: string, ttlMs: number | undefined, now: number): number | undefined {
    const own = ttlMs ?? this.#rules.ttlMs(key);
    return own === undefined ? undefined : Math.ceil(now + own);
  }

  #store<T>(
    key: string,
    row: Row | undefined,
    value: T,
    json: string,
    expiresAt: number | undefined,
    fence: number | undefined,
  ): Versioned<T> {
    const version = this.#record("put", key, json);
    if (row) {
      this.#database
        .prepare("UPDATE memory SET value = ?, version = ?, fence = ?, expires_at = ? WHERE id = ?")
        .run(json, version, fence ?? row.fence, expiresAt ?? null, row.id);
    } else {
      this.#database
        .prepare("INSERT INTO memory(key, value, version, fence, expires_at) VALUES(?, ?, ?, ?, ?)")
        .run(key, json, version, fence ?? 0, expiresAt ?? null);
    }
    this.#trim(version);
    return { key, value, version, expiresAt };
  }

  #remove(id: number, key: string, kind: "delete" | "expire"): void {
    const version = this.#record(kind, key, null);
    this.#database
      .prepare("UPDATE memory SET value = NULL, version = ?, expires_at = NULL WHERE id = ?")
      .run(version, id);
    this.#trim(version);
  }

  #record(kind: Change["kind"], key: string, value: string | null): number {
    const { lastInsertRowid } = this.#database
      .prepare("INSERT INTO memory_change(kind, key, value) VALUES(?, ?, ?)")
      .run(kind, key, value);
    this.#onChange();
    return Number(lastInsertRowid);
  }

  /** The history stays within its bound by itself: a part of it goes whenever so much was added. */
  #trim(revision: number): void {
    if (revision % Math.min(compactedAtOnce, this.#keptChanges) === 0) this.forget();
  }
}

/** Follows every key, by code point: no key may hold it. */
const beyondAnyKey = "\u{10ffff}";

/** @throws {RangeError} For a key that could not be found again, or that nobody could read. */
export function checkKey(key: string): void {
  if (/^[^\p{Cc}\p{Cs}\u{10ffff}]{1,1024}$/u.test(key)) return;
  throw new RangeError(`${JSON.stringify(key.slice(0, 80))} is no key: 1 to 1,024 printable characters are.`);
}

function checkVersion(key: string, row: Row | undefined, expected: number | undefined): void {
  const version = row && row.value !== null ? row.version : 0;
  if (expected !== undefined && expected !== version) throw new VersionConflictError(key, expected, version);
}

function isThere(row: Row, now: number): boolean {
  return row.value !== null && (row.expires_at === null || row.expires_at > now);
}

function valueOf(row: Row | undefined): unknown {
  return row && row.value !== null ? JSON.parse(row.value) : undefined;
}

function toJson(key: string, value: unknown): string {
  checkKey(key);
  const json = JSON.stringify(value) ?? "null";
  // A character takes three bytes at most: short texts need no count.
  const bytes = json.length * 3 > maxValueBytes ? Buffer.byteLength(json) : 0;
  if (bytes > maxValueBytes) throw new ValueTooLargeError(key, bytes);
  return json;
}

function versioned(key: string, row: Row): Versioned {
  return {
    key,
    value: valueOf(row),
    version: row.version,
    expiresAt: row.expires_at ?? undefined,
  };
}

function asChange(row: unknown): Change {
  const { kind, key, value, revision } = row as {
    readonly kind: Change["kind"];
    readonly key: string;
    readonly value: string;
    readonly revision: number;
  };
  return kind === "put" ? { kind, key, value: JSON.parse(value), revision } : { kind, key, revision };
}
