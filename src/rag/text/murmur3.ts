const encoder = new TextEncoder();

/**
 * The 32-bit x86 variant of MurmurHash3 over the text's UTF-8 bytes, seed 0.
 * @returns 0 to 2^32 - 1.
 * @see Austin Appleby, MurmurHash3.cpp, https://github.com/aappleby/smhasher (public domain)
 */
export function murmur3(text: string): number {
  const bytes = encoder.encode(text);
  const whole = bytes.length & ~3;
  let hash = 0;
  for (let at = 0; at < whole; at += 4) {
    const block =
      byteAt(bytes, at) |
      (byteAt(bytes, at + 1) << 8) |
      (byteAt(bytes, at + 2) << 16) |
      (byteAt(bytes, at + 3) << 24);
    hash ^= scramble(block);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  const rest = bytes.length & 3;
  if (rest > 0) {
    let block = byteAt(bytes, whole);
    if (rest > 1) block |= byteAt(bytes, whole + 1) << 8;
    if (rest > 2) block |= byteAt(bytes, whole + 2) << 16;
    hash ^= scramble(block);
  }
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(block: number): number {
  const mixed = Math.imul(block, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}
