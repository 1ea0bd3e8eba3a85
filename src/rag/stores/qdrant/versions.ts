import type { Schemas } from "@qdrant/js-client-rest";
import { StoreError } from "../../../errors.ts";
import type { Archive } from "../../archive.ts";
import type { QdrantConnection } from "./client.ts";
import {
  collectionConfig,
  type EmbedderIdentity,
  hasDrifted,
  type IndexFacts,
  payloadIndexes,
  readFacts,
  wholeness,
} from "./index-config.ts";
import type { QdrantOptions } from "./options.ts";

// The index `forager` is an alias; the collections behind it are `forager_v1`, `forager_v2` and so on. A new one is made
// whole before the alias moves to it, so that no reader ever sees half of one.

/** What an index is made and opened with. */
export interface IndexDeps {
  /** Stays open. */
  readonly connection: QdrantConnection;
  /** Whose vectors are kept and searched; without one, words alone. */
  readonly embedder: EmbedderIdentity | undefined;
  /** What the index is fed from, measured when a collection is made; absent on a machine that only searches. */
  readonly archive: Pick<Archive, "meanLengths" | "stats"> | undefined;
}
export type IndexOptions = Pick<
  QdrantOptions,
  "collection" | "quantizeAbove" | "maxBatchPoints" | "maxBatchBytes"
>;

/** For messages: `forager in Qdrant at http://127.0.0.1:6333`. */
export function nameOf({ connection }: IndexDeps, collection: string): string {
  return `${collection} in ${connection.name}`;
}

/**
 * What a collection, or the one behind an alias, says of itself; undefined when there is none.
 * @throws {StoreError} When it was made for something else.
 */
export async function openIndex(
  deps: IndexDeps,
  collection: string,
  signal?: AbortSignal,
): Promise<IndexFacts | undefined> {
  const found = await deps.connection.collections.get(collection, signal);
  if (!found) return undefined;
  return readFacts(nameOf(deps, collection), found, deps.embedder);
}

/** Makes the first collection of an index and its alias. What a stopped first try has left is finished. */
export async function makeIndex(
  deps: IndexDeps,
  options: IndexOptions,
  signal?: AbortSignal,
): Promise<IndexFacts> {
  const facts = await makeVersion(deps, options, versionName(options.collection, 1), signal);
  await deps.connection.collections.switchAlias(
    options.collection,
    versionName(options.collection, 1),
    signal,
  );
  return facts;
}

/**
 * Makes a collection that no alias leads to, with its payload indexes. One that a stopped try has left is taken up when
 * it is as it would be made now, else thrown away.
 */
export async function makeVersion(
  deps: IndexDeps,
  options: IndexOptions,
  name: string,
  signal?: AbortSignal,
): Promise<IndexFacts> {
  const { connection } = deps;
  const { keepsMetadata, problem } = await connection.version(signal);
  if (!keepsMetadata) throw new StoreError(`${connection.name} cannot hold an index: ${problem}`);
  const { collections } = connection;
  const left = await collections.get(name, signal);
  if (!left || !isUsable(deps, name, left)) {
    if (left) await dropLeftover(deps, name, left, signal);
    const config = collectionConfig(deps.embedder, deps.archive, options.quantizeAbove);
    await collections.create(name, config, signal);
  }
  await Promise.all(
    Object.entries(payloadIndexes).map(([field, schema]) =>
      collections.createPayloadIndex(name, field, schema, signal),
    ),
  );
  const facts = await openIndex(deps, name, signal);
  if (!facts) throw new StoreError(`${nameOf(deps, name)} was deleted while it was being made.`);
  return facts;
}

/** Has the collection, or the one behind an alias, say that it has all that its archive had. */
export async function markWhole(
  { connection: { collections } }: IndexDeps,
  collection: string,
  signal?: AbortSignal,
): Promise<void> {
  const name = (await collections.aliases(signal)).get(collection) ?? collection;
  await collections.updateMetadata(name, wholeness(true), signal);
}

/** `forager_v2`. */
export function versionName(alias: string, version: number): string {
  return `${alias}_v${version}`;
}

/** The number in {@link versionName}; undefined for other names. */
export function versionOf(alias: string, name: string): number | undefined {
  const digits = name.startsWith(`${alias}_v`) ? /^[1-9]\d{0,8}$/.exec(name.slice(alias.length + 2)) : null;
  return digits ? Number(digits[0]) : undefined;
}

function isUsable(deps: IndexDeps, name: string, left: Schemas["CollectionInfo"]): boolean {
  try {
    const { means } = readFacts(name, left, deps.embedder);
    return !deps.archive || !hasDrifted(means, deps.archive.meanLengths());
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  }
}

async function dropLeftover(
  deps: IndexDeps,
  name: string,
  left: Schemas["CollectionInfo"],
  signal: AbortSignal | undefined,
): Promise<void> {
  if (left.config.metadata?.["madeBy"] !== "forager") {
    throw new StoreError(
      `${nameOf(deps, name)} is there and was not made by Forager. Set qdrant.collection to another name, or delete it.`,
    );
  }
  await deps.connection.collections.delete(name, signal);
}
