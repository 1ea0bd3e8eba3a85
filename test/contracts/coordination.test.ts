import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import fc from "fast-check";
import { rootContext } from "../../src/context.ts";
import { coordinationBackends } from "../../src/coordination/backends/index.ts";
import type { TaskContext } from "../../src/coordination/tasks.ts";
import { ForagerError, NetworkError, TimeoutError } from "../../src/errors.ts";
import { ManualClock, openBackend, pageDone, pageFailed, urlOf } from "../coordination/open-backend.ts";

const context = rootContext("test");
const names = Object.keys(coordinationBackends) as (keyof typeof coordinationBackends)[];
const wide = { maxDepth: Infinity };

for (const name of names) {
  const open = (clock?: ManualClock) => openBackend({ name, ...(clock ? { clock } : {}) });
  /** Consumes kind "work" until idle. */
  const consumeAll = async (
    backend: ReturnType<typeof open>,
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
  const work = (input: unknown) => ({ kind: "work", input });

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
      const priorities = [2, 0, 3, 1, 2, 0] as const;
      await backend.tasks.add(
        priorities.map((priority, index) => ({ ...work(`${priority}${index}`), priority })),
      );
      const order: unknown[] = [];
      await consumeAll(backend, async (input) => order.push(input));
      assert.deepEqual(order, ["01", "05", "13", "20", "24", "32"]);
    });

    it("Queue 3: the oldest task is not starved by urgent ones", async () => {
      using backend = open();
      await backend.tasks.add([{ ...work("patient"), priority: 3 }]);
      await backend.tasks.add(
        Array.from({ length: 40 }, () => ({ ...work("urgent"), priority: 0 as const })),
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
      assert.ok(ranAt <= dueAt + 250, `${ranAt - dueAt} ms late`);
    });

    it("Queue 5 and 7: a dedupe key has one live task, and is free after its end", async () => {
      using backend = open();
      const keyed = { ...work("x"), dedupe: "host" };
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
      assert.equal(await backend.tasks.cancel([Number(running), Number(waiting)], "no more use"), 2);
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

    it("reads on from a place, a few at a time", async () => {
      using backend = open();
      await backend.database.write(() => {
        for (let index = 1; index <= 5; index += 1) backend.log.append("run/1", "noted", index, 0);
      });
      assert.deepEqual(
        backend.log.read("run/1", { after: 2, limit: 2 }).map(({ data }) => data),
        [3, 4],
      );
    });
  });

  describe(`run contract: ${name}`, () => {
    it("finds the latest run of a request, and takes it up again", async () => {
      using backend = open();
      const { runs, database } = backend;
      const first = await database.write(() => runs.start("crawl", "site", { pages: 3 }, 10));
      await database.write(() => runs.end(first.id, "interrupted", { done: 1 }, 20));
      assert.deepEqual(runs.latest("crawl", "site"), {
        ...first,
        state: "interrupted",
        finishedAt: 20,
        result: { done: 1 },
      });
      assert.equal(runs.latest("crawl", "other"), undefined);
      assert.equal((await database.write(() => runs.resume(first.id))).state, "running");
      const second = await database.write(() => runs.start("crawl", "site", {}, 30));
      assert.equal(runs.latest("crawl", "site")?.id, second.id);
      assert.deepEqual(
        runs.list(10).map(({ id }) => id),
        [second.id, first.id],
      );
      await assert.rejects(
        database.write(() => runs.resume(99)),
        RangeError,
      );
    });
  });

  describe(`lease contract: ${name}`, () => {
    it("Lease 40 and 41: has one holder at a time, and the token grows with each", async () => {
      using backend = open();
      const { leases } = backend;
      let holders = 0;
      const tokens: number[] = [];
      const contend = async () => {
        for (let turn = 0; turn < 5;) {
          const lease = leases.acquire("leader", { ttlMs: 1_000 });
          if (!("token" in lease)) {
            await delay(1);
            continue;
          }
          holders += 1;
          assert.equal(holders, 1);
          tokens.push(lease.token);
          await delay(1);
          holders -= 1;
          await lease[Symbol.asyncDispose]();
          turn += 1;
        }
      };
      await Promise.all([contend(), contend(), contend()]);
      assert.deepEqual(
        tokens,
        Array.from({ length: 15 }, (_, index) => index + 1),
      );
    });

    it("Lease 43: passes to another when it was not renewed, and not before", () => {
      const clock = new ManualClock();
      using backend = open(clock);
      const first = backend.leases.acquire("leader", { ttlMs: 60_000 });
      assert.ok("token" in first);
      clock.advance(59_999);
      const refused = backend.leases.acquire("leader", { ttlMs: 60_000 });
      assert.ok("holder" in refused);
      assert.equal(refused.pid, process.pid);
      assert.equal(backend.leases.holder("leader")?.since, refused.since);
      clock.advance(1);
      assert.equal(backend.leases.holder("leader"), undefined);
      const second = backend.leases.acquire("leader", { ttlMs: 60_000 });
      assert.ok("token" in second && second.token === first.token + 1);
    });

    it("Lease 42 and 44: says that it is lost before it ends, when it cannot be renewed", async () => {
      const backend = open();
      const lease = backend.leases.acquire("leader", { ttlMs: 300 });
      assert.ok("token" in lease);
      const startedAt = performance.now();
      backend.database.close();
      await new Promise((resolve) => lease.lost.addEventListener("abort", resolve, { once: true }));
      assert.ok(performance.now() - startedAt < 300, `${performance.now() - startedAt} ms`);
    });
  });

  describe(`frontier contract: ${name}`, () => {
    const begin = async (clock?: ManualClock) => {
      const backend = open(clock);
      const run = await backend.database.write(() => backend.runs.start("crawl", "site", {}, 0));
      const claim = (limit: number, now = 1) =>
        backend.frontier.claim(run.id, { limit, leaseMs: 1_000, now });
      return { ...backend, run: run.id, claim, [Symbol.dispose]: () => backend.database.close() };
    };

    it("gives each URL once, shallow ones first", async () => {
      using backend = await begin();
      const { frontier, run, claim } = backend;
      const urls = [urlOf("deep", 2), urlOf("seed"), urlOf("middle", 1)];
      assert.equal(frontier.add(run, [...urls, urlOf("seed")], wide), 3);
      assert.equal(frontier.add(run, urls, wide), 0);
      assert.deepEqual(
        claim(10).map(({ key }) => key),
        ["seed", "middle", "deep"].map((name) => urlOf(name).key),
      );
      assert.deepEqual(claim(10), []);
    });

    it("takes hosts in turn, and of a host without delay as many as are asked for", async () => {
      using backend = await begin();
      const { frontier, run, claim } = backend;
      frontier.add(
        run,
        Array.from({ length: 20 }, (_, index) => urlOf(`page-${index}`, 0, "big.example")),
        wide,
      );
      frontier.add(run, [urlOf("a", 3, "small.example"), urlOf("b", 3, "small.example")], wide);
      const hosts = claim(4).map(({ host }) => host);
      assert.deepEqual(hosts.sort(), ["big.example", "big.example", "small.example", "small.example"]);
      assert.equal(claim(10).length, 10);
    });

    it("gives no URL of a host before its delay is up", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.record({ wait: fc.nat(60), limit: fc.integer({ min: 1, max: 5 }) }), { maxLength: 30 }),
          async (rounds) => {
            using backend = await begin();
            const { frontier, run, claim } = backend;
            const delays = new Map([
              ["slow.example", 50],
              ["slower.example", 120],
            ]);
            for (const [host, delayMs] of delays) {
              frontier.setHost(host, { delayMs });
              frontier.add(
                run,
                Array.from({ length: 30 }, (_, index) => urlOf(`${index}`, 0, host)),
                wide,
              );
            }
            const last = new Map<string, number>();
            let now = 1_000;
            for (const { wait, limit } of rounds) {
              now += wait;
              for (const { host } of claim(limit, now)) {
                assert.ok(now - (last.get(host) ?? -Infinity) >= (delays.get(host) ?? 0));
                last.set(host, now);
              }
            }
          },
        ),
        { numRuns: 30 },
      );
    });

    it("waits for a host that asked for it, and says until when", async () => {
      using backend = await begin();
      const { frontier, run, claim } = backend;
      frontier.add(run, [urlOf("a"), urlOf("b")], wide);
      const [first] = claim(1, 10);
      assert.ok(first);
      frontier.release(first, 499.5, { countsAsAttempt: false });
      frontier.setHost(first.host, { notBefore: 300 });
      assert.deepEqual(claim(5, 299), []);
      assert.equal(frontier.nextDueAt(run), 300);
      assert.deepEqual(
        claim(5, 300).map(({ key }) => key),
        [urlOf("b").key],
      );
      assert.equal(frontier.nextDueAt(run), 500);
      const [again] = claim(5, 500);
      assert.deepEqual([again?.key, again?.attempt, again?.fence], [first.key, 1, 2]);
      assert.equal(frontier.nextDueAt(run), undefined);
    });

    it("refuses a result with an old fence, and the effect that came with it", async () => {
      using backend = await begin();
      const { frontier, run, claim, database, log } = backend;
      frontier.add(run, [urlOf("a")], wide);
      const [stale] = claim(1);
      assert.ok(stale);
      frontier.recover(2_000, { all: false });
      const [fresh] = claim(1, 2_000);
      assert.ok(fresh && fresh.fence > stale.fence && fresh.attempt === 1);
      const late = database.write(() => {
        log.append("run/1", "page-stored", {}, 0);
        frontier.finish(stale, pageDone, 2_000);
      });
      await assert.rejects(late, { code: "lease-lost" });
      assert.deepEqual(log.read("run/1"), []);
      assert.throws(() => frontier.release(stale, 0, { countsAsAttempt: true }), { code: "lease-lost" });
      frontier.finish(fresh, pageDone, 2_000);
      assert.throws(() => frontier.finish(fresh, pageDone, 2_000), { code: "lease-lost" });
    });

    it("keeps a lease that is renewed", async () => {
      using backend = await begin();
      const { frontier, run, claim } = backend;
      frontier.add(run, [urlOf("a")], wide);
      const claims = claim(1, 0);
      frontier.renew(claims, 5_000, 0);
      assert.equal(frontier.recover(4_999, { all: false }), 0);
      assert.equal(frontier.recover(5_000, { all: false }), 1);
    });

    it("gives up a URL whose workers die", async () => {
      using backend = await begin();
      const { frontier, run, claim } = backend;
      frontier.add(run, [urlOf("poison")], wide);
      for (let death = 1; death <= 5; death += 1) {
        assert.equal(claim(1).length, 1);
        frontier.recover(death, { all: true });
      }
      assert.deepEqual(claim(1), []);
      assert.deepEqual(frontier.reasons(run), { crash: 1 });
      assert.deepEqual(
        [...frontier.ended()].map(({ reason, attempts }) => [reason, attempts]),
        [["crash", 5]],
      );
    });

    it("fetches known URLs again in a new run, and leaves what a newer run took to that run", async () => {
      using backend = await begin();
      const { frontier, runs, run, claim } = backend;
      frontier.add(run, [urlOf("a")], wide);
      for (const each of claim(1)) frontier.finish(each, pageDone, 1);
      const next = runs.start("crawl", "site", {}, 0).id;
      assert.equal(frontier.add(next, [urlOf("a")], wide), 1);
      assert.equal(frontier.add(run, [urlOf("a")], wide), 0);
      assert.equal(frontier.counts(run).done, 0);
      const [again] = frontier.claim(next, { limit: 1, leaseMs: 1, now: 5 });
      assert.deepEqual([again?.attempt, again?.fence], [1, 2]);
    });

    it("carries an ended run over into a new one", async () => {
      using backend = await begin();
      const { frontier, runs, run, claim } = backend;
      frontier.add(run, [urlOf("a"), urlOf("b", 1), urlOf("far", 9)], { maxDepth: 3 });
      for (const each of claim(2)) frontier.finish(each, pageDone, 1);
      const next = runs.start("crawl", "site", {}, 0).id;
      assert.equal(frontier.carryOver(run, next, { maxDepth: 3 }), 3);
      assert.deepEqual(frontier.counts(next), {
        ready: 2,
        leased: 0,
        done: 0,
        failed: 0,
        skipped: 0,
        beyond: 1,
      });
      assert.equal(frontier.counts(run).done, 0);
      assert.equal(frontier.nextDueAt(run), undefined);
      assert.equal(frontier.claim(next, { limit: 5, leaseMs: 1, now: 5 }).length, 2);
    });

    it("knows that two addresses of one page are one", async () => {
      using backend = await begin();
      const { frontier, run, claim } = backend;
      const options = { maxDepth: Infinity, now: 1 };
      frontier.add(run, [urlOf("old"), urlOf("older"), urlOf("new", 1)], wide);
      const [old, older, fresh] = claim(3);
      assert.ok(old && older && fresh);
      assert.equal(frontier.registerFinal(old, urlOf("new"), options).isDuplicate, false);
      frontier.finish(old, pageDone, 1);
      assert.equal(frontier.registerFinal(older, urlOf("new"), options).isDuplicate, true);
      frontier.finish(older, { ...pageFailed, kind: "skipped", reason: "duplicate" }, 1);
      assert.throws(() => frontier.finish(fresh, pageDone, 1), { code: "lease-lost" });
      assert.equal(frontier.add(run, [urlOf("new")], wide), 0);
      assert.deepEqual(frontier.counts(run), {
        ready: 0,
        leased: 0,
        done: 1,
        failed: 0,
        skipped: 1,
        beyond: 0,
      });
    });

    it("counts what each page took, and who links to it", async () => {
      using backend = await begin();
      const { frontier, run, claim } = backend;
      frontier.add(run, [urlOf("a"), urlOf("b")], wide);
      const [a, b] = claim(2);
      assert.ok(a && b);
      frontier.finish(a, pageDone, 1);
      frontier.finish(b, { ...pageDone, tier: "headless", bytes: 7 }, 1);
      frontier.add(run, [urlOf("b", 1), urlOf("c", 1), urlOf("a", 1)], { ...wide, from: a.id });
      frontier.add(run, [urlOf("c", 1)], { ...wide, from: b.id });
      assert.deepEqual(frontier.fetched(run), { tiers: { http: 1, headless: 1 }, bytes: 107 });
      assert.deepEqual(
        ["a", "b", "c", "d"].map((name) => frontier.inLinks(urlOf(name).key)),
        [0, 1, 2, 0],
      );
    });

    it("lists what gave no document, oldest first, while more is written", async () => {
      using backend = await begin();
      const { frontier, run, claim } = backend;
      frontier.add(
        run,
        Array.from({ length: 600 }, (_, index) => urlOf(`page-${index}`)),
        wide,
      );
      const failed = { ...pageFailed, reason: "http 404", detail: "gone" } as const;
      claim(599).forEach((each, index) => frontier.finish(each, failed, 1_000 - (index % 7)));
      const times: number[] = [];
      for (const ended of frontier.ended()) {
        if (times.length === 0) for (const each of claim(1)) frontier.finish(each, failed, 5_000);
        times.push(ended.finishedAt);
      }
      assert.equal(times.length, 600);
      assert.deepEqual(
        times,
        times.toSorted((left, right) => left - right),
      );
      assert.deepEqual(frontier.reasons(run), { "http 404": 600 });
    });
  });
}
