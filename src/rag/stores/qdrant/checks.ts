import { messageOf } from "../../../errors.ts";
import type { QdrantConnection } from "./client.ts";
import { metadataDifferences } from "./differences.ts";
import { QdrantError } from "./qdrant-error.ts";

/** One thing that was looked at; the shape of `doctor`'s own checks. */
export interface QdrantCheck {
  readonly what: string;
  readonly isOk: boolean;
  readonly isNeeded: boolean;
  /** What was found, or what to do about it. */
  readonly detail: string;
}

/** What the index should be. */
export interface ExpectedIndex {
  /** Collection or alias. */
  readonly collection: string;
  /** What the collection should say of itself: embedder, analyzer and the like. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/**
 * Looks at Qdrant for `doctor`: there, new enough, takes the key, has the collection, made for this configuration. Stops
 * at the first that keeps the rest from being known. Nothing is changed.
 */
export async function checkQdrant(
  connection: QdrantConnection,
  expected: ExpectedIndex,
  signal?: AbortSignal,
): Promise<QdrantCheck[]> {
  const checks: QdrantCheck[] = [];
  const add = (what: string, isOk: boolean, detail: string) =>
    checks.push({ what, isOk, isNeeded: true, detail });
  try {
    const version = await connection.probe(signal);
    add("Qdrant", true, `${connection.name} answers`);
    add("Qdrant's version", version.problem === undefined, version.problem ?? version.text);
  } catch (error) {
    signal?.throwIfAborted();
    add("Qdrant", false, messageOf(error));
    return checks;
  }
  try {
    // Not by listing collections, which a key for one collection may not do.
    const found = await connection.collections.get(expected.collection, signal);
    add("Qdrant's key", true, "accepted");
    if (!found) {
      add("Qdrant's collection", true, `${expected.collection} is not there yet; the first crawl makes it`);
      return checks;
    }
    add("Qdrant's collection", found.status !== "red", stateOf(found.status, found.points_count));
    const differs = metadataDifferences(expected.metadata, found);
    add(
      "Qdrant's index",
      differs.length === 0,
      differs.length === 0
        ? "made for this configuration"
        : `made for another configuration: ${differs.join("; ")}. Index anew, or go back to that configuration.`,
    );
  } catch (error) {
    signal?.throwIfAborted();
    const isKey = error instanceof QdrantError && error.code === "qdrant-key";
    add(isKey ? "Qdrant's key" : "Qdrant's collection", false, messageOf(error));
  }
  return checks;
}

function stateOf(status: string, points: number | null | undefined): string {
  if (status === "red") return "Qdrant reports a failed operation in it: see Qdrant's own log.";
  return `${points ?? 0} points, ${status}`;
}
