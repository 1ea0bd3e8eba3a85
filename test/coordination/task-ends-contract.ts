import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import { rootContext } from "../../src/context.ts";
import { RetryLaterError } from "../../src/coordination/tasks.ts";
import { ForagerError, NetworkError, TimeoutError } from "../../src/errors.ts";
import { ManualClock, type OpenBackend } from "./open-backend.ts";
import { addOne, consumeAll, context, until, work } from "./task-helpers.ts";

interface OpenOptions {
  readonly clock?: ManualClock;
  readonly random?: () => number;
}

/** What every task queue promises of how tasks end. */
export function describeTaskEnds(name: string, open: (options?: OpenOptions) => OpenBackend): void {
  describe(`task ends contract: ${name}`, () => {
    it("Queue 14: what may pass is tried again after a growing wait, never sooner, with jitter on top", async () => {
      for (const random of [0, 0.5, 0.999]) {
        const clock = new ManualClock();
        using backend = open({ clock, random: () => random });
        const id = await addOne(backend, work("x", { maxAttempts: 5 }));
        let tries = 0;
        const consumer = backend.tasks.consume(
          "work",
          async () => {
            tries += 1;
            throw new NetworkError("no answer");
          },
          { concurrency: 1, timeoutMs: 60_000, context },
        );
        // The first wait doubles up to the longest (open-backend.ts), plus up to a half of it.
        for (const [failed, plain] of [20, 40, 80, 80].entries()) {
          await until(
            "a failed try",
            () => tries === failed + 1 && backend.tasks.counts("work").leased === 0,
          );
          clock.advance(Math.ceil(plain * (1 + random / 2)) - 1);
          consumer.resume();
          await delay(2);
          assert.equal(tries, failed + 1, `tried again too early after ${plain} ms`);
          clock.advance(1);
          consumer.resume();
        }
        const ended = await backend.tasks.wait(id, AbortSignal.timeout(60_000));
        await consumer[Symbol.asyncDispose]();
        assert.deepEqual([ended.state, ended.attempts, tries], ["dead", 5, 5]);
      }
    });

    it("Queue 14: who says when to try again is obeyed, and neither that nor putting off counts as a try", async () => {
      using backend = open();
      const id = await addOne(backend, work(0, { maxAttempts: 1 }));
      const times: number[] = [];
      let dueAt = 0;
      await consumeAll(backend, async (input, own) => {
        times.push(Date.now() - dueAt);
        dueAt = Date.now() + 40;
        if (times.length < 3) throw new RetryLaterError("503 with Retry-After", dueAt);
        if (times.length < 5) own.defer(dueAt, Number(input) + 1);
        return [input, own.task.attempt];
      });
      assert.ok(
        times.slice(1).every((late) => late >= 0),
        `too early: ${times.join(", ")}`,
      );
      const ended = await backend.tasks.wait(id);
      assert.deepEqual([ended.result, ended.attempts, ended.history], [[2, 1], 1, []]);
    });

    it("Queue 15: out of attempts, a task is kept with its error, all its tries and its trace", async () => {
      using backend = open();
      const id = await addOne(backend, work("tired", { trace: "trace-9", run: 9 }));
      await consumeAll(backend, async (_, { task }) => {
        throw new NetworkError(`no answer to try ${task.attempt}`);
      });
      const [dead] = backend.tasks.dead({ limit: 10 });
      assert.deepEqual(dead, await backend.tasks.wait(id));
      const { state, error, attempts, trace, run, input, history } = dead ?? assert.fail();
      assert.deepEqual(
        { state, error, attempts, trace, run, input },
        { state: "dead", error: "no answer to try 3", attempts: 3, trace: "trace-9", run: 9, input: "tired" },
      );
      assert.deepEqual(
        history.map(({ attempt, code, error }) => [attempt, code, error]),
        [1, 2, 3].map((attempt) => [attempt, "network", `no answer to try ${attempt}`]),
      );
      assert.ok(history.every(({ at }, index) => index === 0 || at > (history[index - 1]?.at ?? 0)));
    });

    it("Queue 15: keeps the latest twenty tries", async () => {
      const clock = new ManualClock();
      using backend = open({ clock });
      const id = await addOne(backend, work("x", { maxAttempts: 30 }));
      const consumer = backend.tasks.consume(
        "work",
        async () => {
          clock.advance(1_000);
          throw new NetworkError("no answer");
        },
        { concurrency: 1, timeoutMs: 60_000, context },
      );
      let hasEnded = false;
      const ended = backend.tasks.wait(id, AbortSignal.timeout(60_000)).finally(() => (hasEnded = true));
      await until("the end", () => {
        clock.advance(1_000);
        consumer.resume();
        return hasEnded;
      });
      await consumer[Symbol.asyncDispose]();
      assert.deepEqual(
        (await ended).history.map(({ attempt }) => attempt),
        Array.from({ length: 20 }, (_, index) => index + 11),
      );
    });

    it("Queue 16 and 17: a hopeless task is dead at once; dead ones can be replayed under their ids, or purged", async () => {
      using backend = open();
      const ids = await backend.tasks.add([work("tired"), work("hopeless"), work("gone")]);
      const [tired = 0, hopeless = 0, gone = 0] = ids;
      let isMended = false;
      const handler = async (input: unknown) => {
        if (isMended) return "mended";
        throw input === "tired" ? new NetworkError("no answer") : new TypeError("cannot be read");
      };
      await consumeAll(backend, handler);
      assert.deepEqual(
        backend.tasks
          .dead({ limit: 10 })
          .map(({ id, error, attempts, history }) => [id, error, attempts, history[0]?.code]),
        [
          [tired, "no answer", 3, "network"],
          [hopeless, "cannot be read", 1, "TypeError"],
          [gone, "cannot be read", 1, "TypeError"],
        ],
      );
      assert.deepEqual(
        backend.tasks.dead({ after: tired, limit: 1 }).map(({ id }) => id),
        [hopeless],
      );
      isMended = true;
      assert.equal(await backend.tasks.purge([gone]), 1);
      assert.equal(await backend.tasks.replay(ids), 2);
      await consumeAll(backend, handler);
      const ended = await backend.tasks.wait(tired);
      assert.deepEqual([ended.state, ended.result, ended.attempts], ["done", "mended", 1]);
      assert.deepEqual(backend.tasks.counts("work"), { ready: 0, leased: 0, done: 2, dead: 0, cancelled: 0 });
    });

    it("Queue 18: a task that kills its workers is given up", async () => {
      using backend = open();
      const id = await addOne(backend, work("poison"));
      let starts = 0;
      const consumer = backend.tasks.consume(
        "work",
        async () => {
          starts += 1;
          await backend.database.write(() => backend.tasks.recover(Date.now(), { all: true }));
          await delay(10);
        },
        { concurrency: 10, timeoutMs: 60_000, context },
      );
      const ended = await backend.tasks.wait(id, AbortSignal.timeout(60_000));
      await consumer[Symbol.asyncDispose]();
      assert.equal(ended.state, "dead");
      assert.match(ended.error, /worker died 5 times/);
      assert.deepEqual([starts, ended.history.map(({ code }) => code)], [5, ["crash"]]);
    });

    it("Queue 19: a task whose deadline passed is dead without having run, also when nobody takes it", async () => {
      using backend = open();
      const deadlineAt = Date.now() + 30;
      const seen: string[] = [];
      const [late = 0, busy = 0] = await backend.tasks.add([
        work("late", { deadlineAt, dueAt: Date.now() + 60 }),
        { kind: "other", input: "nobody takes it", deadlineAt },
      ]);
      await consumeAll(backend, async (input) => seen.push(String(input)));
      for (const id of [late, busy]) {
        const ended = await backend.tasks.wait(id, AbortSignal.timeout(60_000));
        assert.deepEqual([ended.state, ended.history.map(({ code }) => code)], ["dead", ["expired"]]);
        assert.ok(ended.endedAt >= deadlineAt);
      }
      assert.equal(seen.length, 0);
      assert.equal(await backend.tasks.replay([late]), 1);
      await consumeAll(backend, async (input) => seen.push(String(input)));
      assert.deepEqual(seen, ["late"], "replayed, its old deadline counts no more");
    });

    it("Queue 19: a deadline that passes meanwhile aborts the handler, and there is no other try", async () => {
      // By a clock that stands still it is not over before the try has begun.
      const clock = new ManualClock();
      using backend = open({ clock });
      const deadlineAt = clock.now() + 40;
      const id = await addOne(backend, work("x", { deadlineAt }));
      let reason: unknown;
      await consumeAll(backend, async (_, own) => {
        assert.ok(own.deadlineAt <= deadlineAt);
        await new Promise((resolve) => own.signal.addEventListener("abort", resolve));
        reason = own.signal.reason;
        throw new NetworkError("cut off");
      });
      assert.ok(reason instanceof ForagerError && reason.code === "expired");
      assert.deepEqual(
        (await backend.tasks.wait(id)).history.map(({ code }) => code),
        ["expired"],
      );
    });

    it("Queue 19: a handler that does not stop in time is left behind, its signal aborted", async () => {
      using backend = open();
      const id = await addOne(backend, work("x", { maxAttempts: 1 }));
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
      const ended = await backend.tasks.wait(id);
      assert.deepEqual([ended.state, ended.history.map(({ code }) => code)], ["dead", ["timeout"]]);
    });

    it("Queue 20: a cancelled task never runs, and one under way is told at once", async () => {
      using backend = open();
      const [running = 0, waiting = 0] = await backend.tasks.add([work("running"), work("waiting")]);
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
        { concurrency: 1, timeoutMs: 60_000, context },
      );
      await started;
      assert.equal(await backend.tasks.cancel({ ids: [running, waiting, 999] }, "no more use"), 2);
      await consumer.idle(AbortSignal.timeout(60_000));
      await consumer[Symbol.asyncDispose]();
      assert.deepEqual(seen, ["running"]);
      assert.ok(reason instanceof ForagerError && reason.code === "cancelled");
      assert.equal((await backend.tasks.wait(waiting)).error, "no more use");
    });

    it("Queue 20: cancels what is left of a run, or of a kind, and nothing else", async () => {
      using backend = open();
      await backend.tasks.add([1, 2].flatMap((run) => ["a", "b"].map((kind) => ({ kind, input: 0, run }))));
      await backend.tasks.add([{ kind: "a", input: 0, dueAt: Date.now() + 60_000 }]);
      assert.equal(await backend.tasks.cancel({ run: 1 }, "stopped"), 2);
      assert.equal(await backend.tasks.cancel({ kind: "a" }, "stopped"), 2);
      assert.equal(await backend.tasks.cancel({ kind: "a" }, "stopped"), 0);
      assert.deepEqual(
        backend.tasks.ofRun(2).map(({ kind, state }) => `${kind} ${state}`),
        ["a cancelled", "b ready"],
      );
    });

    it("Queue 25: closing finishes what is under way and takes nothing new; an aborted run gives tasks back as new", async () => {
      using backend = open();
      await backend.tasks.add([work(1), work(2), work(3)]);
      let starts = 0;
      const finish = Promise.withResolvers<void>();
      const drained = backend.tasks.consume(
        "work",
        async () => {
          starts += 1;
          await finish.promise;
        },
        { concurrency: 1, timeoutMs: 60_000, context },
      );
      await until("the first start", () => starts === 1);
      const closed = drained[Symbol.asyncDispose]();
      finish.resolve();
      await closed;
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
        { concurrency: 2, timeoutMs: 60_000, context: rootContext("test", stop.signal) },
      );
      await until("both starts", () => attempts.length === 2);
      stop.abort(new Error("stopped"));
      await aborted[Symbol.asyncDispose]();
      assert.deepEqual(backend.tasks.counts("work"), { ready: 2, leased: 0, done: 1, dead: 0, cancelled: 0 });
      await consumeAll(backend, async (_, { task }) => attempts.push(task.attempt));
      assert.deepEqual(attempts, [1, 1, 1, 1]);
    });

    it("Queue 25: when the folder is closed under it, who waits for a consumer learns it, and nothing else breaks", async () => {
      const backend = open();
      await backend.tasks.add([work(1), work(2)]);
      const finish = Promise.withResolvers<void>();
      const consumer = backend.tasks.consume("work", () => finish.promise, {
        concurrency: 1,
        timeoutMs: 60_000,
        context,
      });
      const idle = consumer.idle(AbortSignal.timeout(60_000));
      await until("the first start", () => backend.tasks.counts("work").leased === 1);
      const ended = backend.database.write(() => backend.tasks.insert([work(3)]));
      backend.database.close();
      await ended;
      await assert.rejects(idle, /not open|is closed/);
      finish.resolve();
      await consumer[Symbol.asyncDispose]();
      await assert.rejects(consumer.idle(), /not open|is closed/);
    });

    it("forgets what ended before a time, but no dead letters, and nothing of a run that has not ended", async () => {
      using backend = open();
      const ids = await backend.tasks.add([
        work("done"),
        work("dead"),
        work("done", { run: 1 }),
        work("later", { run: 1, dueAt: Date.now() + 60_000 }),
        work("done", { run: 2 }),
      ]);
      const consumer = backend.tasks.consume(
        "work",
        async (input) => {
          if (input === "dead") throw new TypeError("cannot be read");
        },
        { concurrency: 1, timeoutMs: 60_000, context },
      );
      for (const id of [0, 1, 2, 4]) await backend.tasks.wait(Number(ids[id]), AbortSignal.timeout(60_000));
      await consumer[Symbol.asyncDispose]();
      const forget = (before: number) => backend.database.write(() => backend.tasks.forget(before));
      assert.equal(await forget(Date.now() - 60_000), 0);
      assert.equal(await forget(Date.now() + 1), 2);
      assert.deepEqual(backend.tasks.counts("work"), { ready: 1, leased: 0, done: 1, dead: 1, cancelled: 0 });
    });
  });
}
