// What the task queue is for, each promise under the name that docs/coordination.md gives it.
import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { rootContext } from "../../src/context.ts";
import { coordinationSchema, createSqliteBackend } from "../../src/coordination/backends/sqlite/index.ts";
import { RetryLaterError } from "../../src/coordination/tasks.ts";
import { Database } from "../../src/database.ts";
import { ForagerError, LeaseLostError, NetworkError } from "../../src/errors.ts";
import { ManualClock, openBackend, temporaryFolder } from "./open-backend.ts";
import { addOne, consumeAll, context, until, work } from "./task-helpers.ts";

describe("what the task queue is for", () => {
  it("C12: a page whose extractor died is given to another one, in order, and the late one's result is dropped", async () => {
    using backend = openBackend();
    await backend.tasks.add(["page 1", "page 2", "page 3"].map((page) => work(page)));
    const given: string[] = [];
    const { promise: release, resolve } = Promise.withResolvers<void>();
    const late = Promise.withResolvers<unknown>();
    const dying = backend.tasks.consume(
      "work",
      async (page, own) => {
        given.push(`first ${String(page)}`);
        await release;
        await own
          .commit((transaction) => transaction.put("extracted", "by the first"))
          .then(late.resolve, late.resolve);
      },
      { concurrency: 1, timeoutMs: 60_000, context },
    );
    await until("the first taking", () => given.length === 1);
    dying.pause();
    await backend.database.write(() => backend.tasks.recover(Date.now(), { all: true }));
    await consumeAll(backend, async (page) => given.push(`second ${String(page)}`));
    resolve();
    assert.ok((await late.promise) instanceof LeaseLostError);
    await dying[Symbol.asyncDispose]();
    assert.deepEqual(given, ["first page 1", "second page 1", "second page 2", "second page 3"]);
    assert.equal(await backend.memory.get("extracted"), undefined);
  });

  it("C12: a page is not given out twice when the process stands still as it is taken", async ({ mock }) => {
    mock.timers.enable({ apis: ["setInterval"] });
    const clock = new ManualClock();
    using backend = openBackend({ clock });
    const begun: unknown[] = [];
    const release = Promise.withResolvers<void>();
    const consumer = backend.tasks.consume(
      "work",
      async (page) => {
        begun.push(page);
        await release.promise;
      },
      { concurrency: 3, timeoutMs: 60_000, context },
    );
    await addOne(backend, work("page 1"));
    await until("the first taking", () => begun.length === 1);
    await addOne(backend, work("page 2"));
    // One group of writes: the consumer takes the second page, time passes, and the leases are looked after.
    const pause = backend.database.write(() => clock.advance(60_000));
    mock.timers.tick(100);
    await pause;
    await until("the second taking", () => begun.length === 2);
    consumer.resume();
    release.resolve();
    await consumer.idle(AbortSignal.timeout(60_000));
    await consumer[Symbol.asyncDispose]();
    assert.deepEqual(begun, ["page 1", "page 2"]);
  });

  it("C13: pages that break the parser are kept with error, tries and trace, and one call does them again after the fix", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "forager.db");
    const pages = Array.from({ length: 30 }, (_, page) =>
      work({ page }, { trace: `run/1/${page}`, maxAttempts: 2 }),
    );
    {
      using backend = openBackend({ path });
      await backend.tasks.add(pages);
      await consumeAll(backend, async (input) => {
        if ((input as { page: number }).page % 3 === 0) throw new NetworkError("no end tag");
      });
    }
    using backend = openBackend({ path });
    const dead = backend.tasks.dead({ limit: 100 });
    assert.deepEqual(
      dead.map(({ input, trace, attempts, error, history }) => [
        input,
        trace,
        attempts,
        error,
        history.length,
      ]),
      Array.from({ length: 10 }, (_, each) => [{ page: each * 3 }, `run/1/${each * 3}`, 2, "no end tag", 2]),
    );
    assert.equal(await backend.tasks.replay(dead.map(({ id }) => id)), 10);
    await consumeAll(backend, async () => "read");
    assert.deepEqual(backend.tasks.counts("work"), { ready: 0, leased: 0, done: 30, dead: 0, cancelled: 0 });
  });

  it("C21: a user's question overtakes a crawl's ten thousand tasks, and survives the end of the process", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "forager.db");
    {
      using backend = openBackend({ path });
      await backend.tasks.add(Array.from({ length: 10_000 }, (_, page) => work(page, { priority: "low" })));
      await backend.tasks.add([work("question", { priority: "critical" })]);
    }
    using backend = openBackend({ path });
    const order: unknown[] = [];
    const consumer = backend.tasks.consume("work", async (input) => order.push(input), {
      concurrency: 4,
      timeoutMs: 60_000,
      context,
    });
    await until("the question's turn", () => order.includes("question"));
    await consumer[Symbol.asyncDispose]();
    assert.equal(order[0], "question");
    const { done, ready } = backend.tasks.counts("work");
    assert.equal(done + ready, 10_001);
  });

  it("C21: two consumers that wait for tasks ask the file less than twenty small things a second, and write nothing", async ({
    mock,
  }) => {
    using folder = temporaryFolder();
    using database = new Database(join(folder.path, "forager.db"), { schema: [coordinationSchema] });
    mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
    const { tasks } = createSqliteBackend({ database, clock: systemClock }); // with the times that users get
    const options = { timeoutMs: 60_000, context };
    await using _first = tasks.consume("work", async () => {}, { ...options, concurrency: 4 });
    await using _second = tasks.consume("other", async () => {}, { ...options, concurrency: () => 4 });
    await nextTurn();
    const statements = mock.method(database, "prepare");
    const writes = [mock.method(database, "write"), mock.method(database, "writeNow")];
    const seconds = 20;
    for (let ms = 0; ms < seconds * 1_000; ms += 50) {
      mock.timers.tick(50);
      await nextTurn();
    }
    const perSecond = statements.mock.callCount() / seconds;
    assert.ok(perSecond > 3 && perSecond < 20, `${perSecond} statements a second`);
    assert.deepEqual(
      writes.map(({ mock }) => mock.callCount()),
      [0, 0],
    );
  });

  it("C22: a PDF goes to who reads PDFs, a page in the EU to who has a way out there, the rest to anybody", async () => {
    using backend = openBackend();
    const tasks = [[], ["pdf"], ["egress@eu"], ["pdf", "egress@eu"], ["ocr"]].map((needs) =>
      work(needs, { needs }),
    );
    await backend.tasks.add(Array.from({ length: 5 }, () => tasks).flat());
    const able: Record<string, readonly string[]> = { plain: [], reader: ["pdf"], eu: ["egress@eu", "pdf"] };
    let routed = 0;
    const consumers = Object.entries(able).map(([who, capabilities]) =>
      backend.tasks.consume(
        "work",
        async (needs) => {
          routed += 1;
          for (const need of needs as string[])
            assert.ok(capabilities.includes(need), `${who} was given ${need}`);
        },
        { concurrency: 2, timeoutMs: 60_000, context, capabilities },
      ),
    );
    await until("the end of what can be done", () => routed === 20);
    assert.deepEqual(
      backend.tasks.unroutable().map(({ needs }) => needs),
      Array.from({ length: 5 }, () => ["ocr"]),
    );
    for (const consumer of consumers) await consumer[Symbol.asyncDispose]();
    assert.deepEqual(backend.tasks.counts("work"), { ready: 5, leased: 0, done: 20, dead: 0, cancelled: 0 });
  });

  it("C24: a busy host is waited for, an unsteady one is tried again, a hopeless one is not, and nothing outlives its deadline", async () => {
    const clock = new ManualClock();
    using backend = openBackend({ clock, random: () => 0 });
    const deadlineAt = clock.now() + 500;
    const hosts = ["busy", "unsteady", "hopeless", "down"];
    const ids = await backend.tasks.add(
      hosts.map((host) => work(host, { deadlineAt, maxAttempts: host === "down" ? 99 : 3 })),
    );
    const tries: Record<string, number[]> = {};
    const begun = clock.now();
    const consumer = backend.tasks.consume(
      "work",
      async (host) => {
        const own = (tries[String(host)] ??= []);
        own.push(clock.now() - begun);
        if (host === "busy" && own.length < 5) throw new RetryLaterError("429", clock.now() + 70);
        if (host === "unsteady" && own.length < 3) throw new NetworkError("reset");
        if (host === "hopeless") throw new ForagerError("blocked", "403");
        if (host === "down") throw new NetworkError("refused");
        return "page";
      },
      { concurrency: 4, timeoutMs: 60_000, context },
    );
    const ended = Promise.all(ids.map((id) => backend.tasks.wait(id, AbortSignal.timeout(60_000))));
    // Time goes on when all is done that is due by now, whatever that takes.
    const due = backend.database.prepare(
      "SELECT count(*) AS count FROM task WHERE state IN ('ready', 'leased') OR (state = 'delayed' AND at <= ?)",
    );
    const isQuiet = () => due.get(clock.now())?.["count"] === 0;
    for (let ms = 0; ms < 520; ms += 10) {
      clock.advance(10);
      consumer.resume();
      await until("the end of what is due", isQuiet);
    }
    const ends = await ended;
    await consumer[Symbol.asyncDispose]();
    assert.deepEqual(
      ends.map(({ state, attempts, history }) => [state, attempts, history.at(-1)?.code]),
      [
        ["done", 1, undefined],
        ["done", 3, "network"],
        ["dead", 1, "blocked"],
        ["dead", tries["down"]?.length, "expired"],
      ],
    );
    const gaps = (host: string) =>
      (tries[host] ?? []).slice(1).map((at, index) => at - (tries[host]?.[index] ?? 0));
    assert.ok(
      gaps("busy").every((gap) => gap >= 70),
      `busy: ${gaps("busy").join()}`,
    );
    assert.ok(
      gaps("unsteady").every((gap, index) => gap >= 20 * 2 ** index),
      `unsteady: ${gaps("unsteady").join()}`,
    );
    assert.ok(Math.max(...(tries["down"] ?? [])) < 500);
  });

  it("C25: a stopped crawl aborts what is under way at once, runs nothing more, and leaves no lease, although handlers hang", async () => {
    using backend = openBackend();
    await backend.tasks.add(Array.from({ length: 50 }, (_, page) => work(page, { run: 1 })));
    const other = await addOne(backend, { kind: "other", input: 0, run: 2 });
    let told = 0;
    let starts = 0;
    const consumer = backend.tasks.consume(
      "work",
      (_, { signal }) => {
        starts += 1;
        signal.addEventListener("abort", () => (told += 1));
        return new Promise(() => {});
      },
      { concurrency: 8, timeoutMs: 60_000, context: rootContext("crawl") },
    );
    await until("eight under way", () => starts === 8);
    assert.equal(await backend.tasks.cancel({ run: 1 }, "stopped by the user"), 50);
    assert.equal(told, 8);
    assert.deepEqual(backend.tasks.counts("work"), { ready: 0, leased: 0, done: 0, dead: 0, cancelled: 50 });
    // Handlers that hang are left behind: the same consumer goes on with other work.
    await addOne(backend, work("next", { run: 3 }));
    await until("the next start", () => starts === 9);
    await backend.tasks.cancel({ run: 3 }, "enough");
    await consumer[Symbol.asyncDispose]();
    assert.equal(starts, 9);
    assert.deepEqual(
      backend.tasks.ofRun(2).map(({ id, state }) => [id, state]),
      [[other, "ready"]],
    );
  });
});
