import type { RunContext } from "../context.ts";
import type { Database } from "../database.ts";
import { StoreError } from "../errors.ts";
import type { Clock } from "../clock.ts";
import type { EventStream } from "../events.ts";
import type { Archive } from "../rag/archive.ts";
import type { ChunkStore, IndexedDocument } from "../rag/chunk-store.ts";
import type { FedStore, IndexFeed } from "../rag/index-feed.ts";

/** A store elsewhere that a folder's index can be moved to and from. */
export interface RemoteStore extends ChunkStore, FedStore {
  /** What the index says of itself; undefined where there is none. @throws {StoreError} When it was made for something else. */
  look(signal?: AbortSignal): Promise<RemoteIndex | undefined>;
  /** A new index beside the one that is searched, to take its place when it is whole. One that was begun before and left is gone on with. */
  beginRebuild(signal?: AbortSignal): Promise<Rebuild>;
}

/** What a store elsewhere says of the index that is searched there. */
export interface RemoteIndex {
  /** Names this very index; see {@link FedStore.identity}. */
  readonly id: string;
  /** False from when it is made until it has had, once, all that its archive had. */
  readonly isWhole: boolean;
}

export interface Rebuild {
  readonly store: ChunkStore & FedStore;
  /** Searches go to the new index from now on, at once; the old one is dropped. */
  finish(signal?: AbortSignal): Promise<void>;
}

/** What a migration stands on. */
export interface MigrateFloor {
  readonly archive: Archive;
  readonly database: Database;
  readonly remote: RemoteStore;
  readonly feedOf: (store: FedStore) => IndexFeed;
  readonly events: EventStream;
  readonly clock: Clock;
}

export interface MigrateSummary {
  /** Where the index is now whole. */
  readonly to: string;
  /** Documents that were sent or taken; the others were there already. */
  readonly moved: number;
  readonly documents: number;
  readonly chunks: number;
  readonly embedded: number;
  readonly durationMs: number;
}

/** Documents of which both sides are compared at the end. */
const samples = 20;

/** Makes Qdrant hold what the data folder holds. Run again after a stop it goes on; nothing is embedded again. */
export async function migrateToRemote(
  floor: MigrateFloor,
  options: { readonly isRebuilt: boolean },
  { signal }: RunContext,
): Promise<MigrateSummary> {
  const startedAt = floor.clock.now();
  const rebuild = options.isRebuilt ? await floor.remote.beginRebuild(signal) : undefined;
  const store = rebuild?.store ?? floor.remote;
  const moved = await floor.feedOf(store).catchUp(signal);
  await verify(floor.archive, store, signal);
  await rebuild?.finish(signal);
  const stats = floor.archive.stats();
  return { to: store.name, moved, ...stats, durationMs: floor.clock.now() - startedAt };
}

/** Makes the data folder hold what Qdrant holds; what only the folder has, or has of a later fetch, stays. Run again after a stop it goes on. */
export async function migrateFromRemote(
  floor: MigrateFloor,
  { signal }: RunContext,
): Promise<MigrateSummary> {
  const startedAt = floor.clock.now();
  const { archive, database, remote, events } = floor;
  const { documents: total } = await remote.stats(signal);
  let moved = 0;
  let count = 0;
  // All of a document comes before it can be compared, so this takes long also where nothing has to be moved.
  for await (const document of remote.everything(signal)) {
    count += 1;
    events.emit({ type: "documents-compared", count, total });
    const held = archive.indexed(document.url);
    const isOlder = held !== undefined && held.fetchedAt > document.fetchedAt;
    if (isOlder && held.contentHash !== document.contentHash) continue; // the folder's is the later page
    if (holds(held, document)) continue;
    await database.write(() => {
      if (!isOlder) archive.upsert(document);
      const vectors = document.chunks.flatMap(({ hash, vector }) => (vector ? [{ hash, vector }] : []));
      if (vectors.length > 0) archive.putVectors(vectors);
    });
    moved += 1;
    events.emit({ type: "documents-fed", to: "the data folder", count: 1 });
  }
  await archive.optimize(signal);
  const stats = archive.stats();
  return { to: "The data folder", moved, ...stats, durationMs: floor.clock.now() - startedAt };
}

/** Whether a document is there with the same text and passages, and with a vector wherever the other has one. */
function holds(held: IndexedDocument | undefined, wanted: IndexedDocument): boolean {
  return (
    held?.contentHash === wanted.contentHash &&
    held.fetchedAt >= wanted.fetchedAt &&
    held.chunks.length === wanted.chunks.length &&
    wanted.chunks.every(
      ({ hash, vector }, at) => held.chunks[at]?.hash === hash && (!vector || held.chunks[at].vector),
    )
  );
}

/** @throws {StoreError} When the store lacks something that the archive has. */
async function verify(archive: Archive, store: ChunkStore, signal: AbortSignal): Promise<void> {
  const [found, expected] = [await store.stats(signal), archive.stats()];
  for (const what of ["documents", "chunks", "embedded"] as const) {
    if (found[what] >= expected[what]) continue;
    throw new StoreError(
      `${store.name} has ${found[what]} ${what} after the move where ${expected[what]} were expected: something else writes to it, or lost them. ` +
        "Make the index anew with: forager migrate --to qdrant --rebuild",
    );
  }
  for (const document of sampleOf(archive)) {
    const there = await store.document(document.url, signal);
    if (there?.contentHash === document.contentHash) continue;
    throw new StoreError(
      `${store.name} has another content of ${document.url} than the data folder. Make the index anew with: forager migrate --to qdrant --rebuild`,
    );
  }
}

/** Documents from all over the archive. */
function* sampleOf(archive: Archive): Generator<{ readonly url: string; readonly contentHash: string }> {
  const latest = archive.latestRevision();
  for (let at = 0; at < samples; at += 1) {
    const [change] = archive.changes(Math.floor((at * latest) / samples), 1);
    const document = change && !change.isGone ? archive.document(change.url) : undefined;
    if (document) yield document;
  }
}
