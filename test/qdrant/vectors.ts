import { badRequest, NotServed, Refusal } from "./failure.ts";
import type { DenseParams, SparseVector, Vector } from "./wire.ts";

/** A stored vector; numbers are the server's 32-bit ones. */
export type StoredVector = Float32Array | SparseVector;

/** Which vectors a collection's points may have; a lone unnamed one goes by the name "". */
export interface VectorSpace {
  readonly dense: ReadonlyMap<string, DenseParams>;
  readonly sparse: ReadonlyMap<string, { readonly modifier?: "none" | "idf" | null }>;
}

/**
 * A vector as the server keeps it: cosine ones at length 1, sparse ones in the order of their indices.
 * @throws {Refusal} 400 for an unknown name or another length, 422 for a sparse vector that is none.
 */
export function storeVector(space: VectorSpace, name: string, vector: Vector): StoredVector {
  const params = space.dense.get(name);
  if (params) {
    if (!Array.isArray(vector)) throw badRequest(`Vector "${name}" is dense, and got something else.`);
    if (vector.length !== params.size) {
      throw badRequest(
        `Vector "${name}" has ${params.size} dimensions here, and ${vector.length} were given.`,
      );
    }
    if (vector.some((value) => typeof value !== "number")) throw new NotServed("rows of vectors");
    return unitLength(Float32Array.from(vector));
  }
  if (!space.sparse.has(name)) throw unknownVector(name);
  if (!("indices" in vector)) throw badRequest(`Vector "${name}" is sparse, and got something else.`);
  return sortedSparse(vector);
}

/** The refusal of a vector name that a collection does not have. */
export function unknownVector(name: string): Refusal {
  return badRequest(`The collection has no vector named "${name}".`);
}

function sortedSparse({ indices, values }: SparseVector): SparseVector {
  if (new Set(indices).size !== indices.length)
    throw new Refusal(422, "Indices of a sparse vector are unique.");
  if (indices.length !== values.length) {
    throw new Refusal(422, `A sparse vector has ${indices.length} indices and ${values.length} values.`);
  }
  const order = [...indices.keys()].sort((one, other) => (indices[one] ?? 0) - (indices[other] ?? 0));
  return {
    indices: order.map((at) => indices[at] ?? 0),
    values: order.map((at) => Math.fround(values[at] ?? 0)),
  };
}

/** Length 1, but for zero vectors and those that have it already. */
function unitLength(vector: Float32Array): Float32Array {
  const square = vector.reduce((sum, value) => sum + value * value, 0);
  if (square === 0 || Math.abs(square - 1) < 1e-6) return vector;
  const length = Math.sqrt(square);
  return vector.map((value) => value / length);
}

/** Cosine of two vectors of length 1; 0 with a zero vector. */
export function cosine(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += (one[at] ?? 0) * (other[at] ?? 0);
  return Math.fround(sum);
}

/**
 * How rare each index of a query is among the collection's vectors of that name; empty ones do not count.
 * @see Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009, section 3.
 */
export function inverseFrequencies(
  query: SparseVector,
  vectors: Iterable<SparseVector>,
): ReadonlyMap<number, number> {
  const found = new Map(query.indices.map((index) => [index, 0]));
  let count = 0;
  for (const { indices } of vectors) {
    if (indices.length > 0) count++;
    for (const index of indices) {
      const before = found.get(index);
      if (before !== undefined) found.set(index, before + 1);
    }
  }
  return new Map(
    [...found].map(([index, holders]) => [index, Math.log(1 + (count - holders + 0.5) / (holders + 0.5))]),
  );
}

/** The dot product by index; undefined where no index is shared, since such a point is not found. */
export function sparseScore(weights: ReadonlyMap<number, number>, vector: SparseVector): number | undefined {
  let sum: number | undefined;
  for (const [at, index] of vector.indices.entries()) {
    const weight = weights.get(index);
    if (weight !== undefined) sum = (sum ?? 0) + weight * (vector.values[at] ?? 0);
  }
  return sum === undefined ? undefined : Math.fround(sum);
}

/** A 32-bit number in the fewest digits that still name it, as the server writes it. */
export function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}
