import { randomUUID } from "node:crypto";
import type { Schemas } from "@qdrant/js-client-rest";
import { z } from "zod";
import { StoreError } from "../../../errors.ts";
import type { Archive, MeanLengths } from "../../archive.ts";
import { lengthPenalty, saturation } from "../../bm25.ts";
import type { Embedder } from "../../embedder.ts";
import { type CollectionConfig, metadataDifferences } from "./differences.ts";

/** Whose vectors the index holds; without one it is searched by words alone. */
export type EmbedderIdentity = Pick<Embedder, "id" | "dimensions">;

/** What the index says of itself, in its collection's metadata. */
export interface IndexFacts {
  /** Another one for each collection: what was fed to one is not in the next. */
  readonly id: string;
  /** Frozen: BM25's weights are in the points. */
  readonly means: MeanLengths;
  /** Searches that one request may carry. */
  readonly searchesAtOnce: number;
  /** False from when it is made until it has had, once, all that its archive had. */
  readonly isWhole: boolean;
}

/** An index that was made for something else than this configuration. */
export class OtherIndexError extends StoreError {
  /** Whether only its vectors are others': then its words can be searched. */
  readonly hasOurWords: boolean;

  constructor(message: string, hasOurWords: boolean) {
    super(message);
    this.hasOurWords = hasOurWords;
  }
}

/** Layout of points and payloads. */
const schema = 1;
/** The rules of `analyzer.ts`: Qdrant's `word` tokenizer, English stop words and stems. */
const analyzer = "qdrant-word/en/v1";
/**
 * For an index that is made before there is a text to measure. The passages of four manuals (Python, Apache, GnuCash,
 * PostgreSQL) have 59 to 70 terms in the mean, their pages 450 to 2,000.
 */
const unmeasured: MeanLengths = { chunk: 65, page: 1_000 };
/** Asked for in one request, if the collection's strict mode has no other limit. */
const searchesAtOnce = 256;
/** Strict mode's `max_query_limit`: the most that a search, or a page of a scroll, gives. */
export const mostResults = 1_000;
/** Strict mode's `upsert_max_batchsize`. */
const mostUpserts = 512;
/** A mean that has moved so far from the frozen one makes scores wrong enough to index anew. */
const mostDrift = 0.3;

const time = { type: "integer", lookup: false, range: true } as const;

/** Indexes over what filters ask for; made before the first point. */
export const payloadIndexes: Readonly<Record<string, Schemas["PayloadFieldSchema"]>> = {
  kind: "keyword",
  doc_id: "keyword",
  url: "keyword",
  host: "keyword",
  language: "keyword",
  format: "keyword",
  fetched_at: time,
  published_at: time,
  gen: time,
  embedded: "bool",
};

/** What an index made for this embedder says of itself, as `doctor` compares it; the mean lengths may be any. */
export function expectedMetadata(embedder: EmbedderIdentity | undefined): Record<string, unknown> {
  return {
    madeBy: "forager",
    schema,
    analyzer,
    bm25: { k: saturation, b: lengthPenalty },
    ...(embedder ? { embedder: embedder.id, dimensions: embedder.dimensions } : {}),
  };
}

/** What an index says of itself before and after it has had all that its archive had. */
export function wholeness(isWhole: boolean): Readonly<Record<string, unknown>> {
  return { isWhole };
}

/** How a new collection is asked for. */
export function collectionConfig(
  embedder: EmbedderIdentity | undefined,
  archive: Pick<Archive, "meanLengths" | "stats"> | undefined,
  quantizeAbove: number,
): CollectionConfig {
  const { chunk, page } = archive?.meanLengths() ?? { chunk: 0, page: 0 };
  const isQuantized = (archive?.stats().chunks ?? 0) >= quantizeAbove;
  const dense = embedder && {
    size: embedder.dimensions,
    distance: "Cosine" as const,
    on_disk: isQuantized, // the bytes are in memory, the numbers are read for the last few
    ...(isQuantized
      ? { quantization_config: { scalar: { type: "int8" as const, quantile: 0.99, always_ram: true } } }
      : {}),
  };
  return {
    vectors: dense ? { dense } : {},
    sparse_vectors: { bm25: { modifier: "idf" }, page: { modifier: "idf" } },
    hnsw_config: { m: 16, ef_construct: 100 },
    on_disk_payload: true,
    metadata: {
      embedder: "none",
      dimensions: 0,
      ...expectedMetadata(embedder),
      id: randomUUID(),
      ...wholeness(false),
      bm25: {
        k: saturation,
        b: lengthPenalty,
        chunkLength: chunk || unmeasured.chunk,
        pageLength: page || unmeasured.page,
      },
    },
    strict_mode_config: {
      enabled: true,
      unindexed_filtering_retrieve: false,
      unindexed_filtering_update: false,
      max_query_limit: mostResults,
      upsert_max_batchsize: mostUpserts,
      max_timeout: 120,
      filter_max_conditions: 1_024,
    },
  };
}

const Metadata = z.object({
  id: z.string(),
  bm25: z.object({ chunkLength: z.number().positive(), pageLength: z.number().positive() }),
});

/**
 * What a collection says of itself.
 * @param name For the message: `forager in Qdrant at http://...`.
 * @throws {OtherIndexError} When it was made for something else; names each difference.
 */
export function readFacts(
  name: string,
  found: Schemas["CollectionInfo"],
  embedder: EmbedderIdentity | undefined,
): IndexFacts {
  if (found.config.metadata?.["madeBy"] !== "forager") {
    throw new StoreError(`${name} was not made by Forager: set qdrant.collection to another name.`);
  }
  const parsed = Metadata.safeParse(found.config.metadata);
  const differs = metadataDifferences(expectedMetadata(embedder), found);
  if (differs.length > 0 || !parsed.success) {
    const hasOurWords =
      parsed.success && metadataDifferences(expectedMetadata(undefined), found).length === 0;
    throw new OtherIndexError(
      `The index ${name} was made for something else: ${differs.join("; ") || "it names no mean lengths"}. ` +
        "Make it anew with: forager migrate --to qdrant --rebuild. Or go back to the configuration it was made for.",
      hasOurWords,
    );
  }
  const { id, bm25 } = parsed.data;
  const limit = found.config.strict_mode_config?.search_max_batchsize;
  return {
    id,
    means: { chunk: bm25.chunkLength, page: bm25.pageLength },
    isWhole: found.config.metadata["isWhole"] !== false,
    searchesAtOnce: typeof limit === "number" ? Math.min(limit, searchesAtOnce) : searchesAtOnce,
  };
}

/** Whether texts have become so much longer or shorter that the index should be made anew. */
export function hasDrifted(frozen: MeanLengths, now: MeanLengths): boolean {
  return isFar(frozen.chunk, now.chunk) || isFar(frozen.page, now.page);
}

function isFar(then: number, now: number): boolean {
  return now > 0 && Math.abs(now - then) > mostDrift * then;
}
