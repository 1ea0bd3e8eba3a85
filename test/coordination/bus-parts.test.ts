import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, it } from "node:test";
import fc from "fast-check";
import { systemClock } from "../../src/clock.ts";
import type { ForagerError } from "../../src/errors.ts";
import type { ForagerEvent } from "../../src/events.ts";
import { EventStream } from "../../src/events.ts";
import { type Message, messageTypes } from "../../src/coordination/bus/bus.ts";
import { fromEnvelope, toEnvelope } from "../../src/coordination/bus/envelope.ts";
import { InProcessBus } from "../../src/coordination/bus/in-process-bus.ts";
import { PriorityRings } from "../../src/coordination/bus/priority-rings.ts";
import { publishEvents } from "../../src/coordination/bus/publish-events.ts";
import { Timed, TimerWheel } from "../../src/coordination/bus/timer-wheel.ts";
import { priorities } from "../../src/coordination/new-task.ts";
import { context } from "./bus-contract.ts";
import { ManualClock } from "./open-backend.ts";
import { until } from "./task-helpers.ts";

const message = fc.record({
  id: fc.string({ minLength: 1, maxLength: 50 }),
  type: fc.constantFrom(...messageTypes),
  from: fc.string({ minLength: 1, maxLength: 50 }),
  to: fc.option(fc.string({ maxLength: 50 }), { nil: undefined }),
  topic: fc.option(fc.string({ maxLength: 50 }), { nil: undefined }),
  priority: fc.constantFrom(...priorities),
  trace: fc.string(),
  hops: fc.nat(),
  at: fc.nat(),
  wantsAnswer: fc.constant(false),
  payload: fc.jsonValue(),
});

describe("envelopes", () => {
  it("C7: a message is the same after it was written as JSON and read again", () => {
    fc.assert(
      fc.property(message, (message: Message) => {
        const written: unknown = JSON.parse(JSON.stringify(toEnvelope(message)));
        const { payload, ...fields } = fromEnvelope(written);
        const { payload: sent, ...expected } = message;
        assert.deepEqual(fields, expected);
        assert.deepEqual(payload, JSON.parse(JSON.stringify(sent)));
      }),
    );
  });

  it("C7: only a payload over 8 KiB is packed, and only if that saves something", () => {
    const [sample] = fc.sample(message, 1) as [Message];
    const isPacked = (payload: unknown) => "zstd" in toEnvelope({ ...sample, payload });
    assert.equal(isPacked("x".repeat(8_190)), false);
    assert.equal(isPacked("x".repeat(8_191)), true);
    const noise = Array.from({ length: 9_000 }, (_, index) =>
      String.fromCodePoint(0x4e00 + ((index * 7_919) % 20_000)),
    ).join("");
    const envelope = toEnvelope({ ...sample, payload: noise });
    assert.ok(Buffer.byteLength(JSON.stringify(envelope)) <= Buffer.byteLength(noise) + 1_000);
    assert.equal(fromEnvelope(envelope).payload, noise);
  });

  it("C7: a payload that unpacks to more than may be kept is refused before it fills the memory", async () => {
    const { zstdCompressSync } = await import("node:zlib");
    const bomb = zstdCompressSync(Buffer.alloc(100_000_000)).toString("base64");
    const envelope = { version: 1, id: "1", type: "event", from: "a/1", zstd: bomb };
    assert.throws(
      () => fromEnvelope(envelope),
      ({ code, cause }: ForagerError) =>
        code === "bad-message" && (cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE",
    );
  });
});

describe("what waits in a mailbox", () => {
  it("Bus 46: comes in order within its rank, each once, however it is taken out", () => {
    const steps = fc.array(fc.oneof(fc.nat(3), fc.constantFrom("shift", "cut")), { maxLength: 200 });
    fc.assert(
      fc.property(steps, fc.nat(3), (steps, cutFrom) => {
        const rings = new PriorityRings<{ rank: number; sequence: number }>();
        const lanes: number[][] = [[], [], [], []];
        let sequence = 0;
        for (const step of steps) {
          if (typeof step === "number") {
            lanes[step]?.push((sequence += 1));
            rings.push({ rank: step, sequence });
          } else {
            const isCut = step === "cut";
            const item = isCut ? rings.shiftLeastUrgent(cutFrom) : rings.shift();
            const first = (item && lanes[item.rank]?.shift()) ?? undefined;
            assert.equal(item?.sequence, first);
            if (isCut && item)
              assert.ok(
                item.rank >= cutFrom && lanes.every((lane, rank) => rank <= item.rank || lane.length === 0),
              );
            if (!item) assert.ok(lanes.every((lane, rank) => lane.length === 0 || (isCut && rank < cutFrom)));
          }
          assert.equal(rings.size, lanes.flat().length);
        }
      }),
    );
  });
});

describe("deadlines on one timer", () => {
  it("come when they are due, not earlier and each once, near or far, and not when they were lifted", async () => {
    class Alarm extends Timed {
      readonly name: number;
      constructor(name: number) {
        super();
        this.name = name;
      }
      expire(): void {
        rang.push([this.name, clock.now()]);
      }
    }
    const clock = new ManualClock();
    const start = clock.now();
    const wheel = new TimerWheel(clock);
    const rang: [number, number][] = [];
    const alarms = [0, 1, 15, 16, 17, 500, 8_192, 8_200, 30_000, 30_001].map((ms) => {
      const alarm = new Alarm(ms);
      wheel.add(alarm, start + ms);
      return alarm;
    });
    wheel.remove(alarms.at(-1) as Timed);
    // The timer is a real one: it looks every 16 ms, and here until all came that is due.
    for (const [at, count] of [
      [1, 2],
      [16, 4],
      [20, 5],
      [8_191, 6],
      [8_199, 7],
      [60_000, 9],
    ] as const) {
      clock.advance(start + at - clock.now());
      await until(`what is due after ${at} ms`, () => rang.length >= count);
    }
    wheel.close();
    assert.deepEqual(
      rang.map(([name, at]) => [name, at - start]),
      [
        [0, 1],
        [1, 1],
        [15, 16],
        [16, 16],
        [17, 20],
        [500, 8_191],
        [8_192, 8_199],
        [8_200, 60_000],
        [30_000, 60_000],
      ],
    );
  });
});

describe("events on the bus", () => {
  const event: ForagerEvent = { type: "urls-found", added: 3, from: "https://a.example/" };
  const unheard: ForagerEvent = { type: "agent-failed", role: "extractor", error: "x" };

  it("C10: a run's events are messages for whoever follows them, and cost a look-up when nobody does", async (test) => {
    await using bus = new InProcessBus({ clock: systemClock });
    const events = new EventStream();
    const got: unknown[] = [];
    using _bridge = publishEvents(events, bus, { job: "crawl", run: 7, context });
    events.emit(event);
    assert.equal(bus.status().sent, 0);
    bus.subscribe("crawl.*.urls.found", ({ topic, payload }) => void got.push([topic, payload]));
    events.emit(event);
    events.emit(unheard);
    await bus.drain();
    assert.deepEqual(got, [["crawl.7.urls.found", event]]);
    assert.equal(bus.status().sent, 1);
    const lookUps = test.mock.method(bus, "hasSubscribers");
    const messages = test.mock.method(bus, "publish");
    for (let each = 0; each < 100; each += 1) events.emit(unheard);
    assert.deepEqual([lookUps.mock.callCount(), messages.mock.callCount()], [100, 0]);
  });

  it("a follower that cannot keep up holds up no run", async () => {
    await using bus = new InProcessBus({ clock: systemClock });
    const events = new EventStream();
    using _bridge = publishEvents(events, bus, { job: "crawl", run: 7, context });
    bus.subscribe("crawl.>", () => new Promise(() => {}), { capacity: 2, overflow: "drop-oldest" });
    bus.subscribe("crawl.7.>", () => new Promise(() => {}), { capacity: 2, overflow: "reject" });
    for (let each = 0; each < 10; each += 1) events.emit(event);
    await nextTurn();
    const { mailboxes } = bus.status();
    assert.ok(mailboxes.every(({ maxDepth }) => maxDepth === 2));
  });
});
