import type { Clock } from "../clock.ts";
import type { Database } from "../database.ts";
import { StoreError, messageOf } from "../errors.ts";
import type { EventStream } from "../events.ts";
import type { Log } from "../log.ts";
import type { Archive } from "./archive.ts";
import type { ChunkStore, IndexedDocument } from "./chunk-store.ts";

/** A store that is filled from an archive. */
export interface FedStore extends Pick<ChunkStore, "name" | "put" | "delete"> {
  /** Where it is, by which it is known here while it does not answer. */
  readonly place: string;
  /** Names this very index, not its address: another one, made in its place, has another. */
  identity(signal?: AbortSignal): Promise<string>;
  /** It has had all that there is: from now on it may be searched. */
  publish?(signal?: AbortSignal): Promise<void>;
  /** What its owner should do about it, as a sentence; undefined when it is well. */
  advice?(signal?: AbortSignal): Promise<string | undefined>;
}

/** How far a store is behind the archive. */
export interface FeedLag {
  /** Documents that changed or went since. */
  readonly waiting: number;
  /** Epoch milliseconds when it last got something; undefined when it never did. */
  readonly fedAt: number | undefined;
}

/** Changes looked at together, and the most passages of documents that are sent together. */
const changesAtOnce = 64;
const passagesAtOnce = 2_000;
/** An index is not made from less while more is coming: what it freezes, the mean lengths of texts, would be off. */
const enoughToMeasure = 50;
/** How often {@link IndexFeed.follow} looks for changes. */
const followPauseMs = 500;
/** Waits before another try while the store cannot be reached: twice as long each time. */
const firstPauseMs = 1_000;
const longestPauseMs = 30_000;

/**
 * Keeps another store what the archive is, change by change: a transactional outbox whose messages are the documents
 * themselves. How far it has come is kept in the archive's file once a group of changes stands in the store; a kill
 * between the two repeats the group, which changes nothing.
 */
export class IndexFeed {
  readonly #archive: Archive;
  readonly #database: Database;
  readonly #store: FedStore;
  readonly #events: EventStream;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(deps: {
    readonly archive: Archive;
    readonly database: Database;
    readonly store: FedStore;
    readonly events: EventStream;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.#archive = deps.archive;
    this.#database = deps.database;
    this.#store = deps.store;
    this.#events = deps.events;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /**
   * Works until the store is what the archive is now.
   * @returns How many documents were sent or deleted.
   * @throws {StoreError} When the store fails; what it has taken stays.
   */
  async catchUp(signal?: AbortSignal): Promise<number> {
    const target = await this.#store.identity(signal);
    let total = 0;
    for (let changes = this.#next(target); changes.length > 0; changes = this.#next(target)) {
      signal?.throwIfAborted();
      total += await this.#send(target, changes, signal);
    }
    await this.#store.publish?.(signal);
    return total;
  }

  /**
   * How far the store is behind, by what is known here: it is not asked.
   * @param target Its identity, where it has said it; else that of what was last fed to this place.
   */
  lag(target?: string): FeedLag {
    const fed = this.#database.prepare("SELECT target, at FROM fed WHERE place = ?").get(this.#store.place);
    const revision = this.#revision(target ?? (fed ? String(fed["target"]) : ""));
    return { waiting: this.#archive.countChanges(revision), fedAt: fed && Number(fed["at"]) };
  }

  /**
   * As {@link catchUp}, then goes on as the archive changes, until the signal aborts; a store that cannot be reached
   * just now is waited for.
   * @throws The signal's reason, always; a failure that waiting does not mend.
   */
  async follow(signal: AbortSignal): Promise<never> {
    let pauseMs = firstPauseMs;
    for (;;) {
      try {
        if (this.#archive.stats().documents >= enoughToMeasure) await this.catchUp(signal);
        pauseMs = firstPauseMs;
        await this.#clock.sleep(followPauseMs, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof StoreError) || !error.retryable) throw error;
        if (pauseMs === firstPauseMs)
          this.#log.warn("pages wait to be sent on", { to: this.#store.name, why: messageOf(error) });
        await this.#clock.sleep(pauseMs, signal);
        pauseMs = Math.min(2 * pauseMs, longestPauseMs);
      }
    }
  }

  /** What to do about the store, logged where there is something. */
  async advise(signal?: AbortSignal): Promise<void> {
    const advice = await this.#store.advice?.(signal);
    if (advice !== undefined) this.#log.warn(advice);
  }

  #next(target: string): ReturnType<Archive["changes"]> {
    return this.#archive.changes(this.#revision(target), changesAtOnce);
  }

  #revision(target: string): number {
    const row = this.#database.prepare("SELECT revision FROM feed WHERE target = ?").get(target);
    return Number(row?.["revision"] ?? 0);
  }

  async #send(
    target: string,
    changes: ReturnType<Archive["changes"]>,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const documents: IndexedDocument[] = [];
    const gone: string[] = [];
    let revision = 0;
    let passages = 0;
    for (const change of changes) {
      if (passages >= passagesAtOnce) break;
      // One that has gone since it was listed will be listed as gone.
      const document = change.isGone ? undefined : this.#archive.indexed(change.url);
      if (document) documents.push(document);
      else gone.push(change.url);
      passages += document?.chunks.length ?? 0;
      ({ revision } = change);
    }
    if (documents.length > 0) await this.#store.put(documents, signal);
    if (gone.length > 0) await this.#store.delete(gone, signal);
    await this.#database.write(() => {
      this.#database
        .prepare(
          `INSERT INTO feed(target, revision) VALUES(?, ?)
           ON CONFLICT DO UPDATE SET revision = max(revision, excluded.revision)`,
        )
        .run(target, revision);
      this.#database
        .prepare("INSERT OR REPLACE INTO fed(place, target, at) VALUES(?, ?, ?)")
        .run(this.#store.place, target, this.#clock.now());
    });
    const count = documents.length + gone.length;
    this.#events.emit({ type: "documents-fed", to: this.#store.name, count });
    return count;
  }
}
