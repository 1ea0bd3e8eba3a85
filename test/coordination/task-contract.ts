import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import fc from "fast-check";
import { rootContext } from "../../src/context.ts";
import type { TaskContext } from "../../src/coordination/tasks.ts";
import { ForagerError, NetworkError, TimeoutError } from "../../src/errors.ts";
import type { OpenBackend } from "./open-backend.ts";

const context = rootContext("test");
const work = (input: unknown) => ({ kind: "work", input });

/** Consumes kind "work" until idle. */
const consumeAll = async (
  backend: OpenBackend,
  handler: (input: unknown, context: TaskContext) => Promise<unknown>,
  options: { concurrency?: number; timeoutMs?: number } = {},
) => {
  await using consumer = backend.tasks.consume("work", handler, {
    concurrency: 1,
    timeoutMs: 2_000,
    context,
    ...options,
  });
  await consumer.idle(AbortSignal.timeout(5_000));
};

/** What every task queue promises. */
export function describeTasks(name: string, open: () => OpenBackend): void {
  describe(`task contract: ${name}`, () => {
    it("Queue 1: gives a handler the very input that was added, and its result to who waits", async () => {
      using backend = open();
      await fc.assert(
        fc.asyncProperty(fc.jsonValue({ maxDepth: 3 }), async (input) => {
          const [id] = await backend.tasks.add([work(input)]);
          await consumeAll(backend, async (given) => given);
          const ended = await backend.tasks.wait(Number(id));
          assert.equal(ended.state, "done");
          assert.deepEqual(ended.result, JSON.parse(JSON.stringify(input)));
        }),
        { numRuns: 20 },
      );
    });

    it("Queue 2 and 3: urgent tasks go first, equals in the order they were added", async () => {
      using backend = open();
      const asked = ["normal", "critical", "low", "high", "normal", "critical"] as const;
      await backend.tasks.add(
        asked.map((priority, index) => ({ ...work(`${priority} ${index}`), priority })),
      );
      const order: unknown[] = [];
      await consumeAll(backend, async (input) => order.push(input));
      assert.deepEqual(order, ["critical 1", "critical 5", "high 3", "normal 0", "normal 4", "low 2"]);
    });

    it("Queue 3: the oldest task is not starved by urgent ones", async () => {
      using backend = open();
      await backend.tasks.add([{ ...work("patient"), priority: "low" }]);
      await backend.tasks.add(
        Array.from({ length: 40 }, () => ({ ...work("urgent"), priority: "critical" as const })),
      );
      const order: unknown[] = [];
      await consumeAll(backend, async (input) => order.push(input));
      const place = order.indexOf("patient");
      assert.ok(place >= 0 && place <= 16, `it came at place ${place}`);
    });

    it("Queue 4: a delayed task never runs early, and soon after it is due", async () => {
      using backend = open();
      const dueAt = Date.now() + 120;
      await backend.tasks.add([{ ...work("later"), dueAt }]);
      let ranAt = 0;
      await consumeAll(backend, async () => {
        ranAt = Date.now();
      });
      assert.ok(ranAt >= dueAt, `${dueAt - ranAt} ms early`);
      assert.ok(ranAt <= dueAt + 500, `${ranAt - dueAt} ms late`);
    });

    it("Queue 5 and 7: a dedupe key has one live task, and is free after its end", async () => {
      using backend = open();
      const keyed = { ...work("x"), dedupe: { key: "host", whileActive: "ignore" as const } };
      const [first, second] = await backend.tasks.add([keyed, keyed]);
      assert.equal(first, second);
      await consumeAll(backend, async () => {});
      const [third] = await backend.tasks.add([keyed]);
      assert.notEqual(third, first);
      assert.equal(backend.tasks.counts("work").ready, 1);
    });

    it("Queue 8 and 22: many consumers run each task once, never more at a time than they may", async () => {
      using backend = open();
      const seen: unknown[] = [];
      let running = 0;
      const handler = async (input: unknown) => {
        running += 1;
        assert.ok(running <= 6, `${running} at once`);
        await delay(1);
        running -= 1;
        seen.push(input);
      };
      const options = { concurrency: 2, timeoutMs: 1_000, context };
      const consumers = [1, 2, 3].map(() => backend.tasks.consume("work", handler, options));
      await backend.tasks.add(Array.from({ length: 60 }, (_, index) => work(index)));
      for (const consumer of consumers) await consumer.idle(AbortSignal.timeout(5_000));
      for (const consumer of consumers) await consumer[Symbol.asyncDispose]();
      assert.deepEqual(
        seen.map(Number).sort((left, right) => left - right),
        Array.from({ length: 60 }, (_, index) => index),
      );
    });

    it("Queue 9 and 10: a task left by a dead holder is given out anew with a higher fence; the late end has no effect", async () => {
      using backend = open();
      const [id] = await backend.tasks.add([work("x")]);
      const fences: number[] = [];
      const { promise: release, resolve } = Promise.withResolvers<void>();
      const first = backend.tasks.consume(
        "work",
        async (_, { task }) => {
          fences.push(task.fence);
          if (fences.length > 1) return "second";
          await backend.database.write(() => backend.tasks.recover(Date.now(), { all: true }));
          await release;
          return "first";
        },
        { concurrency: 2, timeoutMs: 2_000, context },
      );
      const ended = await backend.tasks.wait(Number(id), AbortSignal.timeout(2_000));
      resolve();
      await first[Symbol.asyncDispose]();
      assert.deepEqual(fences, [1, 2]);
      assert.equal(ended.result, "second");
      assert.equal((await backend.tasks.wait(Number(id))).result, "second");
    });

    it("Queue 14: what may pass is tried again after a growing wait, and the try is counted", async () => {
      using backend = open();
      const [id] = await backend.tasks.add([work("x")]);
      const at: number[] = [];
      await consumeAll(backend, async (_, { task }) => {
        at.push(Date.now());
        if (task.attempt < 3) throw new NetworkError("no answer");
        return task.attempt;
      });
      assert.equal((await backend.tasks.wait(Number(id))).result, 3);
      const [first = 0, second = 0, third = 0] = at;
      assert.ok(second - first >= 20 && third - second >= 40, `waits ${second - first}, ${third - second}`);
    });

    it("Queue 15, 16 and 17: out of attempts or hopeless tasks go to the dead letters, and can be replayed or purged", async () => {
      using backend = open();
      const [tired, hopeless, gone] = await backend.tasks.add([
        work("tired"),
        work("hopeless"),
        work("gone"),
      ]);
      let isMended = false;
      const handler = async (input: unknown) => {
        if (isMended) return "mended";
        throw input === "tired" ? new NetworkError("no answer") : new TypeError("cannot be read");
      };
      await consumeAll(backend, handler);
      const dead = backend.tasks.dead({ limit: 10 });
      assert.deepEqual(
        dead.map(({ id, error, attempts }) => [id, error, attempts]),
        [
          [tired, "no answer", 3],
          [hopeless, "cannot be read", 1],
          [gone, "cannot be read", 1],
        ],
      );
      isMended = true;
      assert.equal(await backend.tasks.purge([Number(gone)]), 1);
      assert.equal(await backend.tasks.replay([Number(tired), Number(hopeless), Number(gone)]), 2);
      await consumeAll(backend, handler);
      const ended = await backend.tasks.wait(Number(tired));
      assert.deepEqual([ended.state, ended.result, ended.attempts], ["done", "mended", 1]);
      assert.deepEqual(backend.tasks.dead({ limit: 10 }), []);
    });

    it("Queue 18: a task that kills its workers is given up", async () => {
      using backend = open();
      const [id] = await backend.tasks.add([work("poison")]);
      let starts = 0;
      const consumer = backend.tasks.consume(
        "work",
        async () => {
          starts += 1;
          await backend.database.write(() => backend.tasks.recover(Date.now(), { all: true }));
          await delay(10);
        },
        { concurrency: 10, timeoutMs: 1_000, context },
      );
      const ended = await backend.tasks.wait(Number(id), AbortSignal.timeout(2_000));
      await consumer[Symbol.asyncDispose]();
      assert.equal(ended.state, "dead");
      assert.match(ended.error, /worker died 5 times/);
      assert.equal(starts, 5);
    });

    it("Queue 19: a handler that does not stop in time is left behind, its signal aborted", async () => {
      using backend = open();
      const [id] = await backend.tasks.add([{ ...work("x"), maxAttempts: 1 }]);
      let reason: unknown;
      await consumeAll(
        backend,
        (_, { signal }) =>
          new Promise(() => {
            signal.addEventListener("abort", () => (reason = signal.reason));
          }),
        { timeoutMs: 30 },
      );
      assert.ok(reason instanceof TimeoutError);
      assert.equal((await backend.tasks.wait(Number(id))).state, "dead");
    });

    it("Queue 20: a cancelled task never runs, and one under way is told at once", async () => {
      using backend = open();
      const [running, waiting] = await backend.tasks.add([work("running"), work("waiting")]);
      const { promise: started, resolve } = Promise.withResolvers<void>();
      const seen: unknown[] = [];
      let reason: unknown;
      const consumer = backend.tasks.consume(
        "work",
        (input, { signal }) =>
          new Promise(() => {
            seen.push(input);
            signal.addEventListener("abort", () => (reason = signal.reason));
            resolve();
          }),
        { concurrency: 1, timeoutMs: 2_000, context },
      );
      await started;
      assert.equal(await backend.tasks.cancel({ ids: [Number(running), Number(waiting)] }, "no more use"), 2);
      await consumer.idle(AbortSignal.timeout(1_000));
      await consumer[Symbol.asyncDispose]();
      assert.deepEqual(seen, ["running"]);
      assert.ok(reason instanceof ForagerError && reason.code === "cancelled");
      assert.equal((await backend.tasks.wait(Number(waiting))).error, "no more use");
    });

    it("Queue 25: closing finishes what is under way and takes nothing new; an aborted run gives tasks back as new", async () => {
      using backend = open();
      await backend.tasks.add([work(1), work(2), work(3)]);
      let starts = 0;
      const drained = backend.tasks.consume(
        "work",
        async () => {
          starts += 1;
          await delay(20);
        },
        { concurrency: 1, timeoutMs: 1_000, context },
      );
      await delay(10);
      await drained[Symbol.asyncDispose]();
      assert.equal(starts, 1);
      assert.deepEqual(backend.tasks.counts("work"), { ready: 2, leased: 0, done: 1, dead: 0, cancelled: 0 });

      const stop = new AbortController();
      const attempts: number[] = [];
      const aborted = backend.tasks.consume(
        "work",
        (_, { task }) => {
          attempts.push(task.attempt);
          return new Promise(() => {});
        },
        { concurrency: 2, timeoutMs: 1_000, context: rootContext("test", stop.signal) },
      );
      await delay(10);
      stop.abort(new Error("stopped"));
      await aborted[Symbol.asyncDispose]();
      assert.deepEqual(backend.tasks.counts("work"), { ready: 2, leased: 0, done: 1, dead: 0, cancelled: 0 });
      await consumeAll(backend, async (_, { task }) => attempts.push(task.attempt));
      assert.deepEqual(attempts, [1, 1, 1, 1]);
    });

    it("hands the abort reason back unchanged to who waits", async () => {
      using backend = open();
      const [id] = await backend.tasks.add([work("x")]);
      const reason = new Error("changed my mind");
      await assert.rejects(
        backend.tasks.wait(Number(id), AbortSignal.abort(reason)),
        (error) => error === reason,
      );
      await assert.rejects(backend.tasks.wait(999), RangeError);
    });
  });
}
