import { StoreError } from "../../../errors.ts";
import type { StoreStats } from "../../chunk-store.ts";
import { denseOf, sparseOf } from "./payload.ts";
import { vectorSearch } from "./searches.ts";
import {
  type IndexDeps,
  type IndexOptions,
  makeVersion,
  nameOf,
  versionName,
  versionOf,
} from "./versions.ts";

/** Passages that must find themselves before a new index is searched. */
const samples = 5;
/** Cosine of a vector with itself, as Qdrant's bytes and rounding leave it. */
const leastLikeness = 0.98;

/**
 * Makes the next version of an index, or takes up one that was begun before, and deletes older ones than that in use.
 * @returns Its collection.
 */
export async function beginVersion(
  deps: IndexDeps,
  options: IndexOptions,
  signal?: AbortSignal,
): Promise<string> {
  await dropOldVersions(deps, options, signal);
  const name = versionName(options.collection, 1 + (await currentVersion(deps, options, signal)));
  await makeVersion(deps, options, name, signal);
  return name;
}

/**
 * From now on the index's name means this version; those before are deleted.
 * @param found What it has.
 * @throws {StoreError} When that is not what the archive has, or is not found; then the index in use stays.
 */
export async function finishVersion(
  deps: IndexDeps,
  options: IndexOptions,
  name: string,
  found: StoreStats,
  signal?: AbortSignal,
): Promise<void> {
  await checkCounts(deps, name, found, signal);
  await checkSearches(deps, name, signal);
  await deps.connection.collections.switchAlias(options.collection, name, signal);
  await dropOldVersions(deps, options, signal);
}

async function dropOldVersions(
  deps: IndexDeps,
  options: IndexOptions,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { collections } = deps.connection;
  const current = await currentVersion(deps, options, signal);
  for (const name of await collections.names(`${options.collection}_v`, signal)) {
    if ((versionOf(options.collection, name) ?? current) < current) await collections.delete(name, signal);
  }
}

/** 0 when there is no index yet. */
async function currentVersion(
  deps: IndexDeps,
  { collection }: IndexOptions,
  signal: AbortSignal | undefined,
): Promise<number> {
  const name = (await deps.connection.collections.aliases(signal)).get(collection);
  if (name === undefined) return 0;
  const version = versionOf(collection, name);
  if (version !== undefined) return version;
  throw new StoreError(
    `${nameOf(deps, collection)} is an alias of ${name}, which Forager did not make. Set qdrant.collection to another name.`,
  );
}

/** One with other counts is thrown away: whoever has fed it believes that it is whole. */
async function checkCounts(
  deps: IndexDeps,
  name: string,
  found: StoreStats,
  signal: AbortSignal | undefined,
): Promise<void> {
  const expected = deps.archive?.stats();
  if (!expected) return;
  if (found.documents === expected.documents && found.chunks === expected.chunks) return;
  await deps.connection.collections.delete(name, signal);
  throw new StoreError(
    `${nameOf(deps, name)} had ${found.documents} documents with ${found.chunks} passages, the archive ` +
      `${expected.documents} with ${expected.chunks}. It was thrown away, the index in use is as it was; run the same command again.`,
  );
}

/** A few passages must be found by their own words and vectors. */
async function checkSearches(deps: IndexDeps, name: string, signal: AbortSignal | undefined): Promise<void> {
  const { points } = deps.connection;
  const { points: sample } = await points.scroll(
    name,
    {
      filter: { must: [{ key: "kind", match: { value: "chunk" } }] },
      limit: samples,
      with_payload: false,
      with_vector: ["dense", "bm25"],
    },
    signal,
  );
  const checks = sample.flatMap((point) => {
    const [dense, sparse] = [denseOf(point), sparseOf(point, "bm25")];
    return [
      ...(dense ? [{ search: vectorSearch(dense, 1, undefined), least: leastLikeness }] : []),
      ...(sparse ? [{ search: { query: sparse, using: "bm25", limit: 1 }, least: 0 }] : []),
    ];
  });
  const found = await points.queryBatch(
    name,
    checks.map(({ search }) => search),
    signal,
  );
  const failed = checks.filter(({ least }, at) => !((found[at]?.[0]?.score ?? -1) >= least));
  if (failed.length === 0) return;
  throw new StoreError(
    `${nameOf(deps, name)} does not find ${failed.length} of ${checks.length} passages that are in it. ` +
      "The index in use is as it was; look at Qdrant's log, and run the same command again.",
  );
}
