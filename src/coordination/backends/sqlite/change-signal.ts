import type { Database } from "../../../database.ts";
import { unlessAborted } from "../../../deadline.ts";

/** Wakes who waits for something to be written to the data file: by this process at once, by others at the next look. */
export class ChangeSignal {
  readonly #database: Database;
  readonly #pollMs: number;
  readonly #onPoll: () => void;
  readonly #waiting = new Set<() => void>();
  #watchers = 0;
  #timer: NodeJS.Timeout | undefined;
  #seen: unknown;
  #isTold = false;

  /** @param deps.onPoll Called at every look, which there are while somebody watches. */
  constructor(
    deps: { readonly database: Database; readonly onPoll: () => void },
    options: { readonly pollMs: number },
  ) {
    this.#database = deps.database;
    this.#onPoll = deps.onPoll;
    this.#pollMs = options.pollMs;
  }

  /** Called inside the transaction that writes; wakes when it is over, for transactions never wait for anything. */
  tell(): void {
    if (this.#isTold || this.#waiting.size === 0) return;
    this.#isTold = true;
    queueMicrotask(() => {
      this.#isTold = false;
      this.#wake();
    });
  }

  /** Looks what other processes write until disposed. */
  watch(): Disposable {
    this.#watchers += 1;
    if (this.#watchers === 1) {
      this.#seen = this.#dataVersion();
      this.#timer = setInterval(() => this.#poll(), this.#pollMs);
    }
    return {
      [Symbol.dispose]: () => {
        this.#watchers -= 1;
        if (this.#watchers === 0) clearInterval(this.#timer);
      },
    };
  }

  /** Waits for the next change; an abort ends the wait with the signal's own reason. */
  async wait(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    try {
      await unlessAborted(promise, signal);
    } finally {
      this.#waiting.delete(resolve);
    }
  }

  #poll(): void {
    try {
      this.#onPoll();
      const seen = this.#dataVersion();
      if (seen === this.#seen) return;
      this.#seen = seen;
    } catch {
      // The file was closed, or cannot be read: whoever waits learns it from what it reads next.
    }
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
  }

  /** Changes with every commit of another connection. https://sqlite.org/pragma.html#pragma_data_version */
  #dataVersion(): unknown {
    return this.#database.prepare("PRAGMA data_version").get()?.["data_version"];
  }
}
