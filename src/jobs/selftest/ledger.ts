/** Counts what must happen once for each thing issued, so that a loss or a repetition can be named. */
export class Ledger {
  readonly #what: string;
  readonly #counts: number[] = [];
  /** What nobody waited for: its part was ended before it could happen. */
  readonly #abandoned = new Set<number>();

  /** @param what What is counted, as in "message". */
  constructor(what: string) {
    this.#what = what;
  }

  get issued(): number {
    return this.#counts.length;
  }

  /** One more thing that is to happen. @returns Its id. */
  issue(): number {
    return this.#counts.push(0) - 1;
  }

  /** From this one on all belongs to a part that was ended early: what of it has not happened is not lost. */
  abandon(from: number): void {
    for (let id = from; id < this.issued; id += 1) this.#abandoned.add(id);
  }

  /** It happened. Once too often, too, when nobody ever issued it. */
  settle(id: number): void {
    this.#counts[id] = (this.#counts[id] ?? 1) + 1;
  }

  /** What was issued and never happened, by name. */
  lost(): string[] {
    return this.#named((count, id) => count === 0 && !this.#abandoned.has(id));
  }

  /** What happened more than once, by name. */
  doubled(): string[] {
    return this.#named((count) => count > 1);
  }

  #named(isMeant: (count: number, id: number) => boolean): string[] {
    return this.#counts.flatMap((count, id) => (isMeant(count, id) ? [`${this.#what} ${id}`] : []));
  }
}

/** What a self-test keeps count of. */
export interface Ledgers {
  readonly messages: Ledger;
  readonly tasks: Ledger;
  readonly effects: Ledger;
}

/** Ledgers with nothing in them. */
export function emptyLedgers(): Ledgers {
  return { messages: new Ledger("message"), tasks: new Ledger("task"), effects: new Ledger("effect") };
}
