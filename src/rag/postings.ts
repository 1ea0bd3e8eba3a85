// Postings on disk: which texts of a segment hold a term, and how often. Blocks of about one database page hold the
// terms of a segment in order, so that a query reads one row a term and a merge reads and writes them in sequence.
//
// A block: u32 number of terms n, n x u32 term, n x u32 end of the term's bytes, then the bytes. Numbers are
// little-endian, as every machine that Node runs on. Per posting a variable-length integer, 7 bits a byte, low first:
// twice the distance to the slot before, plus 1 when the term occurs once; else a byte with the count follows.
// Manning, Raghavan and Schütze, Introduction to Information Retrieval, 2008, section 5.3.

/** Counts are kept in a byte: at 255 a term's weight has reached .995 of its limit. */
export const highestKeptCount = 255;
/** With its row's own fields a block this long fills one database page of 4,096 bytes. */
const blockBytes = 3_900;

/** A growing list of slots and counts, reused from term to term. */
export class PostingList {
  slots = new Uint32Array(1_024);
  counts = new Uint8Array(1_024);
  size = 0;

  clear(): void {
    this.size = 0;
  }

  push(slot: number, count: number): void {
    if (this.size === this.slots.length) this.reserve(1);
    this.slots[this.size] = slot;
    this.counts[this.size++] = count;
  }

  /** Makes room for `more` postings. */
  reserve(more: number): void {
    const needed = this.size + more;
    if (needed <= this.slots.length) return;
    const capacity = Math.max(needed, 2 * this.slots.length);
    const [slots, counts] = [this.slots, this.counts];
    this.slots = new Uint32Array(capacity);
    this.slots.set(slots);
    this.counts = new Uint8Array(capacity);
    this.counts.set(counts);
  }
}

/** One block, read in place. */
export class PostingBlock {
  readonly terms: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #bytes: Uint8Array;

  constructor(data: Uint8Array) {
    const aligned = data.byteOffset % 4 === 0 ? data : data.slice();
    const size = new Uint32Array(aligned.buffer, aligned.byteOffset, 1)[0] ?? 0;
    this.terms = new Uint32Array(aligned.buffer, aligned.byteOffset + 4, size);
    this.#ends = new Uint32Array(aligned.buffer, aligned.byteOffset + 4 + 4 * size, size);
    this.#bytes = aligned.subarray(4 + 8 * size);
  }

  /** Place of a term in the block, or -1. */
  find(term: number): number {
    let [low, high] = [0, this.terms.length - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.terms[middle] ?? 0;
      if (found === term) return middle;
      if (found < term) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** Adds a term's postings to `list`, `base` added to each slot. */
  add(place: number, list: PostingList, base: number): void {
    this.#decode(place, list, base);
  }

  /** As {@link add}, those left out whose length in `lengths` is 0. */
  addLive(place: number, list: PostingList, base: number, lengths: Uint32Array): void {
    const start = list.size;
    this.#decode(place, list, base);
    const { slots, counts } = list;
    let size = start;
    for (let at = start; at < list.size; at++) {
      const slot = slots[at] as number;
      slots[size] = slot;
      counts[size] = counts[at] as number;
      if (lengths[slot] !== 0) size++;
    }
    list.size = size;
  }

  /** Adds a term's postings to `list`, each slot renamed by `remap`, those named -1 left out. */
  addRenamed(place: number, list: PostingList, remap: Int32Array): void {
    const start = list.size;
    this.#decode(place, list, 0);
    const { slots, counts } = list;
    let size = start;
    for (let at = start; at < list.size; at++) {
      const slot = remap[slots[at] as number] as number;
      if (slot < 0) continue;
      slots[size] = slot;
      counts[size++] = counts[at] as number;
    }
    list.size = size;
  }

  #decode(place: number, list: PostingList, base: number): void {
    const bytes = this.#bytes;
    const end = this.#ends[place] ?? 0;
    let at = place === 0 ? 0 : (this.#ends[place - 1] ?? 0);
    list.reserve(end - at);
    const { slots, counts } = list;
    let { size } = list;
    let slot = base;
    while (at < end) {
      let byte = bytes[at++] as number;
      let value = byte & 127;
      for (let shift = 7; byte > 127; shift += 7) {
        byte = bytes[at++] as number;
        value |= (byte & 127) << shift;
      }
      slot += value >>> 1;
      slots[size] = slot;
      counts[size++] = value & 1 ? 1 : (bytes[at++] as number);
    }
    list.size = size;
  }
}

/** Packs terms, given in ascending order, into blocks. */
export class PostingWriter {
  readonly #emit: (firstTerm: number, block: Uint8Array) => void;
  readonly #terms: number[] = [];
  readonly #ends: number[] = [];
  #bytes = new Uint8Array(2 * blockBytes);
  #size = 0;

  constructor(emit: (firstTerm: number, block: Uint8Array) => void) {
    this.#emit = emit;
  }

  /** @param list Slots ascending. */
  add(term: number, list: PostingList): void {
    const start = this.#size;
    this.#encode(list);
    if (this.#terms.length > 0 && this.#size + 8 * (this.#terms.length + 1) > blockBytes) {
      const own = this.#bytes.slice(start, this.#size);
      this.#size = start;
      this.flush();
      this.#reserve(own.length);
      this.#bytes.set(own);
      this.#size = own.length;
    }
    this.#terms.push(term);
    this.#ends.push(this.#size);
  }

  /** Gives away what is left. */
  flush(): void {
    const first = this.#terms[0];
    if (first === undefined) return;
    const header = Uint32Array.of(this.#terms.length, ...this.#terms, ...this.#ends);
    const block = new Uint8Array(header.byteLength + this.#size);
    block.set(new Uint8Array(header.buffer));
    block.set(this.#bytes.subarray(0, this.#size), header.byteLength);
    this.#emit(first, block);
    this.#terms.length = 0;
    this.#ends.length = 0;
    this.#size = 0;
  }

  #encode(list: PostingList): void {
    // At most five bytes a number, one a count. A segment has fewer than 2^30 slots, so a number stays within 31 bits.
    this.#reserve(6 * list.size);
    const bytes = this.#bytes;
    let at = this.#size;
    let before = 0;
    for (let index = 0; index < list.size; index++) {
      const slot = list.slots[index] as number;
      const count = list.counts[index] as number;
      let value = (slot - before) * 2 + (count === 1 ? 1 : 0);
      before = slot;
      while (value > 127) {
        bytes[at++] = (value & 127) | 128;
        value >>>= 7;
      }
      bytes[at++] = value;
      if (count !== 1) bytes[at++] = count;
    }
    this.#size = at;
  }

  #reserve(more: number): void {
    if (this.#size + more <= this.#bytes.length) return;
    const bytes = this.#bytes;
    this.#bytes = new Uint8Array(Math.max(this.#size + more, 2 * bytes.length));
    this.#bytes.set(bytes);
  }
}
