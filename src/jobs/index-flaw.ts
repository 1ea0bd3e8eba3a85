import { messageOf } from "../errors.ts";
import { OtherIndexError } from "../rag/stores/qdrant/index-config.ts";
import type { RemoteIndex, RemoteStore } from "./migrate.ts";

/** Why an index elsewhere is not what is best searched. */
export interface IndexFlaw {
  /** There is none, it has not had everything once, or its vectors are another embedder's. */
  readonly kind: "missing" | "unfinished" | "others";
  /** The same for people, and what to do. */
  readonly why: string;
}

/**
 * What is wrong with an index elsewhere; undefined when all is well.
 * @param look Says what the index says of itself.
 * @throws {StoreError} When it cannot be asked, or cannot be searched at all.
 */
export async function flawOf(
  { place }: Pick<RemoteStore, "place">,
  look: () => Promise<RemoteIndex | undefined>,
): Promise<IndexFlaw | undefined> {
  try {
    const index = await look();
    if (!index) {
      const why = `There is no index ${place} yet. Send it there with: forager migrate --to qdrant`;
      return { kind: "missing", why };
    }
    if (index.isWhole) return undefined;
    const why = `The index ${place} is still being filled: what has not been sent yet is not found there.`;
    return { kind: "unfinished", why };
  } catch (error) {
    if (!(error instanceof OtherIndexError && error.hasOurWords)) throw error;
    return { kind: "others", why: messageOf(error) };
  }
}
