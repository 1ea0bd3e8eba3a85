import type { Clock } from "../../clock.ts";
import { type RunContext, type StoppableContext, stoppableContext } from "../../context.ts";
import { TimeoutError } from "../../errors.ts";
import type { Admission, AdmissionRequest } from "./admission.ts";

/** Node's timers hold no more; https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const longestTimerMs = 2 ** 31 - 1;

/** One try of a node: its place in the plan, and the time it has had. Both stand still while it waits for others. */
export class Turn implements Disposable {
  /** Ends with the parent, or when the node has worked for too long. */
  readonly context: StoppableContext;
  readonly #what: string;
  readonly #clock: Clock;
  readonly #admission: Admission;
  readonly #request: AdmissionRequest;
  readonly #timeoutMs: number;
  #startedAt = 0;
  #since = 0;
  #ms = 0;
  #leave: (() => void) | undefined;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    deps: { readonly clock: Clock; readonly admission: Admission },
    options: { readonly what: string; readonly request: AdmissionRequest; readonly timeoutMs: number },
    parent: RunContext,
  ) {
    this.context = stoppableContext(parent);
    this.#what = options.what;
    this.#clock = deps.clock;
    this.#admission = deps.admission;
    this.#request = options.request;
    this.#timeoutMs = options.timeoutMs;
  }

  /** When it first got a place; 0 before. */
  get startedAt(): number {
    return this.#startedAt;
  }

  /** Time with a place. */
  get ms(): number {
    return this.#ms + (this.#leave ? this.#clock.now() - this.#since : 0);
  }

  /** Waits for a place, and goes on. */
  async take(): Promise<void> {
    const leave = await this.#admission.enter(this.#request, this.context.signal);
    // The handler ended without waiting for the plan it had delegated.
    if (this.#isOver) return leave();
    this.#leave = leave;
    this.#since = this.#clock.now();
    this.#startedAt ||= this.#since;
    const leftMs = Math.max(0, this.#timeoutMs - this.#ms);
    if (leftMs > longestTimerMs) return;
    const stop = (): void => this.context.stop(new TimeoutError(this.#what, this.#timeoutMs));
    this.#timer = setTimeout(stop, leftMs);
  }

  /** Gives the place to others. */
  give(): void {
    if (!this.#leave) return;
    this.#ms = this.ms;
    clearTimeout(this.#timer);
    this.#leave();
    this.#leave = undefined;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.give();
    this.context[Symbol.dispose]();
  }
}
