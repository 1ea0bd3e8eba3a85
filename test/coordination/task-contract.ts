import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Budget, BudgetError } from "../../src/budget.ts";
import { rootContext } from "../../src/context.ts";
import type { TaskContext } from "../../src/coordination/tasks.ts";
import { TaskTooLargeError } from "../../src/coordination/tasks.ts";
import { VersionConflictError } from "../../src/coordination/memory.ts";
import { LeaseLostError } from "../../src/errors.ts";
import type { OpenBackend } from "./open-backend.ts";
import { addOne, consumeAll, context, until, work } from "./task-helpers.ts";

const keyed = (input: unknown, whileActive: "ignore" | "rearm", more = {}) =>
  work(input, { dedupe: { key: "host", whileActive }, ...more });

/** What every task queue promises of tasks that are added, taken and worked on. */
export function describeTasks(name: string, open: () => OpenBackend): void {
  describe(`task contract: ${name}`, () => {
    it("Queue 1: gives a handler the very input that was added, and its result to who waits", async () => {
      using backend = open();
      await fc.assert(
        fc.asyncProperty(fc.jsonValue({ maxDepth: 3 }), async (input) => {
          const id = await addOne(backend, work(input));
          await consumeAll(backend, async (given) => given);
          const ended = await backend.tasks.wait(id);
          assert.equal(ended.state, "done");
          assert.deepEqual(ended.result, JSON.parse(JSON.stringify(input)));
        }),
        { numRuns: 20 },
      );
    });

    it("Queue 1: refuses an input that is too large, and everything that was to be added with it", async () => {
      using backend = open();
      const refused = backend.tasks.add([work("fits"), work("€".repeat(22_000))]);
      await assert.rejects(
        refused,
        (error) => error instanceof TaskTooLargeError && /66002 bytes/.test(error.message),
      );
      assert.equal(backend.tasks.counts().ready, 0);
      await backend.tasks.add([work("x".repeat(65_000))]);
    });

    it("Queue 2 and 3: urgent tasks go first, equals in the order they were added", async () => {
      using backend = open();
      const asked = ["normal", "critical", "low", "high", "normal", "critical"] as const;
      await backend.tasks.add(asked.map((priority, index) => work(`${priority} ${index}`, { priority })));
      const order: unknown[] = [];
      await consumeAll(backend, async (input) => order.push(input));
      assert.deepEqual(order, ["critical 1", "critical 5", "high 3", "normal 0", "normal 4", "low 2"]);
    });

    it("Queue 3: the oldest task is not starved by urgent ones, however many are taken at a time", async () => {
      for (const concurrency of [1, 8, 40]) {
        using backend = open();
        await backend.tasks.add([work("patient", { priority: "low" })]);
        await backend.tasks.add(Array.from({ length: 200 }, () => work("urgent", { priority: "critical" })));
        const order: unknown[] = [];
        await consumeAll(backend, async (input) => order.push(input), { concurrency });
        const place = order.indexOf("patient");
        assert.ok(
          place >= 0 && place < 16 + concurrency,
          `it came at place ${place} of ${concurrency} at a time`,
        );
      }
    });

    it("Queue 4: a delayed task never runs early, and by itself once it is due", async () => {
      using backend = open();
      const dueAt = Date.now() + 120;
      await backend.tasks.add([work("later", { dueAt })]);
      let ranAt = 0;
      await consumeAll(backend, async () => {
        ranAt = Date.now();
      });
      assert.ok(ranAt >= dueAt, `${dueAt - ranAt} ms early`);
    });

    it("Queue 5 and 7: a dedupe key has one live task, and is free after its end", async () => {
      using backend = open();
      const [first, second] = await backend.tasks.add([keyed("x", "ignore"), keyed("y", "rearm")]);
      assert.equal(first, second);
      const seen: unknown[] = [];
      await consumeAll(backend, async (input) => seen.push(input));
      assert.deepEqual(seen, ["x"]);
      const [third] = await backend.tasks.add([keyed("x", "ignore")]);
      assert.notEqual(third, first);
      assert.equal(backend.tasks.counts("work").ready, 1);
    });

    it("Queue 6: what is added while its like is under way runs once more after it, with the latest input", async () => {
      using backend = open();
      const id = await addOne(backend, keyed(0, "rearm"));
      const seen: unknown[] = [];
      let running = 0;
      await consumeAll(
        backend,
        async (input) => {
          assert.equal((running += 1), 1);
          seen.push(input);
          if (input === 0) {
            for (const later of [1, 2, 3]) assert.equal(await addOne(backend, keyed(later, "rearm")), id);
            assert.equal(await addOne(backend, keyed("ignored", "ignore")), id);
          }
          running -= 1;
          return input;
        },
        { concurrency: 4 },
      );
      assert.deepEqual(seen, [0, 3]);
      assert.equal((await backend.tasks.wait(id)).result, 3);
    });

    it("Queue 6: runs again not before the time it was asked for, and also after a try that failed for good", async () => {
      using backend = open();
      const id = await addOne(backend, keyed("first", "rearm"));
      let dueAt = 0;
      await consumeAll(backend, async (input) => {
        if (input === "second") return Date.now();
        dueAt = Date.now() + 60;
        await backend.tasks.add([keyed("second", "rearm", { dueAt })]);
        throw new TypeError("cannot be read");
      });
      const ended = await backend.tasks.wait(id);
      assert.ok(Number(ended.result) >= dueAt, `${dueAt - Number(ended.result)} ms early`);
      assert.deepEqual([ended.state, ended.attempts], ["done", 1]);
      assert.deepEqual(
        ended.history.map(({ error }) => error),
        ["cannot be read"],
      );
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
      const options = { concurrency: 2, timeoutMs: 60_000, context };
      const consumers = [1, 2, 3].map(() => backend.tasks.consume("work", handler, options));
      await backend.tasks.add(Array.from({ length: 60 }, (_, index) => work(index)));
      for (const consumer of consumers) await consumer.idle(AbortSignal.timeout(60_000));
      for (const consumer of consumers) await consumer[Symbol.asyncDispose]();
      assert.deepEqual(
        seen.map(Number).sort((left, right) => left - right),
        Array.from({ length: 60 }, (_, index) => index),
      );
    });

    it("Queue 9 and 10: a task left by a dead holder is given out anew with a higher fence; nothing the late one does has an effect", async () => {
      const lateEnds: Record<string, (context: TaskContext) => Promise<unknown>> = {
        finish: async () => "first",
        fail: async () => {
          throw new TypeError("late");
        },
        defer: async (late) => late.defer(Date.now() + 60_000, "late"),
      };
      for (const [end, finishLate] of Object.entries(lateEnds)) {
        using backend = open();
        const id = await addOne(backend, work("x"));
        const fences: number[] = [];
        const { promise: release, resolve } = Promise.withResolvers<void>();
        const triedAll = Promise.withResolvers<void>();
        const refused: string[] = [];
        const consumer = backend.tasks.consume(
          "work",
          async (_, own) => {
            fences.push(own.fence);
            if (fences.length > 1) return "second";
            await backend.database.write(() => backend.tasks.recover(Date.now(), { all: true }));
            await release;
            const calls = {
              progress: () => own.progress("late"),
              spawn: () => own.spawn([{ kind: "child", input: 0 }]),
              commit: () => own.commit((transaction) => transaction.put("late", true)),
            };
            for (const [call, attempt] of Object.entries(calls)) {
              await assert.rejects(attempt(), LeaseLostError);
              refused.push(call);
            }
            triedAll.resolve();
            return await finishLate(own);
          },
          { concurrency: 2, timeoutMs: 60_000, context },
        );
        const ended = await backend.tasks.wait(id, AbortSignal.timeout(60_000));
        resolve();
        // A consumer does not wait for a handler that it has left behind, as it has when this process stood still.
        await triedAll.promise;
        await consumer[Symbol.asyncDispose]();
        assert.deepEqual([end, fences, refused], [end, [1, 2], ["progress", "spawn", "commit"]]);
        assert.equal(ended.result, "second");
        assert.deepEqual(await backend.tasks.wait(id), ended);
        assert.equal(await backend.memory.get("late"), undefined);
        assert.equal(backend.tasks.counts("child").ready, 0);
      }
    });

    it("Queue 10: effects stand together with the proof that the task is still held, or not at all", async () => {
      using backend = open();
      await backend.memory.put("seen", 1);
      await addOne(backend, work("x"));
      await consumeAll(backend, async (_, own) => {
        await own.commit((transaction) => {
          transaction.put("page", "stored");
          transaction.append("run/1", "page-stored", 1);
          transaction.addTasks([{ kind: "next", input: 1 }]);
        });
        const conflict = own.commit((transaction) => {
          transaction.append("run/1", "page-stored", 2);
          transaction.addTasks([{ kind: "next", input: 2 }]);
          transaction.put("seen", 2, { ifVersion: 99 });
        });
        await assert.rejects(conflict, VersionConflictError);
      });
      assert.equal((await backend.memory.get("page"))?.value, "stored");
      assert.equal((await backend.memory.get("seen"))?.value, 1);
      assert.deepEqual(
        backend.log.read("run/1").map(({ data }) => data),
        [1],
      );
      assert.equal(backend.tasks.counts("next").ready, 1);
    });

    it("Queue 13: effects outside of a task become true together as well, and wake who waits for them", async () => {
      using backend = open();
      const consumer = backend.tasks.consume("work", async (input) => input, {
        concurrency: 1,
        timeoutMs: 60_000,
        context,
      });
      await backend
        .commit((transaction) => {
          transaction.addTasks([work("x")]);
          transaction.put("a", 1);
          transaction.merge("b", 2);
          transaction.delete("a");
        })
        .catch(() => undefined);
      backend.memory.declare({ prefix: "b", merge: "sum" });
      assert.equal(backend.tasks.counts("work").ready, 0, "without a rule for b nothing was written");
      await backend.commit((transaction) => {
        transaction.addTasks([work("x")]);
        transaction.put("a", 1);
        transaction.merge("b", 2);
        transaction.delete("a");
      });
      await consumer.idle(AbortSignal.timeout(60_000));
      await consumer[Symbol.asyncDispose]();
      assert.deepEqual(
        [(await backend.memory.get("a"))?.value, (await backend.memory.get("b"))?.value],
        [undefined, 2],
      );
      assert.equal(backend.tasks.counts("work").done, 1);
    });

    it("gives the next try what the last one left", async () => {
      using backend = open();
      const id = await addOne(backend, work("x", { run: 4 }));
      const left: unknown[] = [];
      const consumer = backend.tasks.consume(
        "work",
        async (_, own) => {
          left.push(own.checkpoint);
          if (left.length > 2) return "end";
          await own.progress({ pages: left.length });
          await assert.rejects(own.progress("x".repeat(70_000)), TaskTooLargeError);
          if (left.length === 2) own.defer(Date.now(), "y");
          await backend.database.write(() => backend.tasks.recover(Date.now(), { all: true }));
          return await new Promise(() => {});
        },
        { concurrency: 2, timeoutMs: 60_000, context },
      );
      await backend.tasks.wait(id, AbortSignal.timeout(60_000));
      await consumer[Symbol.asyncDispose]();
      assert.deepEqual(left, [undefined, { pages: 1 }, { pages: 2 }]);
      assert.deepEqual(
        backend.tasks.ofRun(4).map(({ progress }) => progress),
        [{ pages: 2 }],
      );
    });

    it("spawns into the same run, trace and budget, and nothing when the budget is spent", async () => {
      using backend = open();
      const budget = new Budget("question", { tasks: 2 });
      await addOne(backend, work("parent", { run: 7, trace: "trace-of-7" }));
      const children: TaskContext["task"][] = [];
      const options = { concurrency: 2, timeoutMs: 60_000, context: rootContext("test", undefined, budget) };
      await using _children = backend.tasks.consume(
        "child",
        async (_, { task }) => children.push(task),
        options,
      );
      await using parents = backend.tasks.consume(
        "work",
        async (_, own) => {
          const child = { kind: "child", input: 0, run: 99 };
          await own.spawn([{ ...child, name: "one", run: 99 }, child]);
          await own.spawn([{ ...child, name: "one", run: 99 }]);
          await assert.rejects(own.spawn([child]), BudgetError);
        },
        options,
      );
      await parents.idle(AbortSignal.timeout(60_000));
      await until("the children's end", () => children.length === 2);
      assert.deepEqual(
        children.map(({ run, trace }) => [run, trace]),
        [
          [7, "trace-of-7"],
          [7, "trace-of-7"],
        ],
      );
      assert.deepEqual([backend.tasks.dead({ limit: 9 }), budget.spent("tasks")], [[], 2]);
    });

    it("hands the abort reason back unchanged to who waits", async () => {
      using backend = open();
      const id = await addOne(backend, work("x"));
      const reason = new Error("changed my mind");
      await assert.rejects(backend.tasks.wait(id, AbortSignal.abort(reason)), (error) => error === reason);
      await assert.rejects(backend.tasks.wait(999), RangeError);
    });
  });
}
