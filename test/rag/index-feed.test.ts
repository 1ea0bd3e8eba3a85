import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Clock, systemClock } from "../../src/clock.ts";
import { StoreError } from "../../src/errors.ts";
import { EventStream } from "../../src/events.ts";
import { silentLog } from "../../src/log.ts";
import type { IndexedDocument } from "../../src/rag/chunk-store.ts";
import { type FedStore, IndexFeed } from "../../src/rag/index-feed.ts";
import { SqliteArchive } from "../../src/rag/stores/sqlite-archive.ts";
import { documentOf, StoreFile } from "./store-fixture.ts";

const embedder = { id: "test/three", dimensions: 3 };
const vector = Float32Array.of(1, 0, 0);
const urls = Array.from({ length: 5 }, (_, at) => `https://a.example/${at}`);

/** A store that is a map, and fails when told. */
class Shelf implements FedStore {
  readonly name = "the shelf";
  readonly place = "a shelf in the hall";
  readonly documents = new Map<string, IndexedDocument>();
  failures = 0;
  id = "first";
  puts = 0;
  /** How many documents it had each time it was published. */
  readonly published: number[] = [];

  async identity(): Promise<string> {
    return this.id;
  }

  async publish(): Promise<void> {
    this.published.push(this.documents.size);
  }

  async put(documents: readonly IndexedDocument[]): Promise<void> {
    for (const document of documents) {
      // Half of a group may stand when it fails.
      if (this.failures > 0 && this.failures--) throw new StoreError("the shelf fell", { retryable: true });
      this.puts += 1;
      this.documents.set(document.url, document);
    }
  }

  async delete(gone: readonly string[]): Promise<void> {
    if (this.failures > 0 && this.failures--) throw new StoreError("the shelf fell", { retryable: true });
    for (const url of gone) this.documents.delete(url);
  }
}

/** A clock that stands still; who sleeps is woken by the test. */
class StandingClock implements Clock {
  readonly #asleep: { readonly ms: number; readonly wake: () => void }[] = [];
  #onSleep = () => {};

  now(): number {
    return 1_000;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
      this.#asleep.push({ ms, wake: resolve });
      this.#onSleep();
    });
  }

  /** Wakes the next sleeper, who is waited for. @returns How long it meant to sleep. */
  async wakeNext(): Promise<number> {
    if (this.#asleep.length === 0) await new Promise<void>((resolve) => (this.#onSleep = resolve));
    const sleeper = this.#asleep.shift();
    sleeper?.wake();
    return sleeper?.ms ?? 0;
  }
}

function setUp(clock: Clock = systemClock) {
  const file = new StoreFile();
  const database = file.open();
  const archive = new SqliteArchive({ database, embedder });
  const store = new Shelf();
  const events = new EventStream();
  const feed = new IndexFeed({ archive, database, store, events, clock, log: silentLog });
  const same = () => {
    const kept = new Map([...archive.documents()].map(({ url }) => [url, archive.indexed(url)]));
    assert.deepEqual(store.documents, kept);
  };
  return { archive, database, store, events, feed, same, [Symbol.dispose]: () => file[Symbol.dispose]() };
}

describe("the feed of another store", () => {
  it("makes the store what the archive is, whatever happened and whatever failed on the way", async () => {
    const step = fc.oneof(
      fc.record({
        url: fc.constantFrom(...urls),
        passages: fc.array(fc.constantFrom("apple", "pear", "plum"), { minLength: 1, maxLength: 3 }),
      }),
      fc.record({ gone: fc.constantFrom(...urls) }),
      fc.record({ seen: fc.constantFrom(...urls), at: fc.nat() }),
      fc.constant("vectors" as const),
      fc.record({ feedFailing: fc.nat({ max: 2 }) }),
    );
    const holds = fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      using it = setUp();
      const { archive, database, store, feed } = it;
      for (const one of steps) {
        if (one === "vectors") {
          const jobs = archive.embeddingBacklog({ limit: 2, onlyLead: false });
          await database.write(() => archive.putVectors(jobs.map(({ hash }) => ({ hash, vector }))));
        } else if ("passages" in one) {
          await database.write(() => archive.upsert(documentOf(one.url, one.passages)));
        } else if ("gone" in one) await database.write(() => archive.deleteDocument(one.gone));
        else if ("seen" in one) await database.write(() => archive.touch(one.seen, one.at));
        else {
          store.failures = one.feedFailing;
          await feed.catchUp().catch((error: unknown) => assert.ok(error instanceof StoreError));
          store.failures = 0;
        }
      }
      await feed.catchUp();
      it.same();
      const { puts } = store;
      assert.equal(await feed.catchUp(), 0);
      assert.equal(store.puts, puts);
    });
    await fc.assert(holds, { numRuns: 40 });
  });

  it("begins again with an index that was made in the place of another", async () => {
    using it = setUp();
    await it.database.write(() => it.archive.upsert(documentOf(urls[0] ?? "", ["apple"])));
    await it.feed.catchUp();
    it.store.id = "second";
    it.store.documents.clear();
    assert.equal(await it.feed.catchUp(), 1);
    it.same();
  });

  it("says how far the store is behind, also while the store cannot say which it is, and since when it has what it has", async () => {
    using it = setUp(new StandingClock());
    const write = (url: string) =>
      it.database.write(() => it.archive.upsert(documentOf(`https://a.example/${url}`, [url])));
    await write("apple");
    await write("pear");
    assert.deepEqual(it.feed.lag(), { waiting: 2, fedAt: undefined });
    await it.feed.catchUp();
    assert.deepEqual(it.feed.lag(), { waiting: 0, fedAt: 1_000 });
    await write("plum");
    await it.database.write(() => it.archive.deleteDocument("https://a.example/apple"));
    assert.equal(it.feed.lag().waiting, 2);
    assert.equal(it.feed.lag("first").waiting, 2);
    assert.equal(it.feed.lag("made in its place").waiting, 3);
  });

  it("publishes the store once it has everything, and not before", async () => {
    using it = setUp();
    for (const url of ["apple", "pear"])
      await it.database.write(() => it.archive.upsert(documentOf(`https://a.example/${url}`, [url])));
    it.store.failures = 1;
    await assert.rejects(it.feed.catchUp(), StoreError);
    assert.deepEqual(it.store.published, []);
    await it.feed.catchUp();
    assert.deepEqual(it.store.published, [2]);
  });

  it("begins with some dozens of documents, and goes on as the archive changes, past failures that waiting mends, until it is stopped", async () => {
    const clock = new StandingClock();
    using it = setUp(clock);
    const stop = new AbortController();
    const fed: number[] = [];
    it.events.subscribe((event) => event.type === "documents-fed" && fed.push(event.count));
    const following = it.feed.follow(stop.signal);
    const add = (at: number) => it.archive.upsert(documentOf(`https://a.example/${at}`, [`pear ${at}`]));
    await it.database.write(() => Array.from({ length: 49 }, (_, at) => add(at)));
    assert.deepEqual([await clock.wakeNext(), await clock.wakeNext()], [500, 500]);
    assert.deepEqual([fed.length, it.store.puts], [0, 0], "too few texts to measure their mean length");
    it.store.failures = 1;
    await it.database.write(() => add(49));
    assert.equal(await clock.wakeNext(), 500);
    assert.equal(await clock.wakeNext(), 1_000, "until the store may answer again");
    assert.equal(await clock.wakeNext(), 500);
    assert.equal(fed.length, 1);
    it.same();
    const reason = new Error("enough");
    stop.abort(reason);
    await assert.rejects(following, reason);
  });

  it("stops at a failure that waiting does not mend", async () => {
    using it = setUp();
    await it.database.write(() =>
      Array.from({ length: 50 }, (_, at) =>
        it.archive.upsert(documentOf(`https://a.example/${at}`, [`pear ${at}`])),
      ),
    );
    it.store.identity = () => Promise.reject(new StoreError("another embedder's index"));
    await assert.rejects(it.feed.follow(new AbortController().signal), /another embedder/);
  });
});
