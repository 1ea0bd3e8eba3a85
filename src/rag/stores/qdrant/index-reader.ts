import type { Schemas } from "@qdrant/js-client-rest";
import type { ChunkId, TermCounts } from "../../chunk-store.ts";
import type { IndexFacts } from "./index-config.ts";
import type { QdrantPoints } from "./points.ts";
import { QdrantError } from "./qdrant-error.ts";
import { raritySearch, rarityOfUnknown, readRarity } from "./searches.ts";

/** Points that are asked for by id in one request: vectors of 384 numbers are 2 MB of JSON. */
const pointsAtOnce = 500;

/** How Qdrant answers who asks for vectors of another length, or for a collection that has gone. */
const outdatedBy: ReadonlySet<string> = new Set(["qdrant-refused", "qdrant-missing"]);

/** What an index says of itself: as it is known, or asked anew. */
type Open = (signal: AbortSignal | undefined, isAnew: boolean) => Promise<IndexFacts | undefined>;

/** Asks one collection, which may not be there yet; then it has nothing. Another may take its place at any time. */
export class IndexReader {
  readonly #points: QdrantPoints;
  readonly #collection: string;
  readonly #open: Open;

  constructor(points: QdrantPoints, collection: string, open: Open) {
    this.#points = points;
    this.#collection = collection;
    this.#open = open;
  }

  /** One list a search, all in one request as a rule; `[]` each where there is no index yet. */
  async search(
    searches: readonly Schemas["QueryRequest"][],
    signal: AbortSignal | undefined,
  ): Promise<(readonly Schemas["ScoredPoint"][])[]> {
    const found = await this.#asking(signal, async ({ searchesAtOnce }) => {
      const lists: (readonly Schemas["ScoredPoint"][])[] = [];
      for (let at = 0; at < searches.length; at += searchesAtOnce) {
        const some = searches.slice(at, at + searchesAtOnce);
        lists.push(...(await this.#points.queryBatch(this.#collection, some, signal)));
      }
      return lists;
    });
    return found ?? searches.map(() => []);
  }

  /** As {@link search}, with the idf of each term of `queries` beside it. */
  async searchWithRarity(
    searches: readonly Schemas["QueryRequest"][],
    queries: readonly TermCounts[],
    signal: AbortSignal | undefined,
  ): Promise<{
    readonly hits: readonly (readonly Schemas["ScoredPoint"][])[];
    readonly idf: ReadonlyMap<number, number>;
  }> {
    const terms = [...new Set(queries.flatMap(({ ids }) => Array.from(ids)))];
    const lists = await this.search([...searches, ...terms.map(raritySearch)], signal);
    const idf = new Map(terms.map((term, at) => [term, readRarity(term, lists[searches.length + at] ?? [])]));
    const isComplete = [...idf.values()].every((value) => value !== undefined);
    // A second request, but only for a word that is nowhere in the index.
    const ofUnknown = isComplete ? 0 : rarityOfUnknown(await this.#texts(signal));
    return {
      hits: lists.slice(0, searches.length),
      idf: new Map(terms.map((term) => [term, idf.get(term) ?? ofUnknown])),
    };
  }

  /** Chunks that have terms. */
  async #texts(signal: AbortSignal | undefined): Promise<number> {
    const filter = { must: [{ has_vector: "bm25" }] };
    return (await this.#asking(signal, () => this.#points.count(this.#collection, filter, signal))) ?? 0;
  }

  /** Points in the order asked for, those that have gone left out. */
  async retrieve(
    ids: readonly ChunkId[],
    wanted: Omit<Schemas["PointRequest"], "ids">,
    signal: AbortSignal | undefined,
  ): Promise<Schemas["Record"][]> {
    const found = new Map<string, Schemas["Record"]>();
    await this.#asking(signal, async () => {
      for (let at = 0; at < ids.length; at += pointsAtOnce) {
        const some = ids.slice(at, at + pointsAtOnce).map(String);
        const points = await this.#points.retrieve(this.#collection, { ...wanted, ids: some }, signal);
        for (const point of points) found.set(String(point.id), point);
      }
    });
    return ids.flatMap((id) => found.get(String(id)) ?? []);
  }

  /**
   * What `ask` gives, undefined where there is no index yet. When it is refused, the index may have been replaced since it
   * was opened: then the new one is asked.
   * @throws {StoreError} When that was made for something else.
   */
  async #asking<R>(
    signal: AbortSignal | undefined,
    ask: (facts: IndexFacts) => Promise<R>,
  ): Promise<R | undefined> {
    const facts = await this.#open(signal, false);
    if (!facts) return undefined;
    try {
      return await ask(facts);
    } catch (error) {
      if (!(error instanceof QdrantError && outdatedBy.has(error.code))) throw error;
      const now = await this.#open(signal, true);
      if (!now || now.id === facts.id) throw error;
      return await ask(now);
    }
  }
}
