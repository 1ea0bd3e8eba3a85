const shut = 0;
const inside = 1;

/**
 * Keeps threads from being ended in the midst of native code, which ends the whole process (an N-API addon that cannot
 * hand back its result throws where nobody catches). Threads pass it on each native call; the owner shuts it first.
 */
export class NativeGate {
  /** To be given to the threads. */
  readonly buffer: SharedArrayBuffer;
  readonly #state: Int32Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.buffer = buffer;
    this.#state = new Int32Array(buffer);
  }

  /**
   * Runs native work, or refuses when the gate is shut.
   * @throws {Error} When the gate is shut.
   */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    Atomics.add(this.#state, inside, 1);
    try {
      if (Atomics.load(this.#state, shut) === 1) throw new Error("The embedding threads are ending.");
      return await work();
    } finally {
      Atomics.sub(this.#state, inside, 1);
      Atomics.notify(this.#state, inside);
    }
  }

  /** Lets nothing more in and blocks until all are out, or `timeoutMs`. Fit for an `exit` handler. */
  shutNow(timeoutMs: number): void {
    Atomics.store(this.#state, shut, 1);
    const end = Date.now() + timeoutMs;
    for (let left = timeoutMs; left > 0; left = end - Date.now()) {
      const count = Atomics.load(this.#state, inside);
      if (count === 0) return;
      Atomics.wait(this.#state, inside, count, left);
    }
  }
}
