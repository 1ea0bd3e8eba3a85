import type { Schemas } from "@qdrant/js-client-rest";
import type { ChunkId, TermCounts } from "../../chunk-store.ts";
import type { IndexFacts } from "./index-config.ts";
import type { QdrantPoints } from "./points.ts";
import { raritySearch, rarityOfUnknown, readRarity } from "./searches.ts";

/** Points that are asked for by id in one request: vectors of 384 numbers are 2 MB of JSON. */
const pointsAtOnce = 500;

/** Asks one collection, which may not be there yet; then it has nothing. */
export class IndexReader {
  readonly #points: QdrantPoints;
  readonly #collection: string;
  readonly #open: (signal: AbortSignal | undefined) => Promise<IndexFacts | undefined>;

  constructor(
    points: QdrantPoints,
    collection: string,
    open: (signal: AbortSignal | undefined) => Promise<IndexFacts | undefined>,
  ) {
    this.#points = points;
    this.#collection = collection;
    this.#open = open;
  }

  /** One list a search, all in one request as a rule; `[]` each where there is no index yet. */
  async search(
    searches: readonly Schemas["QueryRequest"][],
    signal: AbortSignal | undefined,
  ): Promise<(readonly Schemas["ScoredPoint"][])[]> {
    const facts = await this.#open(signal);
    const lists: (readonly Schemas["ScoredPoint"][])[] = [];
    if (!facts) return searches.map(() => []);
    for (let at = 0; at < searches.length; at += facts.searchesAtOnce) {
      const some = searches.slice(at, at + facts.searchesAtOnce);
      lists.push(...(await this.#points.queryBatch(this.#collection, some, signal)));
    }
    return lists;
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
    if (!(await this.#open(signal))) return 0;
    return await this.#points.count(this.#collection, { must: [{ has_vector: "bm25" }] }, signal);
  }

  /** Points in the order asked for, those that have gone left out. */
  async retrieve(
    ids: readonly ChunkId[],
    wanted: Omit<Schemas["PointRequest"], "ids">,
    signal: AbortSignal | undefined,
  ): Promise<Schemas["Record"][]> {
    if (!(await this.#open(signal))) return [];
    const found = new Map<string, Schemas["Record"]>();
    for (let at = 0; at < ids.length; at += pointsAtOnce) {
      const some = ids.slice(at, at + pointsAtOnce).map(String);
      const points = await this.#points.retrieve(this.#collection, { ...wanted, ids: some }, signal);
      for (const point of points) found.set(String(point.id), point);
    }
    return ids.flatMap((id) => found.get(String(id)) ?? []);
  }
}
