import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { NewTask } from "../../src/coordination/new-task.ts";
import { PlanError } from "../../src/coordination/tasks.ts";
import type { OpenBackend } from "./open-backend.ts";
import { consumeAll, until, work, context } from "./task-helpers.ts";

const node = (name: string, after: readonly string[] = [], more: Partial<NewTask> = {}): NewTask =>
  work(name, { run: 1, name, after, ...more });

/** Graphs without circles: each node waits for some of those before it, and they are added in any order. */
const graphs = fc
  .integer({ min: 1, max: 10 })
  .chain((size) =>
    fc.tuple(
      fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: size, maxLength: size }),
      fc.shuffledSubarray(
        Array.from({ length: size }, (_, index) => index),
        { minLength: size, maxLength: size },
      ),
    ),
  )
  .map(([choices, order]) => {
    const nodes = choices.map((earlier, index) =>
      node(`n${index}`, index === 0 ? [] : earlier.map((each) => `n${each % index}`)),
    );
    return order.map((index) => nodes[index] ?? assert.fail());
  });

const states = (backend: OpenBackend) =>
  Object.fromEntries(backend.tasks.ofRun(1).map(({ name, state }) => [name, state]));

const withFailure = (onFailure: "skip" | "continue" | "fail"): NewTask[] => [
  node("bad", [], { onFailure }),
  node("good"),
  node("next", ["bad"], { onFailure: "continue" }),
  node("after-next", ["next", "good"]),
  node("apart", ["good"]),
];
const outcomes = {
  skip: { bad: "dead", good: "done", next: "cancelled", "after-next": "done", apart: "done" },
  continue: { bad: "dead", good: "done", next: "done", "after-next": "done", apart: "done" },
  fail: {
    bad: "dead",
    good: "cancelled",
    next: "cancelled",
    "after-next": "cancelled",
    apart: "cancelled",
  },
};

/** What every task queue promises of tasks that wait for each other. */
export function describeDag(name: string, open: () => OpenBackend): void {
  describe(`DAG contract: ${name}`, () => {
    it("DAG 26: a task starts once, after all that it waits for, and is told how those ended", async () => {
      await fc.assert(
        fc.asyncProperty(graphs, fc.integer({ min: 1, max: 4 }), async (tasks, concurrency) => {
          using backend = open();
          const after = new Map(tasks.map((task) => [task.name, new Set(task.after)]));
          await backend.tasks.add(tasks);
          const ended = new Set<unknown>();
          await consumeAll(
            backend,
            async (input, { task, before }) => {
              const earlier = after.get(task.name) ?? new Set();
              for (const each of earlier) assert.ok(ended.has(each), `${task.name} ran before ${each}`);
              assert.deepEqual(
                Object.fromEntries([...before].map(([key, { result }]) => [key, result])),
                Object.fromEntries([...earlier].map((each) => [each, `end of ${each}`])),
              );
              assert.ok(!ended.has(input), `${task.name} ran twice`);
              await delay(0);
              ended.add(input);
              return `end of ${task.name}`;
            },
            { concurrency },
          );
          assert.equal(ended.size, tasks.length);
        }),
        { numRuns: 25 },
      );
    });

    it("DAG 26: a diamond joins once, and what waits is not due before its own time", async () => {
      using backend = open();
      const dueAt = Date.now() + 40;
      const ids = await backend.tasks.add([
        node("join", ["left", "right", "left"], { dueAt }),
        node("left", ["top"]),
        node("right", ["top"]),
        node("top"),
      ]);
      assert.deepEqual(
        backend.tasks.ofRun(1).map(({ after }) => after),
        [[], ["top"], ["top"], ["left", "right"]],
      );
      const order: unknown[] = [];
      let joinedAt = 0;
      await consumeAll(backend, async (input) => {
        order.push(input);
        joinedAt = Date.now();
      });
      assert.deepEqual(order.map(String).sort(), ["join", "left", "right", "top"]);
      assert.deepEqual([order[0], order[3]], ["top", "join"]);
      assert.ok(joinedAt >= dueAt);
      assert.deepEqual(
        await backend.tasks.add([node("top"), node("more", ["join"])]).then(([top]) => top),
        ids[3],
      );
      assert.deepEqual(states(backend), {
        top: "done",
        left: "done",
        right: "done",
        join: "done",
        more: "ready",
      });
    });

    it("DAG 26: adding a plan again adds what is missing of it, whatever has become of the rest", async () => {
      using backend = open();
      const plan = [node("a"), node("b", ["a"]), node("c", ["b"])];
      const [first] = await backend.tasks.add(plan.slice(0, 2));
      assert.equal((await backend.tasks.add(plan))[0], first);
      const order: unknown[] = [];
      await consumeAll(backend, async (input) => order.push(input));
      await backend.tasks.add(plan);
      await consumeAll(backend, async (input) => order.push(input));
      assert.deepEqual(order, ["a", "b", "c"]);
    });

    it("DAG 26: of equal urgency, what was named first goes first, in plans too", async () => {
      using backend = open();
      await backend.tasks.add([node("z"), node("a", ["z"]), node("late", ["b"]), node("m"), node("b")]);
      const order: unknown[] = [];
      await consumeAll(backend, async (input) => order.push(input));
      assert.deepEqual(order, ["z", "a", "b", "late", "m"]);
    });

    it("DAG 27: circles are refused with all that was to be added, and named", async () => {
      await fc.assert(
        fc.asyncProperty(graphs, fc.integer({ min: 1, max: 4 }), async (tasks, length) => {
          using backend = open();
          const circle = Array.from({ length }, (_, index) =>
            node(`c${index}`, [`c${(index + 1) % length}`]),
          );
          const refused = backend.tasks.add([...tasks, ...circle, node("beyond", ["c0"])]);
          await assert.rejects(
            refused,
            (error) => error instanceof PlanError && /c0 <- |<- c0/.test(error.message),
          );
          assert.deepEqual(backend.tasks.ofRun(1), []);
          assert.deepEqual(backend.tasks.counts(), { ready: 0, leased: 0, done: 0, dead: 0, cancelled: 0 });
        }),
        { numRuns: 15 },
      );
    });

    it("DAG 27: names that nobody has, names without a run and names that a dedupe key could take are refused", async () => {
      using backend = open();
      await backend.tasks.add([node("other", [], { run: 2 })]);
      const bad: [NewTask, RegExp][] = [
        [node("x", ["missing"]), /"x" waits for "missing", which run 1 does not have/],
        [node("x", ["other"]), /which run 1 does not have/],
        [work(0, { after: ["a"] }), /belongs to no run/],
        [node("x", [], { dedupe: { key: "k", whileActive: "ignore" } }), /a name and a dedupe key/],
      ];
      for (const [task, message] of bad) {
        await assert.rejects(
          backend.tasks.add([node("a"), task]),
          (error) => error instanceof PlanError && message.test(error.message),
        );
        // Inside a transaction of the caller's own, too, nothing of it was written.
        await backend.database.write(() =>
          assert.throws(() => backend.tasks.insert([node("a"), task]), PlanError),
        );
      }
      assert.deepEqual(backend.tasks.ofRun(1), []);
    });

    for (const policy of ["skip", "continue", "fail"] as const) {
      it(`DAG 28: after a failure, "${policy}" decides what becomes of the rest; a replay takes all of it up again`, async () => {
        using backend = open();
        const [bad = 0] = await backend.tasks.add(withFailure(policy));
        let isMended = false;
        const handler = async (input: unknown) => {
          if (input === "bad" && !isMended) throw new TypeError("cannot be read");
          return input;
        };
        await consumeAll(backend, handler);
        assert.deepEqual(states(backend), outcomes[policy]);
        isMended = true;
        assert.equal(await backend.tasks.replay([bad]), 1);
        await consumeAll(backend, handler);
        assert.deepEqual(new Set(Object.values(states(backend))), new Set(["done"]));
      });
    }

    it("DAG 28: what was called off for two failures waits for both to be mended", async () => {
      using backend = open();
      const [first = 0, second = 0] = await backend.tasks.add([
        node("first"),
        node("second"),
        node("join", ["first", "second"]),
      ]);
      const mended = new Set<unknown>();
      const handler = async (input: unknown) => {
        if (input !== "join" && !mended.has(input)) throw new TypeError("cannot be read");
      };
      await consumeAll(backend, handler);
      mended.add("first").add("second");
      await backend.tasks.replay([first]);
      await consumeAll(backend, handler);
      assert.deepEqual(states(backend), { first: "done", second: "dead", join: "cancelled" });
      await backend.tasks.replay([second]);
      await consumeAll(backend, handler);
      assert.deepEqual(states(backend), { first: "done", second: "done", join: "done" });
    });

    it("DAG 28: who would have gone on without a failed task waits for it again when it is replayed", async () => {
      using backend = open();
      const release = Promise.withResolvers<void>();
      const ids = await backend.tasks.add([
        node("slow"),
        node("bad", [], { onFailure: "continue" }),
        node("join", ["slow", "bad"]),
      ]);
      let isMended = false;
      const consumer = backend.tasks.consume(
        "work",
        async (input) => {
          if (input === "slow") await release.promise;
          if (input === "bad" && !isMended) throw new TypeError("cannot be read");
        },
        { concurrency: 2, timeoutMs: 60_000, context },
      );
      await until("the failure", () => states(backend)["bad"] === "dead");
      isMended = true;
      await backend.tasks.replay(ids);
      await until("the mended end", () => states(backend)["bad"] === "done");
      assert.equal(states(backend)["join"], "blocked");
      release.resolve();
      await consumer.idle(AbortSignal.timeout(60_000));
      await consumer[Symbol.asyncDispose]();
      assert.deepEqual(states(backend), { slow: "done", bad: "done", join: "done" });
    });

    it("DAG 28: what is cancelled counts as failed; what is added after a failure meets the same policy", async () => {
      using backend = open();
      const [a = 0] = await backend.tasks.add([node("a"), node("b", ["a"]), node("c", ["b"])]);
      assert.equal(await backend.tasks.cancel({ ids: [a] }, "not needed"), 1);
      await backend.tasks.add([node("late", ["a"]), node("later", ["late"])]);
      assert.deepEqual(states(backend), {
        a: "cancelled",
        b: "cancelled",
        c: "cancelled",
        late: "cancelled",
        later: "cancelled",
      });
      assert.match(backend.tasks.ofRun(1)[1]?.error ?? "", /"a" did not end well/);
    });

    it("DAG 28: a running task of a run that failed ends, and what it releases stays called off", async () => {
      using backend = open();
      await backend.tasks.add([
        node("slow"),
        node("bad", [], { onFailure: "fail" }),
        node("after", ["slow"]),
      ]);
      const { promise: release, resolve } = Promise.withResolvers<void>();
      const consumer = backend.tasks.consume(
        "work",
        async (input) => {
          if (input === "bad") throw new TypeError("cannot be read");
          await release;
        },
        { concurrency: 2, timeoutMs: 60_000, context },
      );
      await until("the failure", () => states(backend)["bad"] === "dead");
      resolve();
      await consumer.idle(AbortSignal.timeout(60_000));
      await consumer[Symbol.asyncDispose]();
      assert.deepEqual(states(backend), { slow: "done", bad: "dead", after: "cancelled" });
    });
  });
}
