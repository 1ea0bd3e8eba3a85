/** What one piece of work holds, and what it waits for. */
export interface Grant {
  /** Its trace and a number; what it starts is named after it, `ID/...` or `ID#...`. */
  readonly id: string;
  /** Units by name. */
  readonly held: Map<string, number>;
  waitsFor: { readonly name: string; readonly units: number } | undefined;
}

/** Who waits for whom. */
export interface Waits {
  readonly waits: readonly {
    readonly who: string;
    readonly what: string;
    readonly heldBy: readonly string[];
  }[];
  /** "a waits for file:x", "held by b" ...: those that wait for each other; undefined while nobody does. */
  readonly cycle: readonly string[] | undefined;
}

/**
 * Whether some of them wait for each other: those are left over when all who can go on have ended and given back what
 * they held. Exact for things of which there are several, too.
 * @see Coffman, Elphick, Shoshani: System deadlocks, 1971, the detection algorithm.
 * @returns Their circle as a reader follows it.
 */
export function deadlock(grants: readonly Grant[], free: (name: string) => number): string[] | undefined {
  const left = new Set(grants);
  const given = new Map<string, number>();
  const blocks = ({ waitsFor }: Grant): boolean =>
    waitsFor !== undefined && free(waitsFor.name) + (given.get(waitsFor.name) ?? 0) < waitsFor.units;
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const grant of left) {
      if ([...left].some((other) => isWithin(other, grant) && blocks(other))) continue;
      left.delete(grant);
      for (const [name, units] of grant.held) given.set(name, (given.get(name) ?? 0) + units);
    }
  }
  const stuck = [...left].findLast(blocks); // the newest: it closed the circle
  return stuck && circle(stuck, [...left], blocks);
}

/** From one that waits to a holder of what it waits for, to what that waits for, until one comes again. */
function circle(first: Grant, left: readonly Grant[], blocks: (grant: Grant) => boolean): string[] {
  const path: Grant[] = [];
  const steps: string[] = [];
  let at: Grant | undefined = first;
  while (at && !path.includes(at)) {
    const { id, waitsFor }: Grant = at;
    path.push(at);
    steps.push(`${id} waits for ${waitsFor?.name ?? ""}`);
    const holder: Grant | undefined = left.find((other) => other.held.has(waitsFor?.name ?? ""));
    at = holder && left.find((other) => isWithin(other, holder) && blocks(other));
  }
  if (at) steps.push(at.id);
  return steps.slice(at ? path.indexOf(at) : 0);
}

/** Whether a piece of work is the other, or was started by it: that waits for it then. */
function isWithin({ id }: Grant, parent: Grant): boolean {
  return id === parent.id || id.startsWith(`${parent.id}/`) || id.startsWith(`${parent.id}#`);
}
