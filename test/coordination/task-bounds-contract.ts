import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import { join } from "node:path";
import type { Clock } from "../../src/clock.ts";
import { OverloadedError } from "../../src/coordination/tasks.ts";
import { ManualClock, type OpenBackend, temporaryFolder, urlOf } from "./open-backend.ts";
import { addOne, consumeAll, context, until, work } from "./task-helpers.ts";

/** Counts how many run at once, and the most there ever were. */
class Gauge {
  now = 0;
  most = 0;

  async during(ms: number): Promise<void> {
    this.now += 1;
    this.most = Math.max(this.most, this.now);
    await delay(ms);
    this.now -= 1;
  }
}

const isOverloaded = (error: unknown) => error instanceof OverloadedError && error.retryable;

/** What every task queue promises of who may take tasks, and how many. */
export function describeTaskBounds(
  name: string,
  open: (options?: {
    readonly path?: string;
    readonly clock?: Clock;
    readonly leaseMs?: number;
  }) => OpenBackend,
): void {
  describe(`task bounds contract: ${name}`, () => {
    it("Queue 21: a task goes only to who can do all that it needs, and is listed while nobody can", async () => {
      using backend = open();
      const ids = await backend.tasks.add([
        work("plain", { priority: "low" }),
        work("pdf", { needs: ["pdf"] }),
        work("both", { needs: ["render", "pdf", "pdf"], priority: "critical" }),
        work("later", { needs: ["ocr"], dueAt: Date.now() + 60_000 }),
      ]);
      const [, pdf, both] = ids;
      const options = { concurrency: 1, timeoutMs: 60_000, context };
      const seen: string[] = [];
      const by = (who: string) => async (input: unknown) => seen.push(`${who}: ${String(input)}`);
      assert.deepEqual(
        backend.tasks.unroutable().map(({ id }) => id),
        [both, pdf],
      );
      const plain = backend.tasks.consume("work", by("plain"), options);
      await until("the plain one's end", () => seen.length === 1);
      await using _reader = backend.tasks.consume("work", by("reader"), {
        ...options,
        capabilities: ["pdf", "html"],
      });
      await until("the PDF's end", () => seen.length === 2);
      await delay(20);
      assert.deepEqual(seen, ["plain: plain", "reader: pdf"]);
      assert.deepEqual(backend.tasks.unroutable(), [{ id: both, kind: "work", needs: ["pdf", "render"] }]);
      await using _all = backend.tasks.consume("work", by("all"), { ...options, capabilities: ["*"] });
      await until("the end", () => seen.length === 3);
      assert.equal(seen[2], "all: both");
      assert.deepEqual(backend.tasks.unroutable(), []);
      await plain[Symbol.asyncDispose]();
    });

    it("Queue 21: who can do several things takes the most urgent of all of them first", async () => {
      using backend = open();
      await backend.tasks.add([
        work("1", { needs: ["b"] }),
        work("2"),
        work("3", { needs: ["a"], priority: "high" }),
        work("4", { needs: ["c"], priority: "critical" }),
        work("5", { needs: ["a"] }),
        work("6", { priority: "high" }),
      ]);
      const order: unknown[] = [];
      const consumer = backend.tasks.consume("work", async (input) => order.push(input), {
        concurrency: 1,
        timeoutMs: 60_000,
        capabilities: ["a", "b"],
        context,
      });
      await until("five ends", () => order.length === 5);
      await consumer[Symbol.asyncDispose]();
      assert.deepEqual(order, ["3", "6", "1", "2", "5"]);
    });

    it("Queue 22: no more of a kind run at once than may, over all consumers and all who opened the file", async () => {
      using folder = temporaryFolder();
      const path = join(folder.path, "forager.db");
      using first = open({ path, leaseMs: 600_000 });
      using second = open({ path, leaseMs: 600_000 });
      const gauge = new Gauge();
      const options = { concurrency: 4, timeoutMs: 60_000, context };
      const consumers = [first, first, second].map((backend) => {
        backend.tasks.limit("work", { atOnce: 3 });
        return backend.tasks.consume("work", () => gauge.during(5), options);
      });
      await first.tasks.add(Array.from({ length: 60 }, (_, index) => work(index)));
      for (const consumer of consumers) await consumer.idle(AbortSignal.timeout(60_000));
      for (const consumer of consumers) await consumer[Symbol.asyncDispose]();
      assert.equal(gauge.most, 3);
      assert.equal(first.tasks.counts("work").done, 60);
    });

    it("Queue 22: a dedupe key has at most one task under way", async () => {
      using backend = open();
      const hosts = new Map(["a", "b", "c"].map((host) => [host, new Gauge()]));
      const consumer = backend.tasks.consume("work", async (host) => hosts.get(String(host))?.during(2), {
        concurrency: 8,
        timeoutMs: 60_000,
        context,
      });
      for (let round = 0; round < 30; round += 1) {
        const turns = [...hosts.keys()].map((host) =>
          work(host, { dedupe: { key: host, whileActive: "rearm" } }),
        );
        await backend.tasks.add(turns);
        await delay(1);
      }
      await consumer.idle(AbortSignal.timeout(60_000));
      await consumer[Symbol.asyncDispose]();
      assert.deepEqual(
        [...hosts.values()].map(({ most }) => most),
        [1, 1, 1],
      );
    });

    it("Queue 22: a consumer's size may change while it works, and it pauses and goes on", async () => {
      using backend = open();
      await backend.tasks.add(Array.from({ length: 12 }, (_, index) => work(index)));
      const { promise: release, resolve } = Promise.withResolvers<void>();
      let size = 2;
      let running = 0;
      const consumer = backend.tasks.consume(
        "work",
        async () => {
          running += 1;
          await release;
        },
        { concurrency: () => size, timeoutMs: 60_000, context },
      );
      await until("two under way", () => running === 2);
      size = 5;
      await until("five under way", () => running === 5);
      consumer.pause();
      resolve();
      await until("the five's end", () => backend.tasks.counts("work").done === 5);
      await delay(10);
      assert.deepEqual([running, backend.tasks.counts("work").leased], [5, 0]);
      consumer.resume();
      await consumer.idle(AbortSignal.timeout(60_000));
      await consumer[Symbol.asyncDispose]();
      assert.equal(running, 12);
    });

    it("Queue 23: tasks that take a host's turn keep its gap at the time of their effect", async () => {
      using backend = open();
      const gapMs = 25;
      await backend.database.write(() => {
        backend.frontier.setHost("site.example", { delayMs: gapMs });
        backend.frontier.add(
          1,
          ["a", "b", "c", "d"].map((page) => urlOf(page)),
          { maxDepth: 1 },
        );
      });
      const fetchedAt: number[] = [];
      await backend.tasks.add([work("turn"), work("turn"), work("turn")]);
      await consumeAll(
        backend,
        async (_, own) => {
          const now = Date.now();
          const [claim] = await backend.database.write(() =>
            backend.frontier.claim(1, { limit: 1, leaseMs: 600_000, now }),
          );
          const dueAt = backend.frontier.nextDueAt(1);
          if (claim) fetchedAt.push(now);
          if (dueAt !== undefined) own.defer(Math.max(dueAt, now + 1));
        },
        { concurrency: 3 },
      );
      assert.equal(fetchedAt.length, 4);
      const gaps = fetchedAt.slice(1).map((at, index) => at - (fetchedAt[index] ?? 0));
      assert.ok(
        gaps.every((gap) => gap >= gapMs),
        `gaps ${gaps.join(", ")}`,
      );
    });

    it("Queue 24: above the high mark adding waits until no more than the low mark is left, so that no more than the high mark wait", async () => {
      using backend = open();
      const [high, low] = [20, 5];
      backend.tasks.limit("work", { waiting: { high, low } });
      let added = 0;
      const adding = Promise.all(
        Array.from({ length: 300 }, async () => {
          await backend.tasks.add([work("x")]);
          added += 1;
        }),
      );
      let allowed = 0;
      let done = 0;
      let most = 0;
      const consumer = backend.tasks.consume(
        "work",
        async () => {
          const { ready, leased } = backend.tasks.counts("work");
          most = Math.max(most, ready + leased);
          await until("leave to go on", () => done < allowed);
          done += 1;
        },
        { concurrency: 1, timeoutMs: 60_000, context },
      );
      await until("the high mark", () => added === high);
      allowed = high - low - 1;
      await until("one above the low mark", () => backend.tasks.counts("work").done === allowed);
      await delay(5);
      assert.equal(added, high);
      allowed += 1;
      await until("the high mark once more", () => added === high + high - low);
      allowed = Infinity;
      await Promise.all([adding, consumer.idle(AbortSignal.timeout(60_000))]);
      await consumer[Symbol.asyncDispose]();
      assert.deepEqual([backend.tasks.counts("work").done, most], [300, high]);
    });

    it("Queue 24: who does not want to wait is refused, who gives up waiting adds nothing, and inside a task nobody waits", async () => {
      using backend = open();
      backend.tasks.limit("work", { waiting: { high: 2, low: 1 } });
      await backend.tasks.add([work(1), work(2, { dueAt: Date.now() + 60_000 })]);
      await assert.rejects(backend.tasks.add([work(3)], { whenFull: "reject" }), isOverloaded);
      const reason = new Error("gave up");
      const stop = new AbortController();
      const given = backend.tasks.add([work(4)], { signal: stop.signal });
      await delay(5);
      stop.abort(reason);
      await assert.rejects(given, (error) => error === reason);
      assert.equal(backend.tasks.counts("work").ready, 2);
      await addOne(backend, { kind: "parent", input: 0 });
      await using parents = backend.tasks.consume("parent", (_, own) => own.spawn([work(5)]), {
        concurrency: 1,
        timeoutMs: 60_000,
        context,
      });
      await parents.idle(AbortSignal.timeout(60_000));
      assert.equal(backend.tasks.counts("work").ready, 3);
    });

    it("tells of each kind how much of it there is, and how long the longest has waited", async () => {
      const clock = new ManualClock();
      using backend = open({ clock });
      const now = clock.now();
      await backend.tasks.add([
        work(1, { priority: "low" }),
        { kind: "other", input: 1, dueAt: now + 60_000 },
      ]);
      clock.advance(15);
      await backend.tasks.add([work(2, { priority: "critical", needs: ["pdf"] })]);
      const kinds = backend.tasks.kinds(now + 1_000);
      assert.deepEqual([...kinds.keys()].sort(), ["other", "work"]);
      const { oldestMs, ready } = kinds.get("work") ?? {};
      assert.deepEqual(
        [oldestMs, ready, kinds.get("other")?.ready, kinds.get("other")?.oldestMs],
        [1_000, 2, 1, 0],
      );
    });
  });
}
