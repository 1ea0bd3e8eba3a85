import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type LoggedEvent, replay } from "../../src/coordination/event-log.ts";
import { VersionConflictError } from "../../src/coordination/memory.ts";
import type { OpenBackend } from "./open-backend.ts";

const compacted = { code: "compacted" };

/** Appends `count` numbered events, from 1. */
function fill({ database, log }: OpenBackend, stream: string, count: number, at = 0): void {
  database.writeNow(() => {
    for (let index = 1; index <= count; index += 1) log.append(stream, "noted", index, at);
  });
}

/** A state as of each event: the latest four. */
const lastFour = (state: readonly number[], { data }: LoggedEvent) => [...state, Number(data)].slice(-4);

/** Calls a bounded step in transactions of its own until nothing is left for it. */
function toTheEnd({ database }: OpenBackend, step: () => number): number {
  let sum = 0;
  for (;;) {
    const rows = database.writeNow(step);
    if (rows === 0) return sum;
    sum += rows;
  }
}

/** What every event log promises. */
export function describeLog(name: string, open: () => OpenBackend): void {
  describe(`event log contract: ${name}`, () => {
    it("Log 37 and 39: many appenders get places without gaps, each stream in order", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.constantFrom("run/1", "run/2", "host/a")), async (streams) => {
          using backend = open();
          const places = await Promise.all(
            streams.map((stream, index) =>
              backend.database.write(() => backend.log.append(stream, "noted", { index }, index)),
            ),
          );
          for (const stream of new Set(streams)) {
            const own = streams.flatMap((each, index) => (each === stream ? [index] : []));
            const events = backend.log.read(stream);
            assert.deepEqual(
              events.map((event) => event.data),
              own.map((index) => ({ index })),
            );
            assert.deepEqual(
              events.map((event) => event.place),
              own.map((_, at) => at + 1),
            );
            assert.deepEqual(
              own.map((index) => places[index]),
              own.map((_, at) => at + 1),
            );
          }
        }),
        { numRuns: 20 },
      );
    });

    it("Log 37: who expects another last place than there is writes nothing", () => {
      using backend = open();
      const { database, log } = backend;
      fill(backend, "run/1", 2);
      const append = (stream: string, expected: number) =>
        database.writeNow(() => log.append(stream, "noted", "x", 0, { expected }));
      assert.throws(
        () => append("run/1", 1),
        (error) => error instanceof VersionConflictError && error.version === 2,
      );
      assert.throws(() => append("run/2", 1), VersionConflictError);
      assert.equal(append("run/1", 2), 3);
      assert.equal(append("run/2", 0), 1);
      assert.equal(log.lastPlace("run/1"), 3);
      assert.equal(log.lastPlace("run/3"), 0);
    });

    it("Log 37: of ten writers that saw the same last place one goes on", async () => {
      using backend = open();
      const { database, log } = backend;
      const results = await Promise.allSettled(
        Array.from({ length: 10 }, (_, writer) =>
          database.write(() => log.append("plan/1", "decided", writer, 0, { expected: 0 })),
        ),
      );
      assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
      assert.equal(log.read("plan/1").length, 1);
    });

    it("reads on from a place, a few at a time", () => {
      using backend = open();
      fill(backend, "run/1", 5);
      assert.deepEqual(
        backend.log.read("run/1", { after: 2, limit: 2 }).map(({ data }) => data),
        [3, 4],
      );
    });

    it("C19: a run's state is rebuilt from its events, with who caused them and what it cost", () => {
      using backend = open();
      const { database, log } = backend;
      const history = [
        ["page-wanted", { url: "/a", by: "plan/7" }],
        ["page-stored", { url: "/a", cost: 0.002 }],
        ["page-wanted", { url: "/b", by: "plan/7" }],
      ] as const;
      database.writeNow(() => {
        for (const [type, data] of history) log.append("run/1", type, data, 5);
        log.append("run/2", "page-wanted", { url: "/c" }, 5);
      });
      const { place, state } = replay(
        log,
        "run/1",
        { why: new Map<string, string>(), cost: 0 },
        (state, event: LoggedEvent) => {
          const data = event.data as { url: string; by?: string; cost?: number };
          if (data.by) state.why.set(data.url, data.by);
          return { ...state, cost: state.cost + (data.cost ?? 0) };
        },
      );
      assert.equal(place, 3);
      assert.deepEqual(
        [...state.why],
        [
          ["/a", "plan/7"],
          ["/b", "plan/7"],
        ],
      );
      assert.equal(state.cost, 0.002);
    });

    it("Log 38, C20: a snapshot and what came after it give what all events give, compacted or not", () => {
      fc.assert(
        fc.property(
          fc.array(fc.record({ events: fc.nat(6), back: fc.nat(3), isCompacted: fc.boolean() })),
          (rounds) => {
            using backend = open();
            const { database, log } = backend;
            let full: readonly number[] = [];
            let last = 0;
            for (const { events, back, isCompacted } of rounds) {
              for (let each = 0; each < events; each += 1) {
                last += 1;
                full = [...full, last].slice(-4);
                assert.equal(
                  database.writeNow(() => log.append("run/1", "noted", last, last)),
                  last,
                );
              }
              // A snapshot is often some events behind, and may come from a writer that was overtaken.
              const place = Math.max(0, last - back);
              const state = [place - 3, place - 2, place - 1, place].filter((each) => each > 0);
              database.writeNow(() => log.saveSnapshot("run/1", { place, state }));
              if (isCompacted) toTheEnd(backend, () => log.compact("run/1"));
              assert.deepEqual(replay<readonly number[]>(log, "run/1", [], lastFour), {
                place: last,
                state: full,
              });
              assert.equal(log.lastPlace("run/1"), last);
            }
          },
        ),
        { numRuns: 50 },
      );
    });

    it("Log 38: reading what was compacted is an error, never a silent gap", () => {
      using backend = open();
      const { database, log } = backend;
      fill(backend, "run/1", 5);
      assert.equal(
        toTheEnd(backend, () => log.compact("run/1")),
        0,
        "nothing goes without a snapshot",
      );
      database.writeNow(() => log.saveSnapshot("run/1", { place: 3, state: "three" }));
      assert.equal(
        toTheEnd(backend, () => log.compact("run/1")),
        3,
      );
      assert.throws(() => log.read("run/1"), compacted);
      assert.throws(() => log.read("run/1", { after: 2 }), compacted);
      assert.deepEqual(
        log.read("run/1", { after: 3 }).map(({ place }) => place),
        [4, 5],
      );
      database.writeNow(() => log.saveSnapshot("run/1", { place: 5, state: "five" }));
      toTheEnd(backend, () => log.compact("run/1"));
      assert.throws(() => log.read("run/1", { after: 4 }), compacted);
      assert.deepEqual(log.read("run/1", { after: 5 }), []);
      assert.equal(
        database.writeNow(() => log.append("run/1", "noted", 6, 0)),
        6,
      );
      database.writeNow(() => log.saveSnapshot("run/1", { place: 4, state: "late" }));
      assert.deepEqual(log.snapshot("run/1"), { place: 5, state: "five" });
      assert.throws(
        () => database.writeNow(() => log.saveSnapshot("run/1", { place: 7, state: "early" })),
        RangeError,
      );
    });

    it("C20: what ended long ago is forgotten, stream by stream and in short steps; what goes on is kept whole", () => {
      using backend = open();
      const { database, log } = backend;
      fill(backend, "run/1", 4_500, 10);
      fill(backend, "run/2", 2, 10);
      fill(backend, "run/2", 1, 100);
      fill(backend, "run/3", 3, 10);
      fill(backend, "host/a", 1, 10);
      database.writeNow(() => {
        log.saveSnapshot("run/1", { place: 2, state: {} });
        log.saveSnapshot("run/3", { place: 3, state: {} });
        log.compact("run/3");
      });
      assert.equal(
        database.writeNow(() => log.forget("run/", 10)),
        0,
      );
      assert.ok(database.writeNow(() => log.forget("run/", 11)) < 4_500);
      assert.equal(log.lastPlace("run/1"), 4_500);
      assert.throws(() => log.read("run/1"), compacted);
      toTheEnd(backend, () => log.forget("run/", 11));
      assert.deepEqual(
        ["run/1", "run/2", "run/3", "host/a"].map((stream) => log.lastPlace(stream)),
        [0, 3, 0, 1],
      );
      assert.equal(log.snapshot("run/1"), undefined);
      assert.equal(log.snapshot("run/3"), undefined);
      assert.deepEqual(log.read("run/1"), []);
    });

    it("Log 39: goes on where the events of an earlier version's file end", () => {
      using backend = open();
      const { database, log } = backend;
      database.writeNow(() =>
        database
          .prepare(
            "INSERT INTO event(at, stream, place, type, data) VALUES(1, 'run/1', 1, 'noted', '1'), (2, 'run/1', 2, 'noted', '2')",
          )
          .run(),
      );
      assert.equal(log.lastPlace("run/1"), 2);
      assert.equal(
        database.writeNow(() => log.append("run/1", "noted", 3, 3, { expected: 2 })),
        3,
      );
      assert.deepEqual(
        log.read("run/1").map(({ data }) => data),
        [1, 2, 3],
      );
    });
  });
}
