import { badRequest } from "./failure.ts";
import { shortest, type StoredVector } from "./vectors.ts";
import type { Payload, PointId, Wanted, WithPayload, WithVector } from "./wire.ts";

/** A stored point. */
export interface Point {
  readonly id: PointId;
  /** Number of the operation that changed it last. */
  readonly version: number;
  readonly vectors: ReadonlyMap<string, StoredVector>;
  readonly payload: Payload;
}

/** A point as answers show it. */
export interface PointRecord {
  readonly id: PointId;
  readonly payload?: Payload;
  readonly vector?: unknown;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * An id as the server keeps it. Numbers above 2^53 are rounded here as in every JavaScript client.
 * @throws {Refusal} 400 when it is neither a whole number from 0 nor a UUID.
 */
export function pointId(id: PointId): PointId {
  if (typeof id === "number" && Number.isInteger(id) && id >= 0) return id;
  if (typeof id === "string" && uuid.test(id.toLowerCase())) return id.toLowerCase();
  throw badRequest(`${JSON.stringify(id)} is no point id: those are whole numbers from 0 and UUIDs.`);
}

/** The order of ids: numbers first, then UUIDs. */
export function compareIds(one: PointId, other: PointId): number {
  if (typeof one !== typeof other) return typeof one === "number" ? -1 : 1;
  return one < other ? -1 : Number(one > other);
}

/** What an answer shows of a point. */
export function recordOf(point: Point, { with_payload, with_vector }: Wanted): PointRecord {
  const payload = payloadOf(point.payload, with_payload ?? false);
  const vector = vectorOf(point, with_vector ?? false);
  return {
    id: point.id,
    ...(payload !== undefined && { payload }),
    ...(vector !== undefined && { vector }),
  };
}

function payloadOf(payload: Payload, wanted: WithPayload): Payload | undefined {
  if (wanted === false) return undefined;
  if (wanted === true) return payload;
  const isKept = (key: string) => {
    if (Array.isArray(wanted)) return wanted.includes(key);
    return "include" in wanted
      ? wanted.include.includes(key)
      : !("exclude" in wanted && wanted.exclude.includes(key));
  };
  return Object.fromEntries(Object.entries(payload).filter(([key]) => isKept(key)));
}

function vectorOf(point: Point, wanted: WithVector): unknown {
  if (wanted === false) return undefined;
  const unnamed = point.vectors.get("");
  if (unnamed) return written(unnamed);
  const kept = [...point.vectors].filter(([name]) => wanted === true || wanted.includes(name));
  return Object.fromEntries(kept.map(([name, vector]) => [name, written(vector)]));
}

function written(vector: StoredVector): unknown {
  if (vector instanceof Float32Array) return Array.from(vector, shortest);
  return { indices: vector.indices, values: vector.values.map(shortest) };
}
