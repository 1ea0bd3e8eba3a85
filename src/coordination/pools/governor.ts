import type { Clock } from "../../clock.ts";
import type { EventStream, PressureLevel } from "../../events.ts";
import { Pressure } from "./pressure.ts";
import type { PoolStatus } from "./pool-options.ts";
import type { SignalSource } from "./system-signals.ts";

const tickMs = 1_000;
/** After pressure took members away, so long until there are more again; idle ones go so long after any change. As often as Crawlee's pool thinks at all. */
const coolDownMs = 10_000;
/** Of a pool's most, a tick; Crawlee's step. */
const stepShare = 0.05;
/** Waiting work that calls for more members, all being busy: so many calls, or one that old. */
const demandCalls = 10;
const demandAgeMs = 1_000;
/** Idle members beyond this many are too many. */
const spareMembers = 3;
/** Of the calls that ended lately: from this on a pool does not grow, from that on it shrinks. */
const troubleShare = { strained: 0.3, overloaded: 0.6 };
/** Fewer ended calls than this say nothing. */
const leastCalls = 10;
const troubleTicks = 10;
/** A heartbeat: how often idle members are asked whether they can work. */
const checkEveryTicks = 10;

/** What the governor governs. */
export interface GovernedPool {
  readonly role: string;
  readonly size: number;
  readonly min: number;
  readonly max: number;
  isShedding: boolean;
  status(): PoolStatus;
  resize(size: number, why: string): void;
  check(): Promise<void>;
}

/** Calls that ended in one tick, and those of them that failed or were told to come back later. */
interface Tick {
  readonly calls: number;
  readonly trouble: number;
}

interface Governed {
  readonly pool: GovernedPool;
  readonly waitingElsewhere: () => number;
  readonly facesHosts: boolean;
  readonly ticks: Tick[];
  seen: { calls: number; failed: number; delays: number };
  pressedAt: number;
  changedAt: number;
}

/**
 * One loop for size, health and degradation. Demand (calls that wait, and how long) proposes that a pool grows; pressure
 * (event loop, heap, memory, CPU, failing calls, hosts that answer 429 and 503) forbids it, and takes members away.
 */
export class Governor {
  readonly #signals: () => SignalSource;
  readonly #clock: Clock;
  readonly #events: EventStream;
  readonly #governed = new Set<Governed>();
  #pressure = new Pressure();
  #source: SignalSource | undefined;
  #timer: NodeJS.Timeout | undefined;
  #watchers = 0;
  #delays = 0;
  #ticks = 0;
  #unsubscribe = (): void => {};

  /** @param deps.signals Opens the signals; called when there is something to watch over. */
  constructor(deps: {
    readonly signals: () => SignalSource;
    readonly clock: Clock;
    readonly events: EventStream;
  }) {
    this.#signals = deps.signals;
    this.#clock = deps.clock;
    this.#events = deps.events;
  }

  get level(): PressureLevel {
    return this.#pressure.level;
  }

  /**
   * Sizes a pool from now on.
   * @param options.waiting Work for it that waits elsewhere, as in the frontier.
   * @param options.facesHosts Whether 429s and 503s are answers to its calls.
   * @returns Leaves it as it is from then on.
   */
  govern(
    pool: GovernedPool,
    options: { readonly waiting?: () => number; readonly facesHosts?: boolean } = {},
  ): Disposable {
    const { done, failed } = pool.status();
    const governed: Governed = {
      pool,
      waitingElsewhere: options.waiting ?? (() => 0),
      facesHosts: options.facesHosts ?? false,
      ticks: [],
      seen: { calls: done + failed, failed, delays: this.#delays },
      pressedAt: -Infinity,
      changedAt: this.#clock.now(),
    };
    this.#governed.add(governed);
    return {
      [Symbol.dispose]: () => {
        this.#governed.delete(governed);
        pool.isShedding = false;
      },
    };
  }

  /** Looks once a second while a job runs: until what it gives is disposed. Keeps no process alive. */
  watch(): Disposable {
    this.#watchers += 1;
    if (this.#watchers === 1) this.#start();
    let isOver = false;
    return {
      [Symbol.dispose]: () => {
        if (isOver) return;
        isOver = true;
        this.#watchers -= 1;
        if (this.#watchers === 0) this.#stop();
      },
    };
  }

  /** One look, and what follows from it. */
  tick(): void {
    this.#ticks += 1;
    if (this.#source) this.#look(this.#source);
    for (const governed of this.#governed) {
      this.#size(governed);
      governed.pool.isShedding = this.level === "overloaded";
      if (this.#ticks % checkEveryTicks === 0) void governed.pool.check();
    }
  }

  #start(): void {
    this.#source = this.#signals();
    this.#unsubscribe = this.#events.subscribe((event) => {
      if (event.type === "host-delayed") this.#delays += 1;
    });
    this.#timer = setInterval(() => this.tick(), tickMs);
    this.#timer.unref();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#unsubscribe();
    this.#source?.[Symbol.dispose]();
    this.#source = undefined;
    const from = this.level;
    this.#pressure = new Pressure();
    for (const { pool } of this.#governed) pool.isShedding = false;
    if (from !== "normal")
      this.#events.emit({ type: "pressure-changed", level: "normal", from, reasons: ["nothing runs"] });
  }

  #look(source: SignalSource): void {
    const from = this.#pressure.level;
    this.#pressure.add(source.read());
    const { level, reasons } = this.#pressure;
    if (level !== from) this.#events.emit({ type: "pressure-changed", level, from, reasons });
  }

  #size(governed: Governed): void {
    const { pool } = governed;
    const status = pool.status();
    const own = this.#ownTrouble(governed, status);
    const now = this.#clock.now();
    const step = Math.max(1, Math.ceil(pool.max * stepShare));
    const waiting = status.waiting + governed.waitingElsewhere();
    const isWanted = status.busy >= status.size && (waiting > demandCalls || status.oldestMs > demandAgeMs);
    const isTooMany = waiting === 0 && status.size - status.busy > spareMembers;
    const isOverloaded = this.level === "overloaded";
    if (isOverloaded || own.level === "overloaded") {
      this.#change(governed, -step, isOverloaded ? this.#pressure.reasons.join(", ") : own.why);
      governed.pressedAt = now;
    } else if (isTooMany) {
      if (now - governed.changedAt >= coolDownMs)
        this.#change(governed, -step, `${status.size - status.busy} are idle`);
    } else if (isWanted && this.level === "normal" && own.level === "normal") {
      if (now - governed.pressedAt >= coolDownMs)
        this.#change(governed, step, `${waiting} wait, the oldest for ${Math.round(status.oldestMs)} ms`);
    }
  }

  #change(governed: Governed, by: number, why: string): void {
    const { pool } = governed;
    const to = Math.min(pool.max, Math.max(pool.min, pool.size + by));
    if (to === pool.size) return;
    governed.changedAt = this.#clock.now();
    pool.resize(to, why);
  }

  /** What the pool's own calls say, of the last ten ticks. */
  #ownTrouble(
    governed: Governed,
    { done, failed }: PoolStatus,
  ): { readonly level: PressureLevel; readonly why: string } {
    const { seen, ticks } = governed;
    const delays = governed.facesHosts ? this.#delays - seen.delays : 0;
    ticks.push({ calls: done + failed - seen.calls, trouble: failed - seen.failed + delays });
    if (ticks.length > troubleTicks) ticks.shift();
    governed.seen = { calls: done + failed, failed, delays: this.#delays };
    const calls = ticks.reduce((sum, tick) => sum + tick.calls, 0);
    const trouble = ticks.reduce((sum, tick) => sum + tick.trouble, 0);
    if (calls < leastCalls || trouble < calls * troubleShare.strained) return { level: "normal", why: "" };
    const level = trouble >= calls * troubleShare.overloaded ? "overloaded" : "strained";
    return { level, why: `${trouble} of ${calls} calls failed or were put off` };
  }
}
