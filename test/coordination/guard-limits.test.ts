import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { rootContext } from "../../src/context.ts";
import { BoundedMap } from "../../src/coordination/guard/bounded-map.ts";
import { createGuard } from "../../src/coordination/guard/guard.ts";
import { LoopError, LoopLimit } from "../../src/coordination/guard/loop-limit.ts";
import { RateLimiter } from "../../src/coordination/guard/rate-limit.ts";
import { RetryLaterError } from "../../src/coordination/tasks.ts";
import { SettlingClock } from "../browser/settling-clock.ts";

const context = rootContext("test");

describe("rate limits", () => {
  it("C15: never lets a key have more than its burst and its rate in any stretch of time", () => {
    const arrivals = fc.array(
      fc.record({ key: fc.constantFrom("a", "b"), gapMs: fc.integer({ min: 0, max: 400 }) }),
      { maxLength: 80 },
    );
    const limit = fc.record({
      perSecond: fc.integer({ min: 1, max: 20 }),
      burst: fc.integer({ min: 1, max: 5 }),
    });
    const holds = fc.property(limit, arrivals, ({ perSecond, burst }, arrivals) => {
      const clock = new SettlingClock();
      const limiter = new RateLimiter({ perSecond, burst }, clock);
      const times: Record<string, number[]> = { a: [], b: [] };
      for (const { key, gapMs } of arrivals) {
        clock.advance(gapMs);
        times[key]?.push(limiter.take(key));
      }
      for (const own of Object.values(times))
        for (let from = 0; from < own.length; from += 1)
          for (let to = from; to < own.length; to += 1) {
            const seconds = ((own[to] ?? 0) - (own[from] ?? 0)) / 1_000;
            // Epoch milliseconds have a quarter of a thousandth after the point.
            assert.ok(to - from + 1 <= burst + seconds * perSecond + 1e-4);
          }
    });
    fc.assert(holds);
  });

  it("C15: lets one key have its own whatever another does, and a full burst after a pause", () => {
    const clock = new SettlingClock();
    const limiter = new RateLimiter({ perSecond: 10, burst: 2 }, clock);
    const burst = (key: string) => Array.from({ length: 3 }, () => limiter.tryTake(key));
    assert.deepEqual(
      [burst("a"), burst("b")],
      [
        [true, true, false],
        [true, true, false],
      ],
    );
    clock.advance(100);
    assert.deepEqual(burst("a"), [true, false, false]);
    clock.advance(60_000);
    assert.deepEqual(burst("a"), [true, true, false]);
  });

  it("C15: paces calls to a key, and says when to come back where the deadline does not reach", async () => {
    const clock = new SettlingClock();
    const guard = createGuard({ name: "model", rate: { perSecond: 2, burst: 1 } }, { clock });
    const start = clock.now();
    const times = await Promise.all([1, 2, 3].map(() => guard.run("m", context, async () => clock.now())));
    assert.deepEqual(
      times.map((time) => time - start),
      [0, 500, 1_000],
    );
    const hurried = { ...context, deadlineAt: clock.now() + 100 };
    await assert.rejects(
      guard.run("m", hurried, () => assert.fail("is not called")),
      (error) => error instanceof RetryLaterError && error.until === clock.now() + 500,
    );
    // What was refused took no place.
    assert.equal(await guard.run("m", context, async () => clock.now() - start), 1_500);
  });
});

describe("loop limits", () => {
  it("C24: ends an agent's loop after ten steps", () => {
    const limit = new LoopLimit("the researcher");
    for (let i = 0; i < 10; i += 1) limit.step("search", { query: i });
    assert.throws(
      () => limit.step("search", { query: 10 }),
      (error) => error instanceof LoopError && error.kind === "too-many-steps",
    );
  });

  it("C24: ends it when the same call is made with the same input again and again", () => {
    const limit = new LoopLimit("the researcher", { maxRepeats: 2 });
    limit.step("search", { query: "lamp", page: 1 });
    limit.step("search", { page: 1, query: "lamp" });
    limit.step("open", { query: "lamp", page: 1 });
    assert.throws(
      () => limit.step("search", { query: "lamp", page: 1 }),
      (error) => error instanceof LoopError && error.kind === "no-progress" && /search/.test(error.message),
    );
  });
});

describe("a bounded map", () => {
  it("forgets the longest unused", () => {
    const map = new BoundedMap<number>(2);
    map.set("a", 1);
    map.set("b", 2);
    map.get("a");
    map.peek("b");
    map.set("c", 3);
    assert.deepEqual(
      [...map.entries()],
      [
        ["a", 1],
        ["c", 3],
      ],
    );
    map.set("c", 4);
    assert.equal(map.size, 2);
  });
});
