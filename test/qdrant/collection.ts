import { badRequest, refuseMembers, Refusal } from "./failure.ts";
import { readDatetime, valuesAt } from "./filter.ts";
import { compareIds, type Point } from "./points.ts";
import { type PayloadIndex, RateLimit } from "./strict-mode.ts";
import type { VectorSpace } from "./vectors.ts";
import type { CreateCollection, DenseParams, Payload, PointId, StrictMode } from "./wire.ts";

/** What PATCH may change. */
export type CollectionChange = Pick<
  CreateCollection,
  "metadata" | "strict_mode_config" | "hnsw_config" | "optimizers_config"
>;

/** One collection: its settings, payload indexes and points. Changes go through `updates.ts`. */
export class Collection {
  readonly space: VectorSpace;
  readonly points = new Map<PointId, Point>();
  readonly indexes = new Map<string, PayloadIndex>();
  /** Updates that were taken and are not applied yet. */
  waiting = 0;
  /** The end of the last of them. */
  applied: Promise<unknown> = Promise.resolve();
  #operations = 0;
  #settings: CreateCollection;
  #limits: { readonly read: RateLimit | undefined; readonly write: RateLimit | undefined };
  readonly #now: () => number;

  constructor(settings: CreateCollection, now: () => number) {
    refuseMembers(settings, ["sharding_method", "payload"]);
    this.#settings = settings;
    this.#now = now;
    this.space = spaceOf(settings);
    this.#limits = this.#freshLimits();
  }

  get strict(): StrictMode {
    return this.#settings.strict_mode_config ?? {};
  }

  nextOperation(): number {
    return ++this.#operations;
  }

  /** Points in the order of their ids. */
  sorted(): Point[] {
    return [...this.points.values()].sort((one, other) => compareIds(one.id, other.id));
  }

  /** Metadata is merged key by key, and so are the other settings. */
  change(change: CollectionChange): void {
    refuseMembers(change, ["vectors", "params", "quantization_config", "sparse_vectors"]);
    const settings = this.#settings;
    this.#settings = {
      ...settings,
      ...(change.metadata && { metadata: { ...settings.metadata, ...change.metadata } }),
      ...(change.strict_mode_config && {
        strict_mode_config: { ...this.strict, ...change.strict_mode_config },
      }),
      ...(change.hnsw_config && { hnsw_config: { ...settings.hnsw_config, ...change.hnsw_config } }),
      ...(change.optimizers_config && {
        optimizers_config: { ...settings.optimizers_config, ...change.optimizers_config },
      }),
    };
    if (change.strict_mode_config) this.#limits = this.#freshLimits();
  }

  /** @throws {Refusal} 429 */
  spendReads(tokens: number): void {
    this.#limits.read?.take(tokens);
  }

  /** @throws {Refusal} 429. Charged twice: so the recorded server left 1 of 3 after it refused two points. */
  spendWrites(tokens: number): void {
    this.#limits.write?.take(tokens);
    this.#limits.write?.take(tokens);
  }

  /** The answer to `GET /collections/NAME`; what was not set is shown as the server's defaults. */
  info(): object {
    const { vectors = {}, sparse_vectors, metadata, strict_mode_config, ...settings } = this.#settings;
    return {
      status: "green",
      optimizer_status: "ok",
      indexed_vectors_count: this.sorted().reduce((sum, { vectors }) => sum + vectors.size, 0),
      points_count: this.points.size,
      segments_count: 2,
      config: {
        params: {
          vectors,
          shard_number: settings.shard_number ?? 1,
          replication_factor: settings.replication_factor ?? 1,
          write_consistency_factor: settings.write_consistency_factor ?? 1,
          on_disk_payload: settings.on_disk_payload ?? true,
          ...(sparse_vectors && { sparse_vectors }),
        },
        hnsw_config: { ...defaultHnsw, ...settings.hnsw_config },
        optimizer_config: { ...defaultOptimizer, ...settings.optimizers_config },
        wal_config: { ...defaultLog, ...settings.wal_config },
        quantization_config: settings.quantization_config ?? null,
        ...(strict_mode_config && { strict_mode_config }),
        ...(metadata && { metadata }),
      },
      payload_schema: Object.fromEntries(
        [...this.indexes].map(([key, index]) => [key, this.#indexInfo(key, index)]),
      ),
      update_queue: { length: this.waiting },
    };
  }

  #indexInfo(key: string, { type, params }: PayloadIndex): object {
    const isIndexed = ({ payload }: Point) => valuesAt(payload, key).some((value) => indexes(type, value));
    return {
      data_type: type,
      ...(params && { params: type === "integer" ? { is_principal: null, ...params } : params }),
      points: this.sorted().filter(isIndexed).length,
    };
  }

  #freshLimits() {
    const { enabled, read_rate_limit: reads, write_rate_limit: writes } = this.strict;
    return {
      read: enabled && typeof reads === "number" ? new RateLimit(reads, this.#now) : undefined,
      write: enabled && typeof writes === "number" ? new RateLimit(writes, this.#now) : undefined,
    };
  }
}

/** Names of collections: 1 to 255 characters, none that a file path or a pattern would read as its own. */
export function checkName(name: string): void {
  const isForbidden = ["/", "\\", ":", "*", "?", '"', "<", ">", "|", "\0"].some((character) =>
    name.includes(character),
  );
  if (name.length < 1 || name.length > 255 || isForbidden) {
    throw new Refusal(422, `"${name}" can be no collection's name.`);
  }
}

/** The server counts vectors in 16 bits, names of vectors in 200 bytes. */
const mostDimensions = 65_535;
const longestVectorName = 200;

function spaceOf({ vectors = {}, sparse_vectors }: CreateCollection): VectorSpace {
  const isUnnamed = typeof vectors["size" as keyof typeof vectors] === "number";
  const dense = new Map<string, DenseParams>(
    isUnnamed ? [["", vectors as DenseParams]] : Object.entries(vectors as Record<string, DenseParams>),
  );
  for (const [name, { size, distance }] of dense) {
    if (!Number.isInteger(size) || size < 1 || size > mostDimensions) {
      throw badRequest(`A vector has 1 to ${mostDimensions} dimensions, not ${size}.`);
    }
    if (distance !== "Cosine")
      throw new Refusal(501, `The stand-in knows the cosine alone, not ${distance}.`);
    if (Buffer.byteLength(name) > longestVectorName) throw badRequest("A vector's name is too long.");
  }
  return { dense, sparse: new Map(Object.entries(sparse_vectors ?? {})) };
}

function indexes(type: string, value: unknown): boolean {
  switch (type) {
    case "integer":
      return Number.isInteger(value);
    case "float":
      return typeof value === "number";
    case "bool":
      return typeof value === "boolean";
    case "datetime":
      return readDatetime(value) !== undefined;
    default:
      return typeof value === "string";
  }
}

/** A payload that no other point shares. */
export function copyOf(payload: Payload | null | undefined): Payload {
  return structuredClone(payload ?? {});
}

const defaultHnsw = {
  m: 16,
  ef_construct: 100,
  full_scan_threshold: 10_000,
  max_indexing_threads: 0,
  on_disk: false,
};
const defaultOptimizer = {
  deleted_threshold: 0.2,
  vacuum_min_vector_number: 1_000,
  default_segment_number: 2,
  max_segment_size: null,
  memmap_threshold: null,
  indexing_threshold: 10_000,
  flush_interval_sec: 5,
  max_optimization_threads: null,
  prevent_unoptimized: null,
};
const defaultLog = { wal_capacity_mb: 32, wal_segments_ahead: 0, wal_retain_closed: 1 };
