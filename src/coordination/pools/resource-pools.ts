import type { Clock } from "../../clock.ts";
import type { RunContext } from "../../context.ts";
import { unlessAborted } from "../../deadline.ts";
import { ForagerError } from "../../errors.ts";
import { type ResourceName, resourceNames } from "../resources.ts";
import { type Priority, priorities } from "../new-task.ts";
import { type HeldGrant, type Store, askBack, fits, give } from "./resource-store.ts";
import { type Waits, deadlock } from "./waits-for.ts";

/** The study's sizes; tabs and models' calls at once are the owner's to set. */
const defaultSizes: Readonly<Record<ResourceName, number>> = {
  cpu: 4,
  memory: 2,
  io: 8,
  tab: 4,
  llm: 4,
  general: 16,
};
const defaultTimeoutMs = 30_000;

/** What a piece of work wants to hold: units of what is shared, and things by name of which there is one. */
export interface Wanted {
  readonly uses?: Readonly<Partial<Record<ResourceName, number>>>;
  /** As in "file:x", "host:y", "session:site/identity". */
  readonly locks?: readonly string[];
}

export interface TakeOptions {
  readonly priority?: Priority;
  /** In place of the pool's. */
  readonly timeoutMs?: number;
  /** Called when somebody more urgent waits for what this holder has: it may release early. */
  readonly onRequest?: (name: string) => void;
}

/** What is held until it is released. */
export interface Held extends Disposable {
  /** For the work that holds it: what that takes in turn is known to be taken by the same. */
  readonly context: RunContext;
  release(): void;
}

/** Something shared was not to be had in time. */
export class ResourceError extends ForagerError {
  /** What was waited for. */
  readonly what: string;
  /** Who has it. */
  readonly heldBy: readonly string[];

  constructor(who: string, store: Store, units: number, why: string) {
    const heldBy = [...store.grants].map(({ id }) => id);
    super(
      "resource",
      `${who} cannot have ${units} ${store.name} of ${store.size}: ${why}. Held by ${heldBy.join(", ") || "nobody"}.`,
      { retryable: true },
    );
    this.what = store.name;
    this.heldBy = heldBy;
  }
}

/**
 * What agents share: pools of cpu, memory, io, tabs and models' calls, and things by name. Always taken in one order
 * (the pools as `resourceNames` has them, then names by the alphabet), so that no two wait for each other; what is
 * taken by work that holds something already is refused when it would close a circle.
 */
export class Resources {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #quotas: Readonly<Partial<Record<ResourceName, number>>>;
  readonly #stores = new Map<string, Store>();
  readonly #grants = new Set<HeldGrant>();
  #taken = 0;
  /** Waits of work that holds something already, under another name. */
  #nestedWaits = 0;

  constructor(
    deps: { readonly clock: Clock },
    options: {
      readonly sizes?: Readonly<Partial<Record<ResourceName, number>>>;
      /** The most that one job (the first part of a trace) may hold of something. */
      readonly quotas?: Readonly<Partial<Record<ResourceName, number>>>;
      readonly timeoutMs?: number;
    } = {},
  ) {
    this.#clock = deps.clock;
    this.#timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    this.#quotas = options.quotas ?? {};
    const sizes = { ...defaultSizes, ...options.sizes };
    for (const name of resourceNames) this.#stores.set(name, this.#store(name, sizes[name]));
  }

  /**
   * Takes all of it, waiting for each thing in turn, or nothing.
   * @throws {ResourceError} When the time is up, when there is not so much of it, or when waiting would never end.
   */
  async take(wanted: Wanted, context: RunContext, options: TakeOptions = {}): Promise<Held> {
    const { priority = "normal", timeoutMs = this.#timeoutMs, onRequest } = options;
    context.signal.throwIfAborted();
    this.#taken += 1;
    const grant: HeldGrant = {
      id: `${context.trace}#${this.#taken}`,
      job: jobOf(context.trace),
      rank: priorities.indexOf(priority),
      held: new Map(),
      waitsFor: undefined,
      onRequest,
      isAsked: false,
    };
    const until = this.#clock.now() + timeoutMs;
    this.#grants.add(grant);
    try {
      for (const [name, units] of inOrder(wanted)) {
        const store = this.#storeOf(name);
        const most = Math.min(store.size, store.quota);
        if (units > most) throw new ResourceError(grant.id, store, units, `one job may have ${most}`);
        if (store.waiting.length === 0 && fits(store, grant, units)) give(store, grant, units);
        else await this.#wait(store, grant, units, Math.max(0, until - this.#clock.now()), context.signal);
      }
    } catch (error) {
      this.#release(grant);
      throw error;
    }
    const release = (): void => this.#release(grant);
    return { context: { ...context, trace: grant.id }, release, [Symbol.dispose]: release };
  }

  /** Runs `work` while it holds what it wants; all is free again however it ends. */
  async withResources<T>(
    wanted: Wanted,
    context: RunContext,
    work: (context: RunContext) => Promise<T>,
    options: TakeOptions = {},
  ): Promise<T> {
    using held = await this.take(wanted, context, options);
    return await work(held.context);
  }

  /** Who waits for what, who has it, and whether they wait for each other. */
  waitsFor(): Waits {
    const waits = [...this.#grants]
      .filter(({ waitsFor }) => waitsFor)
      .map(({ id, waitsFor }) => ({
        who: id,
        what: waitsFor?.name ?? "",
        heldBy: [...(this.#stores.get(waitsFor?.name ?? "")?.grants ?? [])].map((each) => each.id),
      }));
    return { waits, cycle: this.#deadlock() };
  }

  /** What there is, and how much of it is in use: names that nobody holds are left out. */
  status(): {
    readonly name: string;
    readonly size: number;
    readonly inUse: number;
    readonly waiting: number;
  }[] {
    return [...this.#stores.values()].map(({ name, size, inUse, waiting }) => ({
      name,
      size,
      inUse,
      waiting: waiting.length,
    }));
  }

  async #wait(
    store: Store,
    grant: HeldGrant,
    units: number,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { grant, units, give: resolve };
    // Behind those who are as urgent.
    const place = store.waiting.findIndex((other) => other.grant.rank > grant.rank);
    store.waiting.splice(place < 0 ? store.waiting.length : place, 0, waiter);
    grant.waitsFor = { name: store.name, units };
    this.#serve(store); // those before it may all be over their quotas
    const isNested = grant.id.indexOf("#") < grant.id.lastIndexOf("#");
    if (isNested) this.#nestedWaits += 1;
    const timer = setTimeout(
      () => reject(new ResourceError(grant.id, store, units, `waited ${timeoutMs} ms`)),
      timeoutMs,
    );
    try {
      this.#checkCircle(store, grant, units, isNested);
      if (grant.waitsFor) askBack(store, grant);
      await unlessAborted(promise, signal);
    } finally {
      clearTimeout(timer);
      if (isNested) this.#nestedWaits -= 1;
      const index = store.waiting.indexOf(waiter);
      grant.waitsFor = undefined;
      if (index >= 0) {
        store.waiting.splice(index, 1);
        this.#serve(store);
      }
    }
  }

  /** What is taken in one go is taken in order, and closes no circle: only work that has something already and takes more does. */
  #checkCircle(store: Store, grant: HeldGrant, units: number, isNested: boolean): void {
    if (!grant.waitsFor || this.#nestedWaits === 0 || (!isNested && grant.held.size === 0)) return;
    const cycle = this.#deadlock();
    if (!cycle) return;
    const why = `they would wait for each other: ${cycle.join(" -> ")}`;
    throw new ResourceError(grant.id, store, units, why);
  }

  #release(grant: HeldGrant): void {
    if (!this.#grants.delete(grant)) return;
    for (const [name, units] of grant.held) {
      const store = this.#storeOf(name);
      store.inUse -= units;
      store.grants.delete(grant);
      this.#serve(store);
    }
  }

  /** Gives what is free to those who wait, first come first; who is over its quota is passed over, who wants much is not. */
  #serve(store: Store): void {
    for (const waiter of store.waiting.slice()) {
      if (store.inUse + waiter.units > store.size) break;
      if (!fits(store, waiter.grant, waiter.units)) continue;
      store.waiting.splice(store.waiting.indexOf(waiter), 1);
      give(store, waiter.grant, waiter.units);
      waiter.grant.waitsFor = undefined;
      waiter.give();
    }
    const isKept = (resourceNames as readonly string[]).includes(store.name);
    if (!isKept && store.inUse === 0 && store.waiting.length === 0) this.#stores.delete(store.name);
  }

  #deadlock(): string[] | undefined {
    return deadlock([...this.#grants], (name) => {
      const store = this.#storeOf(name);
      return store.size - store.inUse;
    });
  }

  #storeOf(name: string): Store {
    let store = this.#stores.get(name);
    if (!store) this.#stores.set(name, (store = this.#store(name, 1)));
    return store;
  }

  #store(name: string, size: number): Store {
    const quota = (this.#quotas as Readonly<Record<string, number>>)[name] ?? size;
    return { name, size, quota, inUse: 0, grants: new Set(), waiting: [] };
  }
}

/** Everybody takes things in this order. */
function inOrder({ uses = {}, locks = [] }: Wanted): [name: string, units: number][] {
  const pools = resourceNames.filter((name) => (uses[name] ?? 0) > 0);
  return [
    ...pools.map((name): [string, number] => [name, uses[name] ?? 0]),
    ...[...new Set(locks)].sort().map((name): [string, number] => [name, 1]),
  ];
}

/** The first part of a trace. */
function jobOf(trace: string): string {
  return /^[^/#]*/.exec(trace)?.[0] ?? trace;
}
