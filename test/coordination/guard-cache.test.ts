import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Budget } from "../../src/budget.ts";
import { rootContext } from "../../src/context.ts";
import { type Batcher, createBatcher } from "../../src/coordination/guard/batcher.ts";
import { cacheKey } from "../../src/coordination/guard/cache.ts";
import { createGuard } from "../../src/coordination/guard/guard.ts";
import type { Memory, PutOptions } from "../../src/coordination/memory.ts";
import { NetworkError } from "../../src/errors.ts";
import { SettlingClock } from "../browser/settling-clock.ts";

const context = rootContext("test");
const failing = () => Promise.reject(new NetworkError("reset"));

function open(memory?: Memory, clock = new SettlingClock()) {
  const guard = createGuard(
    { name: "extract", budget: { steps: 1 }, cache: { maxEntries: 2, ttlMs: 1_000 } },
    { clock, ...(memory ? { memory } : {}) },
  );
  let made = 0;
  const ask = (key: string, work: () => Promise<string> = async () => `${key} ${made}`, own = context) =>
    guard.run(
      "m",
      own,
      () => {
        made += 1;
        return work();
      },
      { cacheKey: key, costs: { tokens: 10 } },
    );
  return { guard, ask, clock, made: () => made };
}

describe("the result cache", () => {
  it("C33: the same content, version and prompt are never paid for twice", async () => {
    const { ask, guard } = open();
    const budget = new Budget("run");
    const own = rootContext("test", undefined, budget);
    const key = cacheKey("content", "extractor 3", "prompt");
    assert.equal(await ask(key, undefined, own), await ask(key, undefined, own));
    assert.deepEqual([budget.spent("tokens"), budget.spent("steps")], [10, 2]);
    await ask(cacheKey("content", "extractor 4", "prompt"), undefined, own);
    assert.equal(budget.spent("tokens"), 20);
    assert.deepEqual([guard.status().cache?.hits, guard.status().cache?.misses], [1, 2]);
  });

  it("C33: a key is equal only when all its parts are, wherever they are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (one, other) => {
        const areEqual = JSON.stringify(one) === JSON.stringify(other);
        assert.equal(cacheKey(...one) === cacheKey(...other), areEqual);
      }),
    );
    assert.notEqual(cacheKey("ab", "c"), cacheKey("a", "bc"));
  });

  it("C33: two equal calls at once are one, and share its error too", async () => {
    const { ask, made } = open();
    assert.equal(new Set(await Promise.all([ask("a"), ask("a"), ask("a")])).size, 1);
    assert.equal(made(), 1);
    const ended = await Promise.allSettled([ask("b", failing), ask("b", failing)]);
    assert.deepEqual(
      ended.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    assert.equal(made(), 2);
    assert.match(await ask("b"), /^b/);
  });

  it("C33: who joins a call is not drawn into its caller's abort or empty budget", async () => {
    const { ask, made } = open();
    const stop = new AbortController();
    const leader = ask("a", () => new Promise(() => {}), rootContext("leader", stop.signal));
    const hanging = assert.rejects(leader, /left/);
    const joined = ask("a", async () => "mine");
    stop.abort(new Error("left"));
    // The leader's work hangs on; its own guard would have a timeout.
    await hanging;
    assert.equal(await joined, "mine");
    const poor = rootContext("poor", undefined, new Budget("poor", { tokens: 5 }));
    const [first, second] = await Promise.allSettled([
      ask("b", undefined, poor),
      ask("b", async () => "rich"),
    ]);
    assert.equal(first?.status, "rejected");
    assert.equal(second?.status === "fulfilled" && second.value, "rich");
    assert.equal(made(), 3);
  });

  it("C33: forgets in time, and the longest unused when it is full", async () => {
    const { ask, clock, made } = open();
    await ask("a");
    await ask("b");
    await ask("a");
    await ask("c");
    await ask("a");
    assert.equal(made(), 3);
    await ask("b");
    assert.equal(made(), 4);
    clock.advance(1_001);
    await ask("b");
    assert.equal(made(), 5);
  });

  it("C33: what is kept in memory is known to the next process, and a memory that fails costs only the call", async () => {
    const clock = new SettlingClock();
    const kept = new Map<string, { value: unknown; expiresAt: number }>();
    const memory = {
      get: async (key: string) => {
        const found = kept.get(key);
        return found && found.expiresAt > clock.now() ? { key, version: 1, ...found } : undefined;
      },
      put: async (key: string, value: unknown, options?: PutOptions) => {
        kept.set(key, { value, expiresAt: clock.now() + (options?.ttlMs ?? 0) });
      },
    } as unknown as Memory;
    const before = open(memory, clock);
    const value = await before.ask("a");
    const after = open(memory, clock);
    assert.equal(await after.ask("a"), value);
    assert.equal(after.made(), 0);
    assert.deepEqual([...kept.keys()], ["cache/extract/a"]);
    clock.advance(1_001);
    assert.equal(await after.ask("a", async () => "anew"), "anew");

    const broken = {
      get: () => Promise.reject(new Error("disk")),
      put: () => Promise.reject(new Error("disk")),
    } as unknown as Memory;
    const alone = open(broken);
    assert.equal(await alone.ask("a", async () => "made"), "made");
    assert.equal(alone.guard.status().cache?.lost, 2);
  });
});

function openBatcher(options: {
  maxItems: number;
  maxWaitMs?: number;
  targetMs?: number;
  msPerItem?: number;
  run?: (items: readonly number[], signal: AbortSignal) => Promise<readonly (number | Error)[]>;
}) {
  const clock = new SettlingClock();
  const sizes: number[] = [];
  const batcher: Batcher<number, number> = createBatcher(
    {
      maxWaitMs: 10,
      ...options,
      run: async (items, signal) => {
        sizes.push(items.length);
        await clock.sleep(items.length * (options.msPerItem ?? 1), signal);
        return options.run ? await options.run(items, signal) : items.map((item) => item * 2);
      },
    },
    { clock },
  );
  return { batcher, clock, sizes };
}

describe("batches", () => {
  it("C33: each caller gets its own item's result, however they fall into batches", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer(), { maxLength: 40 }),
        fc.integer({ min: 1, max: 8 }),
        async (items, maxItems) => {
          const { batcher, sizes } = openBatcher({ maxItems });
          assert.deepEqual(
            await Promise.all(items.map((item) => batcher.add(item))),
            items.map((item) => item * 2),
          );
          assert.ok(sizes.every((size) => size <= maxItems));
          assert.equal(
            sizes.reduce((sum, size) => sum + size, 0),
            items.length,
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  it("C33: a full batch goes at once, a lone item after its wait", async () => {
    const { batcher, clock } = openBatcher({ maxItems: 3, maxWaitMs: 500, msPerItem: 0 });
    const start = clock.now();
    await Promise.all([1, 2, 3].map((item) => batcher.add(item)));
    assert.equal(clock.now() - start, 0);
    await batcher.add(4);
    assert.equal(clock.now() - start, 500);
  });

  it("C33: an item's own error is its own, and the whole batch's is everybody's", async () => {
    const mixed = openBatcher({
      maxItems: 2,
      run: async (items) => items.map((item) => (item < 0 ? new Error("negative") : item)),
    });
    const own = await Promise.allSettled([1, -1].map((item) => mixed.batcher.add(item)));
    assert.deepEqual(
      own.map(({ status }) => status),
      ["fulfilled", "rejected"],
    );
    const short = openBatcher({ maxItems: 2, run: async () => [1] });
    const all = await Promise.allSettled([1, 2].map((item) => short.batcher.add(item)));
    assert.ok(all.every((one) => one.status === "rejected" && /gave 1 results/.test(String(one.reason))));
  });

  it("C33: who leaves, waiting or under way, takes nobody along; when all have left the batch stops", async () => {
    let stopped = 0;
    const begun = Promise.withResolvers<void>();
    const { batcher } = openBatcher({
      maxItems: 2,
      run: (items, signal) =>
        items.includes(0)
          ? new Promise((_, reject) => {
              begun.resolve();
              signal.addEventListener("abort", () => {
                stopped += 1;
                reject(signal.reason);
              });
            })
          : Promise.resolve(items),
    });
    const stop = new AbortController();
    const reason = new Error("left");
    const left = batcher.add(7, stop.signal);
    const stays = batcher.add(8);
    stop.abort(reason);
    await assert.rejects(left, (error) => error === reason);
    assert.equal(await stays, 8);

    const both = [new AbortController(), new AbortController()];
    const hanging = both.map(({ signal }) => batcher.add(0, signal));
    await begun.promise;
    both[0]?.abort(reason);
    assert.equal(stopped, 0);
    both[1]?.abort(reason);
    await Promise.allSettled(hanging);
    assert.equal(stopped, 1);
    assert.equal(await batcher.add(9), 9);
  });

  it("C33: batches grow while they are in time and shrink when they are not", async () => {
    const { batcher, sizes } = openBatcher({ maxItems: 64, targetMs: 200, msPerItem: 10 });
    await Promise.all(Array.from({ length: 1_500 }, (_, item) => batcher.add(item)));
    const late = sizes.slice(-30, -1);
    assert.equal(sizes[0], 4);
    assert.ok(Math.max(...sizes) <= 22 && Math.min(...late) >= 9, late.join(" "));
    assert.ok(late.filter((size) => size <= 20).length / late.length >= 0.9, late.join(" "));
  });
});
