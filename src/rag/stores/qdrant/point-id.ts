import { createHash } from "node:crypto";

/** The name space of Forager's ids; made once at random. */
const namespace = Buffer.from("5f0a8bb23c1d4a0e9c7be2b1f3d6a945", "hex");

/** The id of a document's own point, and what its chunks name as their document. */
export function documentPointId(url: string): string {
  return uuidOf(url);
}

/** @param occurrence From 0: how many chunks of the same text stand before it in its document. */
export function chunkPointId(url: string, hash: string, occurrence: number): string {
  return uuidOf(`${url}\0${hash}\0${occurrence}`);
}

/**
 * The same name has the same id, so that writing a point again is no second point.
 * @see RFC 9562, section 5.5: UUID version 5.
 */
function uuidOf(name: string): string {
  const bytes = createHash("sha1").update(namespace).update(name).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
