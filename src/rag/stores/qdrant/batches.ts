import { QdrantError } from "./qdrant-error.ts";

/** How much one request carries. */
export interface BatchLimits {
  readonly maxItems: number;
  /** Of JSON. */
  readonly maxBytes: number;
}

/** `items` in order, in requests within the limits, rather smaller than larger. An item that is larger alone goes alone. */
export function* batches<T>(items: Iterable<T>, limits: BatchLimits): Generator<T[]> {
  let batch: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = mostJsonBytes(item);
    if (batch.length > 0 && (batch.length === limits.maxItems || bytes + size > limits.maxBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** Of a number and a comma: sign, 17 digits, point, `e-308`; and of a whole one up to 32 bits. */
const numberBytes = { most: 25, whole: 12 };

/**
 * What `value` takes as JSON with a comma after it, or a bit more. Nearly all of a point is numbers, and to print them is
 * as much work as all the rest of sending: 130 us for a point of 384, against 40 us for this.
 */
function mostJsonBytes(value: unknown): number {
  if (typeof value === "number") {
    return Number.isInteger(value) && Math.abs(value) < 2 ** 32 ? numberBytes.whole : numberBytes.most;
  }
  if (typeof value === "string") return Buffer.byteLength(JSON.stringify(value)) + 1;
  if (typeof value !== "object" || value === null) return "false,".length;
  let bytes = "{},".length;
  if (Array.isArray(value)) {
    for (const item of value) bytes += mostJsonBytes(item);
  } else {
    for (const [key, item] of Object.entries(value)) bytes += mostJsonBytes(key) + mostJsonBytes(item);
  }
  return bytes;
}

/**
 * Sends `items`, in halves when they are too large together, and so on.
 * @returns What was answered, one for each request that passed, in order.
 */
export async function sendInHalves<T, R>(items: T[], send: (items: T[]) => Promise<R>): Promise<R[]> {
  try {
    return [await send(items)];
  } catch (error) {
    const isTooLarge = error instanceof QdrantError && error.code === "qdrant-too-large";
    if (!isTooLarge || items.length < 2) throw error;
    const middle = Math.ceil(items.length / 2);
    const first = await sendInHalves(items.slice(0, middle), send);
    return [...first, ...(await sendInHalves(items.slice(middle), send))];
  }
}
