import { rootContext } from "../../src/context.ts";
import { EventStream, type ForagerEvent } from "../../src/events.ts";
import { NamedLocks } from "../../src/coordination/plans/admission.ts";
import type { NodeHandler } from "../../src/coordination/plans/node-handler.ts";
import type { PlanInput } from "../../src/coordination/plans/plan.ts";
import type { PlanDeps } from "../../src/coordination/plans/plan-runner.ts";
import { type PlanOutcome, type RunPlanOptions, runPlan } from "../../src/coordination/plans/run-plan.ts";
import { type Clock, systemClock } from "../../src/clock.ts";
import { type OpenBackend, openBackend } from "./open-backend.ts";

/** What runs plans over a backend of its own. */
export interface OpenPlans extends Disposable {
  readonly backend: OpenBackend;
  readonly deps: PlanDeps;
  readonly seen: readonly ForagerEvent[];
  run(
    plan: PlanInput,
    options?: RunPlanOptions & { readonly signal?: AbortSignal; readonly handler?: NodeHandler },
  ): Promise<PlanOutcome>;
}

/** Runs plans whose every role is done by one handler. Every node is expected to take a minute. */
export function openPlans(handler: NodeHandler, path?: string, clock: Clock = systemClock): OpenPlans {
  const backend = openBackend({ clock, ...(path === undefined ? {} : { path }) });
  const events = new EventStream();
  const seen: ForagerEvent[] = [];
  events.subscribe((event) => seen.push(event));
  const deps: PlanDeps = {
    tasks: backend.tasks,
    memory: backend.memory,
    locks: new NamedLocks(),
    clock,
    events,
    handlers: (role, needs) => (role === "nobody" || needs.includes("wings") ? undefined : handler),
    estimate: () => 60_000,
  };
  return {
    backend,
    deps,
    seen,
    run: async (plan, { signal, handler: own, ...options } = {}) =>
      await runPlan(
        own ? { ...deps, handlers: () => own } : deps,
        plan,
        { run: 1, ...options },
        rootContext("test", signal),
      ),
    [Symbol.dispose]: () => backend[Symbol.dispose](),
  };
}

/** What nodes did, in order: which started and ended when, and how many of them at once. */
export class Witness {
  readonly starts: string[] = [];
  readonly #at = new Map<string, { start: number; end: number }>();
  #tick = 0;
  #now = new Set<string>();
  most = 0;
  /** Pairs that were under way together. */
  readonly together: (readonly [string, string])[] = [];

  start(name: string): void {
    this.starts.push(name);
    for (const other of this.#now) this.together.push([other, name]);
    this.#now.add(name);
    this.most = Math.max(this.most, this.#now.size);
    this.#at.set(name, { start: (this.#tick += 1), end: Infinity });
  }

  end(name: string): void {
    this.#now.delete(name);
    const at = this.#at.get(name);
    if (at) at.end = this.#tick += 1;
  }

  /** Whether `later` started after `earlier` had ended; true when either never ran. */
  isBefore(earlier: string, later: string): boolean {
    const [first, second] = [this.#at.get(earlier), this.#at.get(later)];
    return !first || !second || first.end < second.start;
  }
}
