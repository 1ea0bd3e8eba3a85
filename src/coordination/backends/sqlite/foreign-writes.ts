import type { Database } from "../../../database.ts";

/** Between two looks: soon after a change, and when there was none for a while. 4 looks a second cost no CPU one could measure. */
const soonestMs = 50;
const latestMs = 250;

/** Tells when another process wrote to the data file. */
export class ForeignWrites {
  readonly #database: Database;
  readonly #onWrite: () => void;
  #watchers = 0;
  #timer: NodeJS.Timeout | undefined;
  #waitMs = latestMs;
  #seen: unknown;

  constructor(deps: { readonly database: Database }, onWrite: () => void) {
    this.#database = deps.database;
    this.#onWrite = onWrite;
  }

  /** Looks until disposed; nobody else writes to a file in memory. */
  watch(): Disposable {
    this.#watchers += 1;
    if (this.#watchers === 1 && this.#database.path !== ":memory:") {
      this.#seen = this.#version();
      this.#waitMs = soonestMs;
      this.#lookLater();
    }
    return {
      [Symbol.dispose]: () => {
        this.#watchers -= 1;
        if (this.#watchers === 0) clearTimeout(this.#timer);
      },
    };
  }

  #lookLater(): void {
    this.#timer = setTimeout(() => this.#look(), this.#waitMs).unref();
  }

  #look(): void {
    const version = this.#version();
    const isNew = version !== this.#seen;
    this.#seen = version;
    this.#waitMs = isNew ? soonestMs : Math.min(this.#waitMs * 2, latestMs);
    this.#lookLater();
    if (isNew) this.#onWrite();
  }

  /** Changes with every commit of another connection. https://sqlite.org/pragma.html#pragma_data_version */
  #version(): unknown {
    try {
      return this.#database.prepare("PRAGMA data_version").get()?.["data_version"];
    } catch {
      return this.#seen; // the file was closed or cannot be read: whoever uses it next learns it
    }
  }
}
