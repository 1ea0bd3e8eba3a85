import type { ScoredId } from "./chunk-store.ts";

type Scored = ScoredId<number>;

/** Keeps the best `limit` of what is offered: higher scores first, equal ones by smaller id. A bounded binary heap. */
export class TopHits {
  readonly #limit: number;
  /** The worst kept hit is at the root. */
  readonly #heap: Scored[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Scores below this cannot enter. */
  get floor(): number {
    return this.#heap.length < this.#limit ? Number.NEGATIVE_INFINITY : (this.#heap[0]?.score ?? Infinity);
  }

  offer(id: number, score: number): void {
    if (this.#heap.length < this.#limit) {
      this.#heap.push({ id, score });
      this.#rise(this.#heap.length - 1);
      return;
    }
    const worst = this.#heap[0];
    // Most of what is offered is not kept, and not made an object of.
    if (!worst || !(worst.score < score || (worst.score === score && worst.id > id))) return;
    this.#heap[0] = { id, score };
    this.#sink();
  }

  /** Best first. */
  sorted(): Scored[] {
    return this.#heap.toSorted((left, right) => (isWorse(left, right) ? 1 : -1));
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfWorse(at, parent)) return;
      at = parent;
    }
  }

  #sink(): void {
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const first = this.#heap[left];
      const second = this.#heap[right];
      if (!first) return;
      const worse = second && isWorse(second, first) ? right : left;
      if (!this.#swapIfWorse(worse, at)) return;
      at = worse;
    }
  }

  #swapIfWorse(child: number, parent: number): boolean {
    const low = this.#heap[child];
    const high = this.#heap[parent];
    if (!low || !high || !isWorse(low, high)) return false;
    this.#heap[child] = high;
    this.#heap[parent] = low;
    return true;
  }
}

function isWorse(hit: Scored, than: Scored): boolean {
  return hit.score < than.score || (hit.score === than.score && hit.id > than.id);
}
