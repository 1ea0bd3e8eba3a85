// The members of requests and answers that the stand-in serves, after their check against the client's own types.

export type PointId = number | string;
export type Payload = Record<string, unknown>;
export interface SparseVector {
  readonly indices: readonly number[];
  readonly values: readonly number[];
}
export type Vector = readonly number[] | SparseVector;
export type NamedVectors = Readonly<Record<string, Vector>>;

export interface DenseParams {
  readonly size: number;
  readonly distance: string;
}

export interface StrictMode {
  readonly enabled?: boolean | null;
  readonly max_query_limit?: number | null;
  readonly max_timeout?: number | null;
  readonly unindexed_filtering_retrieve?: boolean | null;
  readonly unindexed_filtering_update?: boolean | null;
  readonly upsert_max_batchsize?: number | null;
  readonly search_max_batchsize?: number | null;
  readonly read_rate_limit?: number | null;
  readonly write_rate_limit?: number | null;
  readonly filter_max_conditions?: number | null;
}

export interface CreateCollection {
  readonly vectors?: DenseParams | Readonly<Record<string, DenseParams>>;
  readonly sparse_vectors?: Readonly<Record<string, { readonly modifier?: "none" | "idf" | null }>> | null;
  readonly shard_number?: number | null;
  readonly replication_factor?: number | null;
  readonly write_consistency_factor?: number | null;
  readonly on_disk_payload?: boolean | null;
  readonly hnsw_config?: object | null;
  readonly optimizers_config?: object | null;
  readonly wal_config?: object | null;
  readonly quantization_config?: object | null;
  readonly strict_mode_config?: StrictMode | null;
  readonly metadata?: Payload | null;
}

export interface MatchCondition {
  readonly value?: string | number | boolean;
  readonly any?: readonly (string | number)[];
  readonly except?: readonly (string | number)[];
}
export type RangeBounds = Readonly<Partial<Record<"lt" | "lte" | "gt" | "gte", number | string | null>>>;

/** One condition, or a filter in a filter. */
export interface Condition extends Filter {
  readonly key?: string;
  readonly match?: MatchCondition | null;
  readonly range?: RangeBounds | null;
  readonly has_id?: readonly PointId[];
  readonly has_vector?: string;
  readonly is_empty?: { readonly key: string } | boolean | null;
  readonly is_null?: { readonly key: string } | boolean | null;
}
type Conditions = Condition | readonly Condition[] | null;

export interface Filter {
  readonly must?: Conditions;
  readonly must_not?: Conditions;
  readonly should?: Conditions;
  readonly min_should?: { readonly conditions: readonly Condition[]; readonly min_count: number } | null;
}

export interface UpsertPoint {
  readonly id: PointId;
  readonly vector: readonly number[] | NamedVectors;
  readonly payload?: Payload | null;
}

/** Points by id, by filter, or both ways left out. */
export interface Selection {
  readonly points?: readonly PointId[] | null;
  readonly filter?: Filter | null;
}

export type WithPayload =
  | boolean
  | readonly string[]
  | { readonly include: readonly string[] }
  | { readonly exclude: readonly string[] };
export type WithVector = boolean | readonly string[];

export interface Wanted {
  readonly with_payload?: WithPayload | null;
  readonly with_vector?: WithVector | null;
}

export interface Mmr {
  readonly diversity?: number | null;
  readonly candidates_limit?: number | null;
}

export type QueryInput = PointId | Vector | Query;
export interface Query {
  readonly nearest?: PointId | Vector;
  readonly mmr?: Mmr | null;
  readonly fusion?: "rrf" | "dbsf";
  readonly rrf?: { readonly k?: number | null; readonly weights?: readonly number[] | null };
  readonly formula?: Expression;
  readonly defaults?: Readonly<Record<string, unknown>>;
}

export interface Prefetch {
  readonly prefetch?: Prefetch | readonly Prefetch[] | null;
  readonly query?: QueryInput | null;
  readonly using?: string | null;
  readonly filter?: Filter | null;
  readonly score_threshold?: number | null;
  readonly limit?: number | null;
}

export interface QueryRequest extends Prefetch, Wanted {
  readonly offset?: number | null;
}

export interface GroupsRequest extends Prefetch, Wanted {
  readonly group_by: string;
  readonly group_size?: number | null;
}

export interface Decay {
  readonly x: Expression;
  readonly target?: Expression | null;
  readonly scale?: number | null;
  readonly midpoint?: number | null;
}

export type Expression =
  | number
  | string
  | { readonly sum: readonly Expression[] }
  | { readonly mult: readonly Expression[] }
  | { readonly neg: Expression }
  | {
      readonly div: {
        readonly left: Expression;
        readonly right: Expression;
        readonly by_zero_default?: number | null;
      };
    }
  | { readonly exp_decay: Decay }
  | { readonly datetime: string }
  | { readonly datetime_key: string };
