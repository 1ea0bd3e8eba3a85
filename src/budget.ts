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
    this.spendAll({ [what]: amount });
  }

  /** Takes several things together, or none of them. @throws {BudgetError} As {@link spend}. */
  spendAll(amounts: Spending): void {
    const taken = spendables.flatMap((what) =>
      amounts[what] === undefined ? [] : [{ what, amount: amounts[what] }],
    );
    for (const { what, amount } of taken) this.#check(what, amount);
    for (const { what, amount } of taken) this.#add(what, amount);
  }

  /**
   * Puts an estimate that was spent right, once the real figure is known. Never refused, since it happened: when it was
   * more than the limit, the next {@link spend} is.
   * @param difference What was used beyond the estimate; negative where it was less.
   */
  settle(what: Spendable, difference: number): void {
    if (!Number.isFinite(difference)) throw new RangeError(`${difference} ${what} cannot be settled.`);
    this.#add(what, difference);
  }

  spent(what: Spendable): number {
    return this.#spent[what] ?? 0;
  }

  /** The least that is left here and above. */
  left(what: Spendable): number {
    const own = (this.#limits[what] ?? Infinity) - this.spent(what);
    return Math.min(own, this.#parent?.left(what) ?? Infinity);
  }

  #check(what: Spendable, amount: number): void {
    // NaN would pass every comparison from then on.
    if (!(amount >= 0 && amount < Infinity)) throw new RangeError(`${amount} ${what} cannot be spent.`);
    const limit = this.#limits[what] ?? Infinity;
    if (this.spent(what) + amount > limit * (1 + roundingShare))
      throw new BudgetError(this.owner, what, limit);
    if (this.#parent) this.#parent.#check(what, amount);
  }

  #add(what: Spendable, amount: number): void {
    this.#spent[what] = this.spent(what) + amount;
    if (this.#parent) this.#parent.#add(what, amount);
  }
}

/** Three times ten cents are thirty, though not in binary fractions. */
const roundingShare = 1e-9;

/** Agents that start agents that start agents: deeper than this it is a loop. */
const maxDepth = 8;
