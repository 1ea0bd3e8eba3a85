/** First in, first out, in an array that is used round and round and grows with what it holds. */
class Ring<T> {
  #items: (T | undefined)[] = Array.from({ length: 16 });
  #head = 0;
  size = 0;

  push(item: T): void {
    if (this.size === this.#items.length) this.#grow();
    this.#items[(this.#head + this.size) & (this.#items.length - 1)] = item;
    this.size += 1;
  }

  peek(): T | undefined {
    return this.#items[this.#head];
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#items.length - 1);
    this.size -= 1;
    return item;
  }

  #grow(): void {
    const inOrder = [...this.#items.slice(this.#head), ...this.#items.slice(0, this.#head)];
    this.#items = [...inOrder, ...Array.from<undefined>({ length: inOrder.length })];
    this.#head = 0;
  }
}

/** Every so many takings the oldest goes first, whatever its rank, so that none starves; as in the task queue. */
const agingInterval = 16;

/** What waits with a rank, 0 the most urgent of four: urgent first, and of equal rank the oldest. */
export class PriorityRings<T extends { readonly rank: number; readonly sequence: number }> {
  readonly #rings: readonly Ring<T>[] = [new Ring(), new Ring(), new Ring(), new Ring()];
  #takings = 0;
  size = 0;

  push(item: T): void {
    this.#ring(item.rank).push(item);
    this.size += 1;
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    this.#takings += 1;
    this.size -= 1;
    if (this.#takings % agingInterval === 0) return this.#oldest().shift();
    for (const ring of this.#rings) if (ring.size > 0) return ring.shift();
    return undefined;
  }

  /** Takes out the oldest of the least urgent rank, if that is `rank` or less urgent. */
  shiftLeastUrgent(rank: number): T | undefined {
    for (let each = this.#rings.length - 1; each >= rank; each -= 1) {
      const ring = this.#ring(each);
      if (ring.size === 0) continue;
      this.size -= 1;
      return ring.shift();
    }
    return undefined;
  }

  #oldest(): Ring<T> {
    const sequence = (ring: Ring<T>) => ring.peek()?.sequence ?? Infinity;
    return this.#rings.reduce((best, ring) => (sequence(ring) < sequence(best) ? ring : best));
  }

  #ring(rank: number): Ring<T> {
    return this.#rings[rank] as Ring<T>;
  }
}
