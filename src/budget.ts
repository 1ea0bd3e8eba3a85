import { ForagerError } from "./errors.ts";

/** What a piece of work may use up. `cost` is in US dollars, `steps` are calls of an agent. */
export const spendables = ["steps", "tokens", "cost", "pages", "tasks"] as const;
export type Spendable = (typeof spendables)[number];
export type Spending = Readonly<Partial<Record<Spendable, number>>>;

/** More was asked for than a budget holds; nothing of it was taken. */
export class BudgetError extends ForagerError {
  readonly what: Spendable;

  constructor(owner: string, what: Spendable, limit: number) {
    super(
      "budget",
      `${owner} may use ${limit} ${what} and has used them up. Raise that limit, or ask for less.`,
    );
    this.what = what;
  }
}

/**
 * A limit that everything started on behalf of a piece of work shares: what a child spends its parents have spent too,
 * so fanning out never buys more. Not kept on disk; a job that goes on writes {@link spent} down itself.
 */
export class Budget {
  readonly owner: string;
  readonly #limits: Spending;
  readonly #parent: Budget | undefined;
  /** Children of children; refused beyond {@link maxDepth}. */
  readonly #depth: number;
  readonly #spent: Partial<Record<Spendable, number>> = {};

  constructor(owner: string, limits: Spending = {}, parent?: Budget) {
    this.owner = owner;
    this.#limits = limits;
    this.#parent = parent;
    this.#depth = parent ? parent.#depth + 1 : 0;
    if (this.#depth > maxDepth)
      throw new ForagerError(
        "budget",
        `${owner} is work within work ${this.#depth} deep; ${maxDepth} is the limit.`,
      );
  }

  /** A tighter budget within this one. @throws {ForagerError} When work is nested deeper than {@link maxDepth}. */
  child(owner: string, limits: Spending = {}): Budget {
    return new Budget(owner, limits, this);
  }

  /** Takes `amount`, here and from every parent, or from none. @throws {BudgetError} Naming who ran out of what. */
  spend(what: Spendable, amount = 1): void {
    for (let each: Budget | undefined = this; each; each = each.#parent) {
      const limit = each.#limits[what] ?? Infinity;
      if (each.spent(what) + amount > limit) throw new BudgetError(each.owner, what, limit);
    }
    for (let each: Budget | undefined = this; each; each = each.#parent)
      each.#spent[what] = each.spent(what) + amount;
  }

  spent(what: Spendable): number {
    return this.#spent[what] ?? 0;
  }

  /** The least that is left here and above. */
  left(what: Spendable): number {
    const own = (this.#limits[what] ?? Infinity) - this.spent(what);
    return Math.min(own, this.#parent?.left(what) ?? Infinity);
  }
}

/** Agents that start agents that start agents: deeper than this it is a loop. */
const maxDepth = 8;
