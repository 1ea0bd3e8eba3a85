import { rowMeasurer } from "./row-measurer.ts";
import { Memory } from "./web-assembly.ts";

/** A row's length in memory is a multiple of so many bytes. */
const stepBytes = 16;
/** WebAssembly's memory grows by so many bytes. */
const pageBytes = 65_536;
/** Rows that fit are so much more than asked for, so that it grows seldom. */
const growth = 1.25;

/** Rows of bits, and how far each is from a given one: in memory that WebAssembly's 128-bit instructions work on. */
export class SignMemory {
  readonly #memory = new Memory({ initial: 1 });
  readonly #measureRows = rowMeasurer(this.#memory);
  readonly #words: number;
  /** Bytes from row to row. The query's row comes first, then all others, then their distances. */
  readonly #width: number;
  #capacity = 0;
  #signs = new Uint32Array();
  #distances = new Uint16Array();

  /** @param words Of 32 bits, a row. */
  constructor(words: number) {
    this.#words = words;
    this.#width = stepBytes * Math.ceil((4 * words) / stepBytes);
  }

  /** Makes room for `rows`; those that are there stay. */
  reserve(rows: number): void {
    if (rows <= this.#capacity) return;
    const before = this.#signs.length;
    this.#capacity = Math.ceil(growth * rows);
    const end = this.#width * (1 + this.#capacity);
    const missing = end + 2 * this.#capacity - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / pageBytes));
    this.#signs = new Uint32Array(this.#memory.buffer, 0, end / 4);
    this.#distances = new Uint16Array(this.#memory.buffer, end, this.#capacity);
    this.#signs.fill(0, before); // distances lay there
  }

  /** The words of a row, to be written or read until the next {@link reserve}. */
  row(slot: number): Uint32Array {
    const start = this.startOf(slot);
    return this.#signs.subarray(start, start + this.#words);
  }

  /** All rows, to be read until the next {@link reserve}: each from {@link startOf} on. */
  get words(): Uint32Array {
    return this.#signs;
  }

  /** Where a row begins among the {@link words}. */
  startOf(slot: number): number {
    return (this.#width / 4) * (1 + slot);
  }

  /** How many bits differ between `query` and each of the first `rows` rows; overwritten by the next call. */
  distances(query: Uint32Array, rows: number): Uint16Array {
    if (rows === 0) return this.#distances.subarray(0, 0);
    this.#signs.set(query);
    this.#measureRows(this.#width, rows, this.#width, 0, this.#distances.byteOffset);
    return this.#distances.subarray(0, rows);
  }
}
