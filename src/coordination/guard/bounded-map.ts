/** A map of the most recently used keys: what is kept for each host, model or question stays bounded. */
export class BoundedMap<Value> {
  readonly #most: number;
  /** In order of use, the longest unused first. */
  readonly #entries = new Map<string, Value>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value, which counts as used now. */
  get(key: string): Value | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** The value, without a mark of its use. */
  peek(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  /** Keeps a value; the longest unused makes room for it. */
  set(key: string, value: Value): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#most) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(key, value);
  }

  /** The value, made on first use. */
  getOrMake(key: string, make: (key: string) => Value): Value {
    const known = this.get(key);
    if (known !== undefined) return known;
    const made = make(key);
    this.set(key, made);
    return made;
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** Longest unused first. */
  entries(): IterableIterator<[string, Value]> {
    return this.#entries.entries();
  }
}
