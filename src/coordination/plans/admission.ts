/** What must be free before a node may start. */
export interface AdmissionRequest {
  /** Shared resources, as in "host:docs.example"; nobody else has them meanwhile. */
  readonly names: readonly string[];
  /** Whether it takes one of the places of agents that think with a model. */
  readonly isReasoning: boolean;
  /** Lower goes first. */
  readonly rank: number;
}

/** Shared resources by name: one holder each, over all plans of a process. */
export class NamedLocks {
  readonly #held = new Set<string>();
  readonly #listeners = new Set<() => void>();

  /** Takes all names or none: nobody ever holds one while waiting for another, so there is no deadlock. */
  tryTake(names: readonly string[]): boolean {
    if (names.some((name) => this.#held.has(name))) return false;
    for (const name of names) this.#held.add(name);
    return true;
  }

  release(names: readonly string[]): void {
    if (names.length === 0) return;
    for (const name of names) this.#held.delete(name);
    for (const listener of this.#listeners) listener();
  }

  /** Calls back after every release. @returns A function that ends that. */
  onRelease(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

interface Waiter {
  readonly request: AdmissionRequest;
  readonly admit: () => void;
}

/**
 * The places of one running plan. Conflicts over shared resources are settled here, at run time, and not by edges of the
 * plan: an edge fixes who goes first before anybody knows who is ready, and would hand on failures as if it carried a result.
 */
export class Admission implements Disposable {
  readonly #locks: NamedLocks;
  readonly #stopListening: () => void;
  readonly #waiters: Waiter[] = [];
  #slots: number;
  #agents: number;

  constructor(locks: NamedLocks, places: { readonly slots: number; readonly agents: number }) {
    this.#locks = locks;
    this.#slots = places.slots;
    this.#agents = places.agents;
    this.#stopListening = locks.onRelease(() => this.#admitNext());
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiters.length;
  }

  /** Waits for a place and everything named, all at once. @returns A function that gives them back. */
  async enter(request: AdmissionRequest, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (!this.#take(request)) await this.#wait(request, signal);
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      this.#slots += 1;
      if (request.isReasoning) this.#agents += 1;
      this.#locks.release(request.names);
      this.#admitNext();
    };
  }

  [Symbol.dispose](): void {
    this.#stopListening();
  }

  async #wait(request: AdmissionRequest, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { request, admit: resolve };
    const at = this.#waiters.findIndex((other) => other.request.rank > request.rank);
    this.#waiters.splice(at < 0 ? this.#waiters.length : at, 0, waiter);
    const onAbort = (): void => {
      const at = this.#waiters.indexOf(waiter);
      if (at < 0) return;
      this.#waiters.splice(at, 1);
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #admitNext(): void {
    for (let at = 0; at < this.#waiters.length && this.#slots > 0;) {
      const waiter = this.#waiters[at];
      if (waiter && this.#take(waiter.request)) {
        this.#waiters.splice(at, 1);
        waiter.admit();
      } else at += 1;
    }
  }

  #take({ names, isReasoning }: AdmissionRequest): boolean {
    if (this.#slots < 1 || (isReasoning && this.#agents < 1) || !this.#locks.tryTake(names)) return false;
    this.#slots -= 1;
    if (isReasoning) this.#agents -= 1;
    return true;
  }
}
