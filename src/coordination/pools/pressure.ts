import type { PressureLevel } from "../../events.ts";
import type { Signals } from "./system-signals.ts";

/** Looks that count: with one a second, what begins is seen within two seconds. */
const windowLooks = 3;
/** Looks in a row that must be better before the level falls by one. */
const calmLooks = 5;

/**
 * When a signal counts as too much, and in which share of the looks it has to be: the shares, 50 ms and 90 % are those
 * of Crawlee's autoscaled pool (packages/core/src/autoscaling). A busy CPU alone takes nothing away: it is what one
 * pays for, and where it does harm the event loop is late.
 */
const limits: readonly {
  readonly signal: keyof Signals;
  readonly share: number;
  readonly strained: number;
  readonly overloaded: number;
  readonly say: (value: number) => string;
}[] = [
  {
    signal: "loopLagMs",
    share: 0.6,
    strained: 50,
    overloaded: 250,
    say: (ms) => `the event loop is ${Math.round(ms)} ms late`,
  },
  {
    signal: "heapShare",
    share: 0.2,
    strained: 0.8,
    overloaded: 0.9,
    say: (share) => `the heap is ${percent(share)} full`,
  },
  {
    signal: "memoryShare",
    share: 0.2,
    strained: 0.8,
    overloaded: 0.9,
    say: (share) => `memory is ${percent(share)} used`,
  },
  {
    signal: "cpuShare",
    share: 0.4,
    strained: 0.95,
    overloaded: Infinity,
    say: (share) => `CPU is ${percent(share)} busy`,
  },
];

const order: readonly PressureLevel[] = ["normal", "strained", "overloaded"];

/** What the signals of the last looks amount to: up at once, down when it has been calm for a while. */
export class Pressure {
  readonly #looks: Signals[] = [];
  #level: PressureLevel = "normal";
  #reasons: readonly string[] = [];
  #calm = 0;

  get level(): PressureLevel {
    return this.#level;
  }

  /** What the level is due to, for a person. */
  get reasons(): readonly string[] {
    return this.#reasons;
  }

  /** One more look. */
  add(signals: Signals): void {
    this.#looks.push(signals);
    if (this.#looks.length > windowLooks) this.#looks.shift();
    const reasons = new Map(order.map((level) => [level, this.#exceeding(level)]));
    const now = order.findLast((level) => (reasons.get(level) ?? []).length > 0) ?? "normal";
    if (order.indexOf(now) >= order.indexOf(this.#level)) {
      this.#calm = 0;
      this.#level = now;
      this.#reasons = reasons.get(now) ?? [];
      return;
    }
    this.#calm += 1;
    if (this.#calm < calmLooks) return;
    this.#calm = 0;
    this.#level = order[order.indexOf(this.#level) - 1] ?? "normal";
    this.#reasons = reasons.get(this.#level) ?? [];
  }

  #exceeding(level: PressureLevel): string[] {
    if (level === "normal") return [];
    return limits.flatMap((limit) => {
      const over = this.#looks.map((look) => look[limit.signal]).filter((value) => value >= limit[level]);
      return over.length / windowLooks >= limit.share ? [limit.say(Math.max(...over))] : [];
    });
  }
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
