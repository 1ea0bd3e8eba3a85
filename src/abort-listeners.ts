/** Is told when a signal aborts. */
export interface AbortListener {
  handleEvent(): void;
}

/**
 * Has `listener` told when `signal` aborts, until {@link unlisten}. For signals on which very many wait at once, as the
 * calls of one job do on the job's: Node looks through all listeners of a signal before it adds one, so that a
 * thousand take 10 us each. These share one.
 */
export function listen(signal: AbortSignal, listener: AbortListener): void {
  let shared = listeners.get(signal);
  if (!shared) {
    shared = new SharedListener(signal);
    listeners.set(signal, shared);
  }
  shared.add(listener);
}

/** Leaves nothing at the signal once the last has left. */
export function unlisten(signal: AbortSignal, listener: AbortListener): void {
  listeners.get(signal)?.delete(listener);
}

/** A signal's, as long as the signal lives. */
const listeners = new WeakMap<AbortSignal, SharedListener>();

class SharedListener implements AbortListener {
  readonly #signal: AbortSignal;
  readonly #all = new Set<AbortListener>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(listener: AbortListener): void {
    if (this.#all.size === 0) this.#signal.addEventListener("abort", this, { once: true });
    this.#all.add(listener);
  }

  delete(listener: AbortListener): void {
    if (this.#all.delete(listener) && this.#all.size === 0) this.#signal.removeEventListener("abort", this);
  }

  handleEvent(): void {
    for (const listener of this.#all) {
      this.#all.delete(listener);
      listener.handleEvent();
    }
  }
}
