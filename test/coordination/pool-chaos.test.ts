import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type RunContext, rootContext } from "../../src/context.ts";
import { Resources } from "../../src/coordination/pools/resource-pools.ts";
import { type SelectionName, selections } from "../../src/coordination/pools/selection.ts";
import { priorities } from "../../src/coordination/new-task.ts";
import { systemClock } from "../../src/clock.ts";
import { doubler, openPool, settle, untilAborted } from "./pool-fixture.ts";

/** What an agent does at an input. */
const deeds = ["answer", "answer later", "throw", "hang", "wait for its end", "answer badly"] as const;

async function act(input: number, context: RunContext): Promise<number> {
  switch (deeds[input]) {
    case "answer later":
      await settle();
      return 7;
    case "throw":
      throw new TypeError("broken");
    case "hang":
      return await new Promise(() => {});
    case "wait for its end":
      return await untilAborted(context);
    case "answer badly":
      return 0.5;
    default:
      return 7;
  }
}

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("call" as const),
      input: fc.nat(deeds.length - 1),
      priority: fc.constantFrom(...priorities),
      affinity: fc.constantFrom("a", "b", "c", undefined),
      isCalledOff: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("resize" as const), size: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("check" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pause" as const) }) },
);

const setting = fc.record({
  isShared: fc.boolean(),
  slots: fc.integer({ min: 1, max: 2 }),
  selection: fc.constantFrom(...(Object.keys(selections) as SelectionName[])),
  /** Members that fail to start, counted from the first that is made; checks fail likewise. */
  failing: fc.array(fc.nat(6), { maxLength: 3 }),
  story: fc.array(step, { minLength: 1, maxLength: 25 }),
});

describe("agent pool under chaos", () => {
  it("C38: whatever agents do, every call ends, no more run than may, and nothing stays taken", async () => {
    const property = fc.asyncProperty(setting, async ({ isShared, slots, selection, failing, story }) => {
      let made = 0;
      let most = 0;
      const createAgent = () => {
        const number = made;
        made += 1;
        return doubler({
          uses: { tab: 1 },
          start: async () => {
            await settle();
            if (failing.includes(number)) throw new Error("does not start");
          },
          check: async () => {
            if (failing.includes(number + 3)) throw new Error("is ill");
          },
          run: (input, context) => {
            most = Math.max(most, pool.status().busy);
            return act(input, context);
          },
        });
      };
      const resources = new Resources({ clock: systemClock }, { sizes: { tab: 3 }, timeoutMs: 200 });
      const { pool } = openPool(
        isShared ? { agent: createAgent() } : { createAgent },
        { size: 2, min: 1, max: 4, slots, selection, timeoutMs: 4, graceMs: 3, maxWaiting: 15 },
        { resources },
      );
      const ended: Promise<unknown>[] = [];
      for (const each of story) {
        if (each.kind === "resize") pool.resize(each.size, "chaos");
        if (each.kind === "check") ended.push(pool.check());
        if (each.kind === "pause") await settle();
        if (each.kind !== "call") continue;
        const off = new AbortController();
        const { input, priority, affinity, isCalledOff } = each;
        const options = { priority, ...(affinity === undefined ? {} : { affinity }) };
        ended.push(pool.run(input, rootContext("job", off.signal), options).catch(() => {}));
        if (isCalledOff) setImmediate(() => off.abort(new Error("off")));
      }
      const late = new AbortController();
      const isOver = await Promise.race([
        Promise.allSettled(ended).then(() => true),
        delay(60_000, false, { signal: late.signal }).catch(() => false),
      ]);
      late.abort();
      assert.equal(isOver, true, "every call ends");
      await pool[Symbol.asyncDispose]();
      const { busy, waiting } = pool.status();
      assert.deepEqual([busy, waiting], [0, 0]);
      assert.ok(resources.status().every(({ inUse, waiting }) => inUse === 0 && waiting === 0));
      // One that shrank still does what it had begun, and may grow meanwhile.
      if (!story.some(({ kind }) => kind === "resize")) assert.ok(most <= 2 * (isShared ? 1 : slots));
    });
    await fc.assert(property, { numRuns: 60 });
  });
});
