import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import { z } from "zod";
import type { Handler, Message } from "../../src/coordination/bus/bus.ts";
import { type OpenBus, context, note } from "./bus-contract.ts";
import { openBackend } from "./open-backend.ts";

/** What every bus must do with durable messages. */
export function describeDurableMail(name: string, open: OpenBus): void {
  describe(`durable mail contract: ${name}`, () => {
    it("C14: durable mail waits for its receiver over restarts of the bus, volatile mail does not", async () => {
      using backend = openBackend();
      {
        await using bus = open({ durable: backend });
        await assert.rejects(bus.send("r/1", note("s/1", "gone"), context), { code: "no-receiver" });
        await bus.send("r/1", note("s/1", { plan: 3 }, "high"), context, { durable: true });
      }
      await using bus = open({ durable: backend });
      const got: Message[] = [];
      bus.attach("r/1", (message) => void got.push(message), { durable: true });
      await settled(() => backend.tasks.counts("mail/r/1").done === 1);
      assert.equal(got.length, 1);
      const [{ payload, from, to, priority, trace }] = got as [Message];
      assert.deepEqual([payload, from, to, priority, trace], [{ plan: 3 }, "s/1", "r/1", "high", "test"]);
    });

    it("Bus 48: durable mail that fails comes again by the queue, then is a dead task that can be replayed", async () => {
      using backend = openBackend();
      await using bus = open({ durable: backend });
      const attempts: number[] = [];
      const fences: number[] = [];
      let isFixed = false;
      bus.attach(
        "r/1",
        (_, { attempt, fence }) => {
          attempts.push(attempt);
          fences.push(fence);
          if (!isFixed) throw new Error("parser broke");
        },
        { durable: true },
      );
      await bus.send("r/1", note("s/1", "page 81"), context, { durable: true });
      await settled(() => backend.tasks.dead({ limit: 9 }).length === 1);
      assert.deepEqual(attempts, [1, 2, 3]);
      assert.ok(fences.every((fence, index) => fence > (fences[index - 1] ?? 0)));
      const [dead] = backend.tasks.dead({ limit: 9 });
      assert.deepEqual([dead?.error, dead?.trace, dead?.history.length], ["parser broke", "test", 3]);
      isFixed = true;
      await backend.tasks.replay([dead?.id ?? 0]);
      await settled(() => attempts.length === 4);
      assert.deepEqual(bus.dead(), []);
    });

    it("C12: what a durable message's handler commits stands together with its acknowledgement's fence", async () => {
      using backend = openBackend();
      await using bus = open({ durable: backend });
      bus.attach(
        "r/1",
        async ({ payload }, { task }) => {
          await task?.commit((transaction) => transaction.put("price", payload));
        },
        { durable: true },
      );
      await bus.send("r/1", note("s/1", 12), context, { durable: true });
      await settled(() => backend.tasks.counts("mail/r/1").done === 1);
      assert.equal((await backend.memory.get("price"))?.value, 12);
    });

    it("C14: a durable topic keeps its messages for each of its named subscribers, there or not, until they are forgotten", async () => {
      using backend = openBackend();
      {
        await using bus = open({ durable: backend });
        for (const name of ["indexer", "billing"])
          await bus.subscribe("crawl.*.page.>", () => {}, { durable: name }).ready;
      }
      await using bus = open({ durable: backend });
      const volatile: unknown[] = [];
      bus.subscribe("crawl.>", ({ payload }) => void volatile.push(payload));
      const publish = (topic: string, payload: string) =>
        bus.publish(topic, note("s/1", payload), context, { durable: true });
      assert.equal(await publish("crawl.7.page.indexed", "one"), 3);
      assert.equal(await publish("plan.7.approved", "none of theirs"), 0);
      await bus.forget("billing");
      assert.equal(await publish("crawl.7.page.indexed", "two"), 2);
      assert.equal(backend.tasks.counts("mail-topic/billing").ready, 0);

      const got: unknown[] = [];
      bus.subscribe("crawl.*.page.>", ({ payload, topic }) => void got.push([topic, payload]), {
        durable: "indexer",
      });
      await settled(() => got.length === 2);
      await publish("crawl.7.page.indexed", "three");
      await bus.publish("crawl.7.page.indexed", note("s/1", "volatile"), context);
      await settled(() => got.length >= 4 && backend.tasks.counts("mail-topic/indexer").done === 3);
      await bus.drain();
      assert.equal(got.length, 4);
      const payloads = got.map((each) => (each as [string, string])[1]);
      assert.deepEqual(payloads.slice(0, 2), ["one", "two"]);
      assert.deepEqual(new Set(payloads.slice(2)), new Set(["three", "volatile"]));
      assert.deepEqual(volatile, ["one", "two", "three", "volatile"]);
    });

    it("C7: mail that is kept is checked when it is read: old versions pass, junk is a dead letter at once", async () => {
      using backend = openBackend();
      await using bus = open({ durable: backend });
      const got: unknown[] = [];
      bus.attach("r/1", ({ payload, priority }) => void got.push([payload, priority]), {
        durable: true,
        payload: z.string(),
      });
      const first = { version: 1, id: "old-1", type: "event", from: "s/1", to: "r/1", payload: "old" };
      const inputs = [
        first,
        { ...first, version: 99 },
        { ...first, payload: 7 },
        "junk",
        { ...first, zstd: "////", payload: undefined },
      ];
      await backend.tasks.add(inputs.map((input) => ({ kind: "mail/r/1", input })));
      await settled(
        () => backend.tasks.counts("mail/r/1").ready + backend.tasks.counts("mail/r/1").leased === 0,
      );
      assert.deepEqual(got, [["old", "normal"]]);
      const dead = backend.tasks.dead({ limit: 9 });
      assert.equal(dead.length, 4);
      assert.ok(dead.every(({ attempts, history }) => attempts === 1 && history[0]?.code === "bad-message"));
      assert.match(dead[0]?.error ?? "", /later Forager/);
    });

    it("C7: what is kept may have 64 KiB, and is packed when it is large", async () => {
      using backend = openBackend();
      await using bus = open({ durable: backend });
      const links = Array.from({ length: 1_000 }, (_, index) => `https://docs.example/page/${index}`);
      const send = (payload: unknown) => bus.send("r/1", note("s/1", payload), context, { durable: true });
      await send(links);
      const row = backend.database.prepare("SELECT length(input) AS bytes FROM task").get();
      assert.ok(Number(row?.["bytes"]) < JSON.stringify(links).length / 3);
      await assert.rejects(send("x".repeat(65_535)), { code: "task-too-large" });
      await assert.rejects(send({ big: 1n }), { code: "bad-message" });
      const got: unknown[] = [];
      bus.attach("r/1", ({ payload }) => void got.push(payload), { durable: true });
      await settled(() => got.length === 1);
      assert.deepEqual(got, [links]);
    });

    for (const what of ["bus", "subscription"] as const) {
      it(`closing the ${what} gives durable mail back untried`, async () => {
        using backend = openBackend();
        {
          await using bus = open({ durable: backend });
          const begun = Promise.withResolvers<void>();
          const slow: Handler = async (_, { signal }) => {
            begun.resolve();
            await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
          };
          const subscription = bus.attach("r/1", slow, { durable: true });
          for (const each of [1, 2]) await bus.send("r/1", note("s/1", each), context, { durable: true });
          await begun.promise;
          if (what === "subscription") {
            subscription[Symbol.dispose]();
            await settled(() => backend.tasks.counts("mail/r/1").leased === 0);
          }
        }
        const { ready, leased, dead } = backend.tasks.counts("mail/r/1");
        assert.deepEqual([ready, leased, dead], [2, 0, 0]);
        await using bus = open({ durable: backend });
        const got = new Map<unknown, number>();
        bus.attach("r/1", ({ payload }, { attempt }) => void got.set(payload, attempt), { durable: true });
        await settled(() => got.size === 2);
        assert.deepEqual(
          got,
          new Map([
            [1, 1],
            [2, 1],
          ]),
        );
      });
    }
  });
}

/** Waits for something that is about to be. */
async function settled(isSo: () => boolean): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  while (!isSo()) await delay(2, undefined, { signal });
}
