/** Inner product; of unit vectors their cosine. */
export function dot(left: Float32Array, right: Float32Array): number {
  // Four sums let the processor overlap the additions.
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = left.length & ~3;
  let at = 0;
  for (; at < whole; at += 4) {
    a += (left[at] as number) * (right[at] as number);
    b += (left[at + 1] as number) * (right[at + 1] as number);
    c += (left[at + 2] as number) * (right[at + 2] as number);
    d += (left[at + 3] as number) * (right[at + 3] as number);
  }
  for (; at < left.length; at++) a += (left[at] as number) * (right[at] as number);
  return a + b + c + d;
}

/** How many 32-bit words the signs of a vector take. */
export function signWords(dimensions: number): number {
  return Math.ceil(dimensions / 32);
}

/** Writes one bit a number, set where it is positive, to `signs` from word `offset` on. */
export function writeSigns(vector: Float32Array, signs: Uint32Array, offset: number): void {
  const words = signWords(vector.length);
  for (let word = 0; word < words; word++) {
    let bits = 0;
    for (let bit = 0; bit < 32; bit++) {
      if ((vector[32 * word + bit] ?? 0) > 0) bits |= 1 << bit;
    }
    signs[offset + word] = bits;
  }
}

/** How many bits are set in a 32-bit word. Warren, Hacker's Delight, 2012, figure 5-2. */
export function countBits(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** How many bits are set in three words together: added bit by bit first, they are counted in half the steps. Ibid., section 5-1 (Harley). */
export function countBitsOfThree(a: number, b: number, c: number): number {
  const half = a ^ b;
  const ones = half ^ c;
  const twos = (a & b) | (half & c);
  let low = ones - ((ones >>> 1) & 0x55555555);
  low = (low & 0x33333333) + ((low >>> 2) & 0x33333333);
  let high = twos - ((twos >>> 1) & 0x55555555);
  high = (high & 0x33333333) + ((high >>> 2) & 0x33333333);
  // At most 4 + 2 * 4 in four bits, 24 in eight, 96 in all.
  const nibbles = low + 2 * high;
  const bytes = (nibbles & 0x0f0f0f0f) + ((nibbles >>> 4) & 0x0f0f0f0f);
  return Math.imul(bytes, 0x01010101) >>> 24;
}
