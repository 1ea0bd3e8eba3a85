import type { Grant } from "./waits-for.ts";

/** One thing that is shared. */
export interface Store {
  readonly name: string;
  readonly size: number;
  /** The most that one job may hold. */
  readonly quota: number;
  inUse: number;
  readonly grants: Set<HeldGrant>;
  waiting: Waiter[];
}

export interface HeldGrant extends Grant {
  readonly job: string;
  readonly rank: number;
  readonly onRequest: ((name: string) => void) | undefined;
  isAsked: boolean;
}

export interface Waiter {
  readonly grant: HeldGrant;
  readonly units: number;
  readonly give: () => void;
}

/** Whether a job may have so much more of it now. */
export function fits(store: Store, { job }: HeldGrant, units: number): boolean {
  if (store.inUse + units > store.size) return false;
  if (store.quota >= store.size) return true;
  let held = units;
  for (const other of store.grants) if (other.job === job) held += other.held.get(store.name) ?? 0;
  return held <= store.quota;
}

/** It has it from now on. */
export function give(store: Store, grant: HeldGrant, units: number): void {
  store.inUse += units;
  store.grants.add(grant);
  grant.held.set(store.name, units);
}

/** Asks the least urgent holder that can hand back, if there is one less urgent than who waits; each is asked once. */
export function askBack(store: Store, { rank }: HeldGrant): void {
  const [least] = [...store.grants]
    .filter((other) => other.onRequest && !other.isAsked && other.rank > rank)
    .sort((left, right) => right.rank - left.rank);
  if (!least) return;
  least.isAsked = true;
  least.onRequest?.(store.name);
}
