import type { RunContext } from "../context.ts";
import type { Database } from "../database.ts";
import { StoreError } from "../errors.ts";
import type { Clock } from "../clock.ts";
import type { EventStream } from "../events.ts";
import type { Archive } from "../rag/archive.ts";
import type { ChunkStore, IndexedDocument } from "../rag/chunk-store.ts";
import type { DocumentState, PassageState } from "../rag/document-state.ts";
import type { FedStore, IndexFeed } from "../rag/index-feed.ts";

/** A store elsewhere that a folder's index can be moved to and from. */
export interface RemoteStore extends ChunkStore, FedStore {
  /** What the index says of itself; undefined where there is none. @throws {StoreError} When it was made for something else. */
  look(signal?: AbortSignal): Promise<RemoteIndex | undefined>;
  /** What all documents are told by, some at a time: to compare them with others without reading them. */
  states(signal?: AbortSignal): AsyncIterable<readonly DocumentState[]>;
  /** What the passages of these documents are told by, in order, under their addresses. */
  passageStates(
    urls: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly PassageState[]>>;
  /** These documents, those that have gone left out. */
  indexed(urls: readonly string[], signal?: AbortSignal): AsyncIterable<IndexedDocument>;
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
  const compared = Array.from(sampleOf(archive), async ({ url, contentHash }) => {
    const there = await store.document(url, signal);
    if (there?.contentHash === contentHash) return;
    throw new StoreError(
      `${store.name} has another content of ${url} than the data folder. Make the index anew with: forager migrate --to qdrant --rebuild`,
    );
  });
  await Promise.all(compared);
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
