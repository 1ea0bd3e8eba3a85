import { highestKeptCount } from "../postings.ts";
import type { TermCounts } from "../chunk-store.ts";

/** A BLOB read as 32-bit numbers; copied where it is not aligned. */
export function readNumbers(blob: unknown): Uint32Array {
  const bytes = readBytes(blob);
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 2);
}

/** A BLOB as it came from a row. */
export function readBytes(blob: unknown): Uint8Array {
  if (!(blob instanceof Uint8Array)) throw new TypeError("a BLOB was expected");
  return blob;
}

/** Numbers as a BLOB's bytes, without a copy. */
export function asBytes(numbers: Uint32Array | Float32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/** A text's term counts as a BLOB: n x u32 id, n x u8 count, the count capped. */
export function packTerms(terms: TermCounts): Uint8Array {
  const size = terms.ids.length;
  const packed = new Uint8Array(5 * size);
  packed.set(asBytes(terms.ids));
  for (let at = 0; at < size; at++) {
    packed[4 * size + at] = Math.min(terms.counts[at] ?? 0, highestKeptCount);
  }
  return packed;
}

/** What {@link packTerms} made. */
export function unpackTerms(blob: unknown): { readonly ids: Uint32Array; readonly counts: Uint8Array } {
  const bytes = readBytes(blob);
  const size = bytes.length / 5;
  return { ids: readNumbers(bytes.subarray(0, 4 * size)), counts: bytes.subarray(4 * size) };
}
