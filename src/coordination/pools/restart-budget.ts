import type { Clock } from "../../clock.ts";

/** As supervisors have it: what fails oftener is not helped by starting it again. */
const most = 5;
const withinMs = 60_000;

/** How often a pool may start members in place of failed ones: five times a minute. */
export class RestartBudget {
  readonly #clock: Clock;
  #taken: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes one restart; false when there is none left. */
  take(): boolean {
    const now = this.#clock.now();
    this.#taken = this.#taken.filter((at) => at > now - withinMs);
    if (this.#taken.length >= most) return false;
    this.#taken.push(now);
    return true;
  }

  /** When there is one again, if there is none now. */
  freeAt(): number {
    const [first = this.#clock.now() - withinMs] = this.#taken;
    return first + withinMs;
  }
}
