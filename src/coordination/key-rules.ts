// What is declared of the memory's keys, and how values written side by side become one.
import type { KeyRule, Merge } from "./memory.ts";

/** The rules of one memory. */
export class KeyRules {
  /** Longest prefix first. */
  #rules: readonly KeyRule[] = [];

  /** A prefix that was declared before is declared anew. */
  declare(rule: KeyRule): void {
    this.#rules = [...this.#rules.filter(({ prefix }) => prefix !== rule.prefix), rule].toSorted(
      (left, right) => right.prefix.length - left.prefix.length,
    );
  }

  ttlMs(key: string): number | undefined {
    return this.#of(key)?.ttlMs;
  }

  /** @throws {RangeError} When nothing was declared of the key. */
  merge(key: string): Merge {
    const merge = this.#of(key)?.merge;
    if (!merge)
      throw new RangeError(
        `No rule says how values of "${key}" are merged. Declare one for its prefix, or use update().`,
      );
    return typeof merge === "function" ? merge : namedMerges[merge];
  }

  #of(key: string): KeyRule | undefined {
    return this.#rules.find(({ prefix }) => key.startsWith(prefix));
  }
}

/**
 * The merges that have names. All but the last write give the same whatever the order and the grouping: they are the
 * joins of state-based replicated types.
 * @see Shapiro, Preguiça, Baquero, Zawirski: Conflict-free Replicated Data Types, SSS 2011, section 3.
 */
export const namedMerges: Readonly<Record<Exclude<KeyRule["merge"], Merge | undefined>, Merge>> = {
  "last-write": (_, added) => added,
  // Whole numbers; sums of fractions differ in their last digit with the order.
  sum: (current, added) => numberOf(current ?? 0) + numberOf(added),
  max: (current, added) => Math.max(numberOf(current ?? -Infinity), numberOf(added)),
  union: (current, added) => {
    const items = new Map(
      [...itemsOf(added), ...itemsOf(current ?? [])].map((item) => [canonical(item), item]),
    );
    return [...items.keys()].toSorted().map((text) => items.get(text));
  },
};

function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  throw new TypeError(`Only numbers can be summed or compared, not ${JSON.stringify(value)}.`);
}

function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`Only arrays can be united, not ${JSON.stringify(value)}.`);
}

/** One text for equal values, whatever the order of their fields. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : each,
  );
}
