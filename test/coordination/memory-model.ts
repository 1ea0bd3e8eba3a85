import { type Change, VersionConflictError } from "../../src/coordination/memory.ts";
import { LeaseLostError } from "../../src/errors.ts";

/** So few that histories are compacted all the time. */
export const keptChanges = 7;

interface Entry {
  readonly value: unknown;
  readonly version: number;
  readonly expiresAt: number;
  readonly fence: number;
}

/** The memory as a plain map and a list of changes. */
export class Model {
  entries = new Map<string, Entry>();
  /** Fences of keys that are gone, with the revision at which they went. */
  gone = new Map<string, { readonly fence: number; readonly version: number }>();
  changes: Change[] = [];
  revision = 0;

  copy(): Model {
    const copy = new Model();
    copy.entries = new Map(this.entries);
    copy.gone = new Map(this.gone);
    copy.changes = [...this.changes];
    copy.revision = this.revision;
    return copy;
  }

  put(
    key: string,
    value: unknown,
    now: number,
    options: { ifVersion?: number; ttlMs?: number; fence?: number },
  ): void {
    this.settle(key, now);
    this.check(key, options.ifVersion);
    const fence = this.entries.get(key)?.fence ?? this.gone.get(key)?.fence ?? 0;
    if (options.fence !== undefined && options.fence < fence) throw new LeaseLostError(key);
    this.#store(key, value, now + (options.ttlMs ?? Infinity), options.fence ?? fence);
  }

  merge(key: string, added: number, now: number): void {
    this.settle(key, now);
    const { value = 0, expiresAt = Infinity } = this.entries.get(key) ?? {};
    if (added === 0 && this.entries.has(key)) return;
    const fence = this.entries.get(key)?.fence ?? this.gone.get(key)?.fence ?? 0;
    this.#store(key, Number(value) + added, expiresAt, fence);
  }

  delete(key: string, now: number, ifVersion?: number): void {
    this.settle(key, now);
    this.check(key, ifVersion);
    if (this.entries.has(key)) this.#remove(key, "delete");
  }

  expireAll(now: number): void {
    const due = [...this.entries]
      .filter(([, { expiresAt }]) => expiresAt <= now)
      .toSorted(([key, left], [other, right]) => left.expiresAt - right.expiresAt || (key < other ? -1 : 1));
    for (const [key] of due) this.#remove(key, "expire");
    this.#trim();
  }

  settle(key: string, now: number): void {
    if ((this.entries.get(key)?.expiresAt ?? Infinity) <= now) this.#remove(key, "expire");
  }

  check(key: string, ifVersion: number | undefined): void {
    const version = this.entries.get(key)?.version ?? 0;
    if (ifVersion !== undefined && ifVersion !== version) {
      throw new VersionConflictError(key, ifVersion, version);
    }
  }

  #store(key: string, value: unknown, expiresAt: number, fence: number): void {
    this.revision += 1;
    this.changes.push({ kind: "put", key, value, revision: this.revision });
    this.entries.set(key, { value, version: this.revision, expiresAt, fence });
    this.gone.delete(key);
    if (this.revision % keptChanges === 0) this.#trim();
  }

  #remove(key: string, kind: "delete" | "expire"): void {
    this.revision += 1;
    this.changes.push({ kind, key, revision: this.revision });
    this.gone.set(key, { fence: this.entries.get(key)?.fence ?? 0, version: this.revision });
    this.entries.delete(key);
    if (this.revision % keptChanges === 0) this.#trim();
  }

  #trim(): void {
    const upTo = this.revision - keptChanges;
    this.changes = this.changes.filter(({ revision }) => revision > upTo);
    for (const [key, { version }] of this.gone) if (version <= upTo) this.gone.delete(key);
  }
}
