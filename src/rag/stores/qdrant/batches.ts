import { QdrantError } from "./qdrant-error.ts";

/** How much one request carries. */
export interface BatchLimits {
  readonly maxItems: number;
  /** Of JSON. */
  readonly maxBytes: number;
}

/** `items` in order, in requests within the limits. An item that is larger alone goes alone. */
export function* batches<T>(items: Iterable<T>, limits: BatchLimits): Generator<T[]> {
  let batch: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item)) + 1;
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
