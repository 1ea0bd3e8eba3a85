import type { Clock } from "./clock.ts";
import { DataFolder, emptyDataFolder, hasDataFolder } from "./data-folder.ts";
import type { Embedder } from "./rag/embedder.ts";

/** The one data folder of a Forager: opened by whoever needs it first, kept open until the end. */
export class HeldFolder implements Disposable {
  readonly #path: string;
  readonly #deps: { readonly clock: Clock; embedder(): Promise<Embedder | undefined> };
  #opened: DataFolder | undefined;

  constructor(path: string, deps: { readonly clock: Clock; embedder(): Promise<Embedder | undefined> }) {
    this.#path = path;
    this.#deps = deps;
  }

  /** Whether there is something on the disk that could be opened. */
  get isThere(): boolean {
    return hasDataFolder(this.#path);
  }

  /** The folder, where something has opened it already. */
  get opened(): DataFolder | undefined {
    return this.#opened;
  }

  /** @throws {StoreError} When there is no index, or it cannot be used. */
  async open(options: { readonly isCreated: boolean }): Promise<DataFolder> {
    const embedder = await this.#deps.embedder();
    this.#opened ??= DataFolder.open(this.#path, { ...options, clock: this.#deps.clock, embedder });
    return this.#opened;
  }

  /** Owns the folder while `work` changes it. @throws {StoreError} When another process owns it. */
  async change<T>(work: (folder: DataFolder) => Promise<T>): Promise<T> {
    const folder = await this.open({ isCreated: false });
    await using _ = folder.own();
    return await work(folder);
  }

  /** Forgets everything. @throws {StoreError} When another process owns it. */
  async empty(): Promise<void> {
    {
      const folder = await this.open({ isCreated: true });
      await using _ = folder.own();
    }
    this[Symbol.dispose]();
    emptyDataFolder(this.#path);
  }

  [Symbol.dispose](): void {
    this.#opened?.[Symbol.dispose]();
    this.#opened = undefined;
  }
}
