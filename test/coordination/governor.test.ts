import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Governor, type GovernedPool } from "../../src/coordination/pools/governor.ts";
import type { PoolStatus } from "../../src/coordination/pools/pool-options.ts";
import { type Signals, systemSignals } from "../../src/coordination/pools/system-signals.ts";
import { EventStream, type ForagerEvent } from "../../src/events.ts";
import { ManualClock } from "./open-backend.ts";
import { Gate, context, doubler, openPool } from "./pool-fixture.ts";

const calm: Signals = { loopLagMs: 2, heapShare: 0.3, memoryShare: 0.1, cpuShare: 0.5 };

/** A pool that is as big as the governor says, under a load that the test makes up. */
class SimulatedPool implements GovernedPool {
  readonly role = "researcher";
  readonly min: number;
  readonly max: number;
  isShedding = false;
  size: number;
  busy = 0;
  waiting = 0;
  oldestMs = 0;
  done = 0;
  failed = 0;
  checks = 0;
  readonly sizes: number[] = [];
  readonly reasons: string[] = [];

  constructor({ min, max, size = min }: { min: number; max: number; size?: number }) {
    this.min = min;
    this.max = max;
    this.size = size;
  }

  status(): PoolStatus {
    const { role, size, busy, waiting, oldestMs, done, failed } = this;
    return {
      role,
      size,
      busy: Math.min(busy, size),
      waiting,
      oldestMs,
      done,
      failed,
      ms: 0,
      stuck: 0,
      members: {},
    };
  }

  resize(size: number, why: string): void {
    this.size = size;
    this.sizes.push(size);
    this.reasons.push(why);
  }

  async check(): Promise<void> {
    this.checks += 1;
  }
}

/** A governor whose seconds pass when the test says so. */
function simulate(pool: GovernedPool, options: Parameters<Governor["govern"]>[1] = {}) {
  const clock = new ManualClock();
  const events = new EventStream();
  const seen: ForagerEvent[] = [];
  events.subscribe((event) => seen.push(event));
  let signals = calm;
  const source = () => ({ read: () => signals, [Symbol.dispose]: () => {} });
  const governor = new Governor({ signals: source, clock, events });
  governor.govern(pool, options);
  const watch = governor.watch();
  const second = (next: Partial<Signals> = {}): void => {
    signals = { ...calm, ...next };
    clock.advance(1_000);
    governor.tick();
  };
  return { governor, events, seen, second, [Symbol.dispose]: () => watch[Symbol.dispose]() };
}

/** Keeps the event loop from turning. */
function block(): void {
  const until = performance.now() + 200;
  while (performance.now() < until);
}

describe("governor", () => {
  it("C5: more calls wait than a few and nobody is idle: one step more within two seconds, up to the most", () => {
    const pool = new SimulatedPool({ min: 2, max: 20 });
    using run = simulate(pool);
    Object.assign(pool, { busy: 100, waiting: 11 });
    run.second();
    assert.deepEqual(pool.sizes, [3]);
    for (let tick = 0; tick < 40; tick += 1) run.second();
    assert.equal(pool.size, 20);
    assert.match(pool.reasons[0] ?? "", /^11 wait/);
  });

  it("C5: few calls that have waited long, or work that waits elsewhere, are demand too", () => {
    const old = new SimulatedPool({ min: 2, max: 20 });
    using ofOld = simulate(old);
    Object.assign(old, { busy: 2, waiting: 1, oldestMs: 1_500 });
    ofOld.second();
    assert.equal(old.size, 3);
    const fed = new SimulatedPool({ min: 2, max: 20 });
    using ofFed = simulate(fed, { waiting: () => 500 });
    fed.busy = 2;
    ofFed.second();
    assert.equal(fed.size, 3);
  });

  it("C5: idle members do not grow, and more than three of them go, a step every ten seconds", () => {
    const pool = new SimulatedPool({ min: 2, max: 20, size: 10 });
    using run = simulate(pool);
    pool.busy = 4;
    for (let tick = 0; tick < 9; tick += 1) run.second();
    assert.equal(pool.size, 10);
    run.second();
    assert.equal(pool.size, 9);
    for (let tick = 0; tick < 100; tick += 1) run.second();
    assert.equal(pool.size, 7, "three spare ones stay");
    pool.busy = 0;
    for (let tick = 0; tick < 100; tick += 1) run.second();
    assert.equal(pool.size, 3, "and so they do at no load");
  });

  it("C5: under pressure demand is in vain, and members go within two seconds", () => {
    for (const signals of [{ loopLagMs: 300 }, { heapShare: 0.95 }, { memoryShare: 0.95 }]) {
      const pool = new SimulatedPool({ min: 2, max: 20, size: 10 });
      using run = simulate(pool);
      Object.assign(pool, { busy: 100, waiting: 100 });
      run.second(signals);
      run.second(signals);
      assert.ok(pool.size < 12, JSON.stringify(signals));
      const before = pool.size;
      for (let tick = 0; tick < 30; tick += 1) run.second(signals);
      assert.ok(before > pool.size);
      assert.equal(pool.size, 2);
    }
  });

  it("C5: a busy CPU forbids growth, and takes nothing away", () => {
    const pool = new SimulatedPool({ min: 2, max: 20, size: 10 });
    using run = simulate(pool);
    for (let tick = 0; tick < 2; tick += 1) run.second({ cpuShare: 1 });
    Object.assign(pool, { busy: 100, waiting: 100 });
    for (let tick = 0; tick < 30; tick += 1) run.second({ cpuShare: 1 });
    assert.equal(pool.size, 10);
  });

  it("C5: a pool whose calls fail does not grow, one whose hosts answer 429 shrinks, and others are not touched", () => {
    const failing = new SimulatedPool({ min: 2, max: 20, size: 10 });
    using ofFailing = simulate(failing);
    const refused = new SimulatedPool({ min: 2, max: 20, size: 10 });
    using ofRefused = simulate(refused, { facesHosts: true });
    const other = new SimulatedPool({ min: 2, max: 20, size: 10 });
    ofRefused.governor.govern(other);
    for (const pool of [failing, refused, other]) Object.assign(pool, { busy: 100, waiting: 100 });
    for (let tick = 0; tick < 5; tick += 1) {
      failing.failed += 4;
      failing.done += 6;
      ofFailing.second();
      for (const pool of [refused, other]) pool.done += 10;
      for (let host = 0; host < 7; host += 1)
        ofRefused.events.emit({ type: "host-delayed", host: "a.example", untilMs: 0, why: "429" });
      ofRefused.second();
    }
    assert.equal(failing.size, 10);
    assert.equal(refused.size, 5);
    assert.equal(other.size, 15);
    assert.match(refused.reasons[0] ?? "", /7 of 10 calls failed or were put off/);
  });

  it("C5: what pressure took away comes back after ten seconds, what idleness took when it is wanted", () => {
    const pressed = new SimulatedPool({ min: 2, max: 20, size: 10 });
    using ofPressed = simulate(pressed);
    Object.assign(pressed, { busy: 100, waiting: 100, failed: 20 });
    ofPressed.second();
    assert.equal(pressed.size, 9);
    pressed.done += 1_000; // the failures of before are few among these
    for (let tick = 0; tick < 9; tick += 1) ofPressed.second();
    assert.equal(pressed.size, 9);
    ofPressed.second();
    assert.equal(pressed.size, 10);
    const idle = new SimulatedPool({ min: 2, max: 20, size: 10 });
    using ofIdle = simulate(idle);
    for (let tick = 0; tick < 10; tick += 1) ofIdle.second();
    assert.equal(idle.size, 9);
    Object.assign(idle, { busy: 100, waiting: 100 });
    ofIdle.second();
    assert.equal(idle.size, 10);
  });

  it("C40: says when the pressure changes, and why; up at once, down a level after five calm seconds", () => {
    const pool = new SimulatedPool({ min: 2, max: 20 });
    using run = simulate(pool);
    run.second({ loopLagMs: 400 });
    assert.equal(run.governor.level, "normal", "once is nothing");
    run.second({ loopLagMs: 300 });
    assert.deepEqual(run.seen, [
      {
        type: "pressure-changed",
        level: "overloaded",
        from: "normal",
        reasons: ["the event loop is 400 ms late"],
      },
    ]);
    assert.equal(pool.isShedding, true);
    const levels: string[] = [];
    for (let tick = 0; tick < 15; tick += 1) {
      run.second();
      levels.push(run.governor.level);
    }
    assert.equal(levels.map((level) => level[0]).join(""), "ooooosssssnnnnn");
    assert.equal(pool.isShedding, false);
  });

  it("C5: never leaves its bounds, never grows under pressure, and does not flap, whatever happens", () => {
    const second = fc.record({
      loopLagMs: fc.constantFrom(0, 60, 300),
      heapShare: fc.constantFrom(0.3, 0.85, 0.95),
      memoryShare: fc.constantFrom(0.1, 0.1, 0.1, 0.95),
      cpuShare: fc.constantFrom(0.2, 1),
      busy: fc.nat(25),
      waiting: fc.constantFrom(0, 5, 50),
      oldestMs: fc.constantFrom(0, 5_000),
      done: fc.nat(20),
      failed: fc.nat(10),
      delays: fc.constantFrom(0, 0, 10),
      seconds: fc.integer({ min: 1, max: 8 }),
    });
    const bounds = fc.record({ min: fc.integer({ min: 1, max: 5 }), spread: fc.nat(40) });
    const property = fc.property(bounds, fc.array(second, { maxLength: 30 }), ({ min, spread }, story) => {
      const pool = new SimulatedPool({ min, max: min + spread });
      using run = simulate(pool, { facesHosts: true });
      const turns: number[] = [];
      let direction = 0;
      let now = 0;
      for (const { busy, waiting, oldestMs, done, failed, delays, seconds, ...signals } of story) {
        for (let each = 0; each < seconds; each += 1) {
          now += 1;
          Object.assign(pool, { busy, waiting, oldestMs });
          pool.done += done;
          pool.failed += failed;
          for (let delay = 0; delay < delays; delay += 1)
            run.events.emit({ type: "host-delayed", host: "a.example", untilMs: 0, why: "503" });
          const before = pool.size;
          run.second(signals);
          assert.ok(pool.size >= min && pool.size <= min + spread);
          if (pool.size > before) assert.equal(run.governor.level, "normal");
          const by = Math.sign(pool.size - before);
          if (by !== 0 && by !== direction) {
            if (by > 0 && direction < 0) turns.push(now);
            direction = by;
          }
        }
      }
      // It may grow again ten seconds after it shrank, no sooner; so it turns upwards no oftener.
      for (const [index, turn] of turns.entries())
        assert.ok(index === 0 || turn - (turns[index - 1] ?? 0) > 10);
    });
    fc.assert(property, { numRuns: 200 });
  });

  it("C5: sizes a real pool, whose waiting calls go to the new members", async () => {
    const gate = new Gate();
    const { pool, seen } = openPool(
      { createAgent: () => doubler({ run: gate.run }) },
      { size: 1, min: 1, max: 3 },
    );
    using run = simulate(pool);
    const calls = Array.from({ length: 15 }, (_, index) => pool.run(index, context));
    run.second();
    run.second();
    assert.deepEqual([pool.status().busy, pool.size], [3, 3]);
    assert.deepEqual(
      seen.map(({ type }) => type),
      ["pool-resized", "pool-resized"],
    );
    gate.open();
    await Promise.all(calls);
    await pool[Symbol.asyncDispose]();
  });

  it("C37: asks idle members whether they can work, every ten seconds", () => {
    const pool = new SimulatedPool({ min: 2, max: 20 });
    using run = simulate(pool);
    for (let tick = 0; tick < 25; tick += 1) run.second();
    assert.equal(pool.checks, 2);
  });

  it("C37: reads this process's own signals, and sees a blocked event loop", async () => {
    using signals = systemSignals();
    block();
    assert.ok(signals.read().loopLagMs > 100, "blocked up to the look");
    block();
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
    const blocked = signals.read();
    assert.ok(blocked.loopLagMs > 100, `blocked from the look on: ${blocked.loopLagMs} ms`);
    assert.ok(blocked.cpuShare > 0 && blocked.heapShare > 0 && blocked.heapShare < 1);
    assert.ok(blocked.memoryShare > 0 && blocked.memoryShare < 1);
  });

  it("looks only while somebody has it watch, and leaves no pressure behind", () => {
    let opened = 0;
    let closed = 0;
    const source = () => {
      opened += 1;
      return { read: () => ({ ...calm, heapShare: 0.95 }), [Symbol.dispose]: () => void (closed += 1) };
    };
    const events = new EventStream();
    const seen: ForagerEvent[] = [];
    events.subscribe((event) => seen.push(event));
    const pool = new SimulatedPool({ min: 1, max: 4 });
    const governor = new Governor({ signals: source, clock: new ManualClock(), events });
    governor.govern(pool);
    const one = governor.watch();
    const two = governor.watch();
    governor.tick();
    assert.deepEqual([opened, closed, pool.isShedding], [1, 0, true]);
    one[Symbol.dispose]();
    one[Symbol.dispose]();
    assert.equal(closed, 0);
    two[Symbol.dispose]();
    assert.deepEqual([opened, closed, pool.isShedding, governor.level], [1, 1, false, "normal"]);
    assert.deepEqual(
      seen.map((event) => event.type === "pressure-changed" && event.level),
      ["overloaded", "normal"],
    );
  });
});
