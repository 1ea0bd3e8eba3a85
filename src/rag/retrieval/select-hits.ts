import type { ChunkId, ChunkStore, FoundChunk, StoredChunk } from "../chunk-store.ts";
import type { FusedHit } from "../fusion.ts";
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

/** Times the results wanted: others further down are too far off to take a better one's place. */
const windowFactor = 4;

/**
 * The first `limit`, without passages that repeat one before, with at most so many of a page and of a host while there are
 * others about as good; those left out fill what stays empty. In the order given.
 */
export async function selectHits(
  ranked: readonly FusedHit[],
  places: ReadonlyMap<ChunkId, FoundChunk>,
  passages: Passages,
  limit: number,
  caps: Caps,
): Promise<Selected[]> {
  const seen: Shingles[] = [];
  const taken: (Selected & { readonly place: number })[] = [];
  const perPage = new Map<ChunkId | undefined, number>();
  const perHost = new Map<string, number>();
  const maxPerHost = Math.max(1, Math.ceil(limit * caps.maxHostShare));
  const take = async (place: number, isCapped: boolean): Promise<"taken" | "over" | "repeated"> => {
    const hit = ranked[place];
    const chunk = hit && (await passages.read(hit.id));
    if (!hit || !chunk) return "repeated"; // gone since it was found
    const host = URL.parse(chunk.url)?.host ?? "";
    const onHost = perHost.get(host) ?? 0;
    if (isCapped && onHost >= maxPerHost) return "over";
    const shingles = shinglesOf(chunk.text);
    if (seen.some((other) => isNearDuplicate(shingles, other))) return "repeated";
    seen.push(shingles);
    perHost.set(host, onHost + 1);
    taken.push({ hit, chunk, place });
    return "taken";
  };
  const spare: number[] = [];
  const fill = async (waiting: readonly number[], isCapped: boolean) => {
    for (const [at, place] of waiting.entries()) {
      if (taken.length >= limit) return;
      // As many in one call as may be needed now.
      if (at % limit === 0)
        await passages.readAhead(waiting.slice(at, at + limit).flatMap((one) => ranked[one]?.id ?? []));
      const page = places.get(ranked[place]?.id ?? "")?.documentId;
      const ofPage = perPage.get(page) ?? 0;
      const result = isCapped && ofPage >= caps.maxPerPage ? "over" : await take(place, isCapped);
      if (result === "taken") perPage.set(page, ofPage + 1);
      if (result === "over") spare.push(place);
    }
  };
  const all = [...ranked.keys()];
  await fill(all.slice(0, limit * windowFactor), true);
  await fill([...spare], false);
  await fill(all.slice(limit * windowFactor), false);
  return taken.sort((one, other) => one.place - other.place).map(({ hit, chunk }) => ({ hit, chunk }));
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
