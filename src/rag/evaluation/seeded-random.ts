/**
 * A generator of numbers from 0 up to 1 that gives the same ones for the same seed, on every machine.
 * @see Ettinger, mulberry32, 2017 (public domain): passes gjrand's tests; its period of 2^32 is far above what is drawn here.
 */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
