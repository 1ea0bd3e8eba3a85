import { MissingError } from "../errors.ts";
import type { Forager } from "../forager.ts";
import type { PageDocument } from "../document.ts";
import type { Filter } from "../rag/filter.ts";
import type { FoundPassage } from "./passage.ts";

/** A passage near a vector: its score is the cosine. */
export interface VectorHit extends FoundPassage {
  /** The passage's own vector, L2 norm 1. */
  readonly vector: Float32Array;
}

/** What a vector store needs of a Forager. */
export interface ForagerIndex extends Pick<Forager, "search" | "add" | "remove"> {
  /** The passages nearest to a vector of the index's own embedder. Absent where the index is searched by words alone. */
  searchVector?(
    vector: ArrayLike<number>,
    options: { readonly limit?: number; readonly filter?: Filter | undefined },
  ): Promise<readonly VectorHit[]>;
  /** What is kept under an address. Absent: documents that were added come back without their own metadata. */
  document?(url: string): Promise<PageDocument | undefined>;
}

/** @throws {MissingError} Where this index cannot be searched by a vector. */
export function nearVector(
  index: ForagerIndex,
  vector: ArrayLike<number>,
  options: { readonly limit: number; readonly filter?: Filter | undefined },
): Promise<readonly VectorHit[]> {
  if (index.searchVector) return index.searchVector(vector, options);
  throw new MissingError(
    "This index cannot be searched by a vector.",
    "Search it with words: similaritySearch and asRetriever do.",
  );
}
