import { unlessAborted } from "../../../../deadline.ts";
import type { NewTask } from "../../../new-task.ts";
import type { KindLimits } from "../../../tasks.ts";
import type { TaskViews } from "./task-views.ts";

/** How many tasks of a kind may be under way, and how many may wait; who wants to add more waits here. */
export class TaskRoom {
  readonly #views: TaskViews;
  readonly #limits = new Map<string, KindLimits>();
  /** Kinds that reached their high mark and have not come down to the low one. */
  readonly #full = new Set<string>();
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>();

  constructor(deps: { readonly views: TaskViews }) {
    this.#views = deps.views;
  }

  limit(kind: string, limits: KindLimits): void {
    this.#limits.set(kind, limits);
    this.look();
  }

  atOnce(kind: string): number {
    return this.#limits.get(kind)?.atOnce ?? Infinity;
  }

  /** A kind of these tasks that takes no more just now, and how many of it wait. */
  full(tasks: readonly NewTask[]): { readonly kind: string; readonly high: number } | undefined {
    if (this.#limits.size === 0) return undefined;
    for (const kind of new Set(tasks.map((task) => task.kind))) {
      const waiting = this.#limits.get(kind)?.waiting;
      if (waiting && this.#isFull(kind, waiting)) return { kind, high: waiting.high };
    }
    return undefined;
  }

  /** Waits until a kind may take more. */
  async wait(kind: string, signal: AbortSignal | undefined): Promise<void> {
    const waiting = this.#waiting.get(kind) ?? Promise.withResolvers<void>();
    this.#waiting.set(kind, waiting);
    await unlessAborted(waiting.promise, signal);
  }

  /** Lets those look again who wait for a kind that has room; called when tasks have ended. */
  look(): void {
    for (const [kind, { resolve }] of this.#waiting) {
      if (!this.#hasRoom(kind)) continue;
      this.#waiting.delete(kind);
      resolve();
    }
  }

  #hasRoom(kind: string): boolean {
    const waiting = this.#limits.get(kind)?.waiting;
    try {
      return !waiting || !this.#isFull(kind, waiting);
    } catch {
      return true; // the file was closed or cannot be read: who waits learns it when adding
    }
  }

  #isFull(kind: string, { high, low }: NonNullable<KindLimits["waiting"]>): boolean {
    const open = this.#views.open(kind);
    if (open >= high) this.#full.add(kind);
    else if (open <= low) this.#full.delete(kind);
    return this.#full.has(kind);
  }
}
