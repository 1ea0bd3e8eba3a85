/** What one part of fetching learns about sites, to be kept for the next crawl: small JSON values under keys without "/" at the end. */
export interface Lessons {
  /** Its part of the memory, as in "tier". */
  readonly name: string;
  /** What changed since this was last asked; undefined where a lesson no longer holds. */
  changed(): ReadonlyMap<string, unknown>;
  /** Takes up an earlier lesson; what it cannot read it leaves. */
  restore(key: string, value: unknown): void;
}
