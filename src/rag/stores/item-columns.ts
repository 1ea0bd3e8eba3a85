import { readNumbers } from "./packed-numbers.ts";

/** Id, document and length of items by slot, ids ascending: 12 bytes an item. */
export class ItemColumns {
  ids = new Uint32Array();
  documents = new Uint32Array();
  lengths = new Uint32Array();
  size = 0;

  /** Adds columns as a segment keeps them. */
  append(ids: unknown, documents: unknown, lengths: unknown): void {
    const more = readNumbers(ids);
    this.#reserve(more.length);
    this.ids.set(more, this.size);
    this.documents.set(readNumbers(documents), this.size);
    this.lengths.set(readNumbers(lengths), this.size);
    this.size += more.length;
  }

  push(id: number, document: number, length: number): void {
    this.#reserve(1);
    this.ids[this.size] = id;
    this.documents[this.size] = document;
    this.lengths[this.size++] = length;
  }

  /** Slot of an id, or -1. */
  find(id: number): number {
    let [low, high] = [0, this.size - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.ids[middle] as number;
      if (found === id) return middle;
      if (found < id) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  #reserve(more: number): void {
    if (this.size + more <= this.ids.length) return;
    const capacity = Math.max(this.size + more, Math.ceil(1.25 * this.ids.length), 256);
    const grow = (column: Uint32Array<ArrayBuffer>) => {
      const grown = new Uint32Array(capacity);
      grown.set(column);
      return grown;
    };
    this.ids = grow(this.ids);
    this.documents = grow(this.documents);
    this.lengths = grow(this.lengths);
  }
}
