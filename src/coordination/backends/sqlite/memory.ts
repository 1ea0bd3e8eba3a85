import type { Clock } from "../../../clock.ts";
import type { Database } from "../../../database.ts";
import { KeyRules } from "../../key-rules.ts";
import type { Change, KeyRule, Memory, MemoryOperation, PutOptions, Versioned } from "../../memory.ts";
import { ChangeSignal } from "./change-signal.ts";
import { MemoryRows } from "./memory-rows.ts";

/** Changes that are kept for watchers: minutes of a busy crawl, some megabytes. */
const defaultKeptChanges = 10_000;
/**
 * How often a watched memory looks for other processes' writes: they are to be seen within 100 ms, and each look costs
 * .2 ms of CPU, nearly all of it for waking up.
 */
const pollMs = 75;
/** Every so many looks it looks for what has expired, too: a watcher hears of that a quarter of a second later at most. */
const looksToExpire = 3;
/** The most changes a watcher reads at a time. */
const watchedAtOnce = 200;

/** The versioned memory as rows of the data file. */
export class SqliteMemory implements Memory {
  /** The same, synchronous, for inside `Database.write`. */
  readonly rows: MemoryRows;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #rules = new KeyRules();
  readonly #signal: ChangeSignal;
  #looks = 0;

  constructor(
    deps: { readonly database: Database; readonly clock: Clock },
    options: { readonly keptChanges?: number } = {},
  ) {
    this.#database = deps.database;
    this.#clock = deps.clock;
    this.#signal = new ChangeSignal({ ...deps, onPoll: () => this.#expire() }, { pollMs });
    this.rows = new MemoryRows(
      { ...deps, rules: this.#rules, onChange: () => this.#signal.tell() },
      { keptChanges: options.keptChanges ?? defaultKeptChanges },
    );
  }

  async get<T>(key: string): Promise<Versioned<T> | undefined> {
    return this.rows.get(key) as Versioned<T> | undefined;
  }

  put<T>(key: string, value: T, options?: PutOptions): Promise<Versioned<T>> {
    return this.#database.write(() => this.rows.put(key, value, options));
  }

  /** Reads and writes in one transaction, so that nobody ever comes in between. */
  update<T>(
    key: string,
    change: (current: T | undefined) => T,
    options: { readonly ttlMs?: number } = {},
  ): Promise<Versioned<T>> {
    return this.#database.write(() => this.rows.update(key, change, options.ttlMs));
  }

  merge<T>(key: string, value: T): Promise<Versioned<T>> {
    return this.#database.write(() => this.rows.merge(key, value));
  }

  delete(key: string, options?: { readonly ifVersion?: number }): Promise<boolean> {
    return this.#database.write(() => this.rows.delete(key, options));
  }

  batch(operations: readonly MemoryOperation[]): Promise<number> {
    return this.#database.write(() => {
      for (const operation of operations) this.#apply(operation);
      return this.rows.revision();
    });
  }

  async list(prefix: string): Promise<{ readonly revision: number; readonly entries: readonly Versioned[] }> {
    return this.#database.snapshot(() => ({
      revision: this.rows.revision(),
      entries: this.rows.list(prefix),
    }));
  }

  watch(
    prefix: string,
    options: { readonly since?: number; readonly signal?: AbortSignal } = {},
  ): AsyncIterable<Change> {
    return this.#follow(prefix, options.since ?? this.rows.revision(), options.signal);
  }

  declare(rule: KeyRule): void {
    this.#rules.declare(rule);
  }

  compact(now: number): number {
    return this.rows.expire(now) + this.rows.forget();
  }

  /** Reads the history from where it stands, so that nothing is gathered for a watcher that is slow. */
  async *#follow(prefix: string, since: number, signal: AbortSignal | undefined): AsyncGenerator<Change> {
    using _watching = this.#signal.watch();
    let at = since;
    for (;;) {
      signal?.throwIfAborted();
      const { changes, upTo } = this.rows.changes(prefix, at, watchedAtOnce);
      for (const change of changes) {
        signal?.throwIfAborted();
        yield change;
      }
      at = upTo;
      // Only straight after a look that found nothing: what came while a change was being used is found by another look.
      if (changes.length === 0) await this.#signal.wait(signal);
    }
  }

  #apply(operation: MemoryOperation): void {
    switch (operation.kind) {
      case "put":
        this.rows.put(operation.key, operation.value, operation.options);
        break;
      case "merge":
        this.rows.merge(operation.key, operation.value);
        break;
      case "delete":
        this.rows.delete(operation.key, operation);
        break;
    }
  }

  /** Lets watchers see what expired while nobody wrote. */
  #expire(): void {
    this.#looks += 1;
    if (this.#looks % looksToExpire !== 0) return;
    const now = this.#clock.now();
    if (this.#database.isReadOnly || !this.rows.hasExpired(now)) return;
    this.#database
      .write(() => this.rows.expire(now))
      .catch(() => {
        // Somebody else writes, or owns the folder: the next look tries again.
      });
  }
}
