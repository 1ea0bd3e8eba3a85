// Counts the bits in which rows differ from a given one, 128 at a step. JavaScript has no instruction that counts bits, and
// took seven times as long with arithmetic. The module is one function, written out as the bytes that it consists of:
// https://webassembly.github.io/spec/core/binary/

import { Instance, Module, type WasmMemory } from "./web-assembly.ts";

/**
 * Writes to `to` 16 bits a row: how many bits of it are other than those at `query`.
 * Addresses are bytes; rows lie one behind the other, `width` bytes each, a multiple of 16; at least one row.
 */
export type MeasureRows = (from: number, rows: number, width: number, query: number, to: number) => void;

/** The function, at work on this memory. */
export function rowMeasurer(memory: WasmMemory): MeasureRows {
  module ??= new Module(moduleBytes());
  const { exports } = new Instance(module, { m: { m: memory } });
  return exports["m"] as MeasureRows;
}

let module: InstanceType<typeof Module> | undefined;

const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const [i32, v128] = [0x7f, 0x7b];
/** Parameters and variables of the function, by number. */
const [from, rows, width, query, to, at, sum] = [0, 1, 2, 3, 4, 5, 6];

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
/** Sets it and leaves the value. */
const tee = (local: number) => [0x22, local];
const constant = (number: number) => [0x41, number];
const [add, subtract, isBelow] = [[0x6a], [0x6b], [0x49]];
const simd = (operation: number) => [0xfd, ...(operation < 128 ? [operation] : [operation, 1])];
const zeros = [...simd(12), ...Array.from({ length: 16 }, () => 0)];
const load = [...simd(0), 2, 0];
const xor = simd(0x51);
const countBitsOfBytes = simd(0x62);
const addPairsOfBytes = simd(0x7d);
const addPairsOfShorts = simd(0x7f);
const addShorts = simd(0x8e);
const lane = (number: number) => [...simd(0x1b), number];
const storeShort = [0x3b, 1, 0];
const loop = (...body: readonly number[][]) => [0x03, 0x40, ...body.flat(), 0x0b];
/** Back to the loop's beginning unless the number before is 0. */
const again = [0x0d, 0];

const measureRow = [
  zeros,
  set(sum),
  constant(0),
  set(at),
  loop(
    [...get(from), ...get(at), ...add, ...load],
    [...get(query), ...get(at), ...add, ...load],
    [...xor, ...countBitsOfBytes, ...addPairsOfBytes, ...get(sum), ...addShorts, ...set(sum)],
    [...get(at), ...constant(16), ...add, ...tee(at), ...get(width), ...isBelow, ...again],
  ),
  [...get(to), ...get(sum), ...addPairsOfShorts, ...tee(sum), ...lane(0)],
  [1, 2, 3].flatMap((number) => [...get(sum), ...lane(number), ...add]),
  storeShort,
].flat();

const measureRows = loop(
  measureRow,
  [...get(to), ...constant(2), ...add, ...set(to)],
  [...get(from), ...get(width), ...add, ...set(from)],
  [...get(rows), ...constant(1), ...subtract, ...tee(rows), ...again],
);

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const parameters = [i32, i32, i32, i32, i32];
  const variables = [2, 1, i32, 1, v128];
  const body = [...variables, ...measureRows, 0x0b];
  const name = [1, 0x6d];
  return Uint8Array.of(
    ...header,
    ...section(1, [0x60, ...sized(parameters), 0]), // its type: no results
    ...section(2, [...name, ...name, 2, 0, 1]), // the memory comes from outside, one page at least
    ...section(3, [0]), // one function, of that type
    ...section(7, [...name, 0, 0]), // which is given out
    ...section(10, sized(body)),
  );
}

/** A section with one entry. */
function section(id: number, entry: readonly number[]): number[] {
  return [id, ...sized([1, ...entry])];
}

/** Bytes after their number, which is below 2^14. */
function sized(bytes: readonly number[]): number[] {
  const { length } = bytes;
  return length < 128 ? [length, ...bytes] : [(length & 127) | 128, length >> 7, ...bytes];
}
