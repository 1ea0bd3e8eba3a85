/** Inner product with what begins at `from` among the numbers of `right`; of unit vectors their cosine. */
export function dot(left: Float32Array, right: Float32Array, from = 0): number {
  // Four sums let the processor overlap the additions; set from a list, they became objects (seen, Node 24.21).
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const whole = left.length & ~3;
  let at = 0;
  for (; at < whole; at += 4) {
    a += (left[at] as number) * (right[from + at] as number);
    b += (left[at + 1] as number) * (right[from + at + 1] as number);
    c += (left[at + 2] as number) * (right[from + at + 2] as number);
    d += (left[at + 3] as number) * (right[from + at + 3] as number);
  }
  for (; at < left.length; at++) a += (left[at] as number) * (right[from + at] as number);
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
