import { endsWithin, within } from "../../deadline.ts";
import type { Agent } from "../agent.ts";
import { canDo } from "./capability.ts";
import { type MemberState, checkTransition } from "./lifecycle.ts";
import type { Candidate } from "./selection.ts";

/** One agent in a pool: where it stands, and how much it has to do. */
export class Member<I, O> implements Candidate {
  readonly agent: Agent<I, O>;
  readonly place: number;
  /** As in "researcher.2". */
  readonly name: string;
  /** Calls it takes at once. */
  capacity: number;
  /** Calls in a row that threw something unexpected. */
  crashes = 0;
  #state: MemberState = "starting";
  #load = 0;
  /** Calls of those that were given up, but have not returned. */
  #stuck = 0;
  #onQuiet = () => {};
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(agent: Agent<I, O>, place: number, capacity: number) {
    this.agent = agent;
    this.place = place;
    this.name = `${agent.role}.${place}`;
    this.capacity = capacity;
  }

  get state(): MemberState {
    return this.#state;
  }

  get load(): number {
    return this.#load;
  }

  get stuck(): number {
    return this.#stuck;
  }

  get weight(): number {
    return this.agent.weight ?? 1;
  }

  get isFree(): boolean {
    return (this.#state === "idle" || this.#state === "busy") && this.#load < this.capacity;
  }

  /** Whether work may be kept for it: it works, or will soon. */
  get isUp(): boolean {
    return this.#state === "idle" || this.#state === "busy" || this.#state === "starting";
  }

  canDo(needs: readonly string[]): boolean {
    return needs.length === 0 || canDo(this.agent.provides ?? [], needs);
  }

  /** One more call begins. */
  take(): void {
    this.#load += 1;
    if (this.#state === "idle") this.#become("busy");
  }

  /** A call has ended. */
  release(): void {
    this.#load -= 1;
    if (this.#load > 0) return;
    if (this.#state === "busy") this.#become("idle");
    this.#onQuiet();
  }

  /** A call is given up while the agent still works on it: it counts no more, and `returned` says when that ends. */
  abandon(returned: Promise<unknown>): void {
    this.#stuck += 1;
    this.release();
    const onReturn = () => {
      this.#stuck -= 1;
    };
    returned.then(onReturn, onReturn);
  }

  /** Whether it can work without being started. */
  get isReady(): boolean {
    return !this.agent.start && !this.agent.check;
  }

  /** It may be given work. */
  ready(): void {
    if (this.#state === "starting") this.#become("idle");
  }

  /** Starts the agent, and sees that it works. @throws What the agent throws, or a TimeoutError. */
  async start(timeoutMs: number, signal: AbortSignal, handedOver: unknown): Promise<void> {
    this.#starting = within(`Starting ${this.name}`, timeoutMs, signal, async (own) => {
      await this.agent.start?.(own, handedOver);
      await this.agent.check?.(own);
    });
    await this.#starting;
    this.ready();
  }

  /** It gets no more work. */
  isolate(): void {
    this.#become("unhealthy");
  }

  /** It gets no more work, and can be stopped when it has done what it has. */
  drain(): void {
    this.#become("draining");
  }

  /**
   * Waits for its calls (those given up aside; the others end by their deadlines), then stops the agent, and waits no
   * longer than `graceMs` for that. @param options.isKept The agent itself goes on, under another member.
   */
  stop(graceMs: number, options: { readonly isKept: boolean }): Promise<void> {
    this.#stopping ??= this.#stop(graceMs, options.isKept);
    return this.#stopping;
  }

  async #stop(graceMs: number, isKept: boolean): Promise<void> {
    await this.#starting?.catch(() => {}); // what it opens late must be closed too
    if (this.#load > 0) {
      const quiet = Promise.withResolvers<void>();
      this.#onQuiet = quiet.resolve;
      await quiet.promise;
    }
    // A stop that hangs or throws must not keep the pool from going on.
    const stop = async (): Promise<void> => this.agent.stop?.();
    if (!isKept && this.agent.stop) await endsWithin(stop(), graceMs);
    this.#become("stopped");
  }

  #become(next: MemberState): void {
    checkTransition(this.name, this.#state, next);
    this.#state = next;
  }
}
