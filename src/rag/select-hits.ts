import type { ChunkId, ChunkStore, FoundChunk, StoredChunk } from "./chunk-store.ts";
import type { FusedHit } from "./fusion.ts";
import { isNearDuplicate, type Shingles, shinglesOf } from "./near-duplicates.ts";

/** A hit that is shown, with its text. */
export interface Selected {
  readonly hit: FusedHit;
  readonly chunk: StoredChunk;
}

/** How many results of one kind there may be, as long as there are others. */
export interface Caps {
  readonly maxPerPage: number;
  /** Share of the results that one host may have. */
  readonly maxHostShare: number;
}

/**
 * The best `limit`, without passages that repeat one before, with at most so many of a page and of a host; those left
 * out fill what stays empty. Best first.
 */
export async function selectHits(
  fused: readonly FusedHit[],
  places: ReadonlyMap<ChunkId, FoundChunk>,
  passages: Passages,
  limit: number,
  caps: Caps,
): Promise<Selected[]> {
  const seen: Shingles[] = [];
  const taken: Selected[] = [];
  const perPage = new Map<ChunkId | undefined, number>();
  const perHost = new Map<string, number>();
  const maxPerHost = Math.max(1, Math.ceil(limit * caps.maxHostShare));
  const take = async (hit: FusedHit, isCapped: boolean): Promise<"taken" | "over" | "repeated"> => {
    const chunk = await passages.read(hit.id);
    if (!chunk) return "repeated"; // gone since it was found
    const host = URL.parse(chunk.url)?.host ?? "";
    const onHost = perHost.get(host) ?? 0;
    if (isCapped && onHost >= maxPerHost) return "over";
    const shingles = shinglesOf(chunk.text);
    if (seen.some((other) => isNearDuplicate(shingles, other))) return "repeated";
    seen.push(shingles);
    perHost.set(host, onHost + 1);
    taken.push({ hit, chunk });
    return "taken";
  };
  const spare: FusedHit[] = [];
  for (const hit of fused) {
    if (taken.length >= limit) break;
    const page = places.get(hit.id)?.documentId;
    const ofPage = perPage.get(page) ?? 0;
    const result = ofPage >= caps.maxPerPage ? "over" : await take(hit, true);
    if (result === "taken") perPage.set(page, ofPage + 1);
    if (result === "over") spare.push(hit);
  }
  for (const hit of spare) {
    if (taken.length >= limit) break;
    await take(hit, false);
  }
  return taken.sort((one, other) => other.hit.score - one.hit.score);
}

/** Passages of one search, each read once, and many in one call where it is known which. */
export class Passages {
  readonly #store: Pick<ChunkStore, "chunks">;
  readonly #signal: AbortSignal | undefined;
  readonly #read = new Map<ChunkId, StoredChunk | undefined>();

  constructor(store: Pick<ChunkStore, "chunks">, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#signal = signal;
  }

  async readAhead(ids: readonly ChunkId[]): Promise<void> {
    const wanted = [...new Set(ids)].filter((id) => !this.#read.has(id));
    if (wanted.length === 0) return;
    for (const id of wanted) this.#read.set(id, undefined);
    for (const chunk of await this.#store.chunks(wanted, this.#signal)) this.#read.set(chunk.id, chunk);
  }

  async read(id: ChunkId): Promise<StoredChunk | undefined> {
    await this.readAhead([id]);
    return this.#read.get(id);
  }
}
