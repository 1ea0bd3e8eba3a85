import type { Schemas } from "@qdrant/js-client-rest";

/** How a collection is asked for: named vectors always, so that no server takes a point and drops its vector. */
export type CollectionConfig = Omit<Schemas["CreateCollection"], "vectors"> & {
  readonly vectors: Readonly<Record<string, Schemas["VectorParams"]>>;
};

/**
 * What of `asked` the collection does not have: vectors, sparse vectors, metadata. How it is indexed and kept may
 * differ, since that changes no result.
 * @returns One line each, as in `vectors.dense.size is 384, not 768`; `[]` when they agree.
 */
export function differences(asked: CollectionConfig, found: Schemas["CollectionInfo"]): string[] {
  const { params, metadata } = found.config;
  const dense = Object.fromEntries(
    Object.entries(asked.vectors).map(([name, { size, distance }]) => [name, { size, distance }]),
  );
  const sparse = Object.fromEntries(
    Object.entries(asked.sparse_vectors ?? {}).map(([name, vector]) => [
      name,
      typeof vector?.modifier === "string" ? { modifier: vector.modifier } : {},
    ]),
  );
  return [
    ...missing("vectors", dense, params.vectors),
    ...missing("sparse_vectors", sparse, params.sparse_vectors),
    ...missing("metadata", asked.metadata ?? {}, metadata),
  ];
}

/** What of `metadata` a collection does not say of itself, as {@link differences} puts it. */
export function metadataDifferences(
  metadata: Readonly<Record<string, unknown>>,
  found: Schemas["CollectionInfo"],
): string[] {
  return missing("metadata", metadata, found.config.metadata);
}

function missing(path: string, asked: unknown, found: unknown): string[] {
  if (typeof asked === "object" && asked !== null && !Array.isArray(asked)) {
    if (typeof found !== "object" || found === null) return [`${path} is missing`];
    return Object.entries(asked).flatMap(([key, value]) =>
      missing(`${path}.${key}`, value, (found as Readonly<Record<string, unknown>>)[key]),
    );
  }
  const [has, wants] = [JSON.stringify(found), JSON.stringify(asked)];
  return has === wants ? [] : [`${path} is ${has ?? "missing"}, not ${wants}`];
}
