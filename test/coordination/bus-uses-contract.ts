import assert from "node:assert/strict";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import { z } from "zod";
import { Budget } from "../../src/budget.ts";
import { rootContext } from "../../src/context.ts";
import { type Message, maxHops, messageTypes } from "../../src/coordination/bus/bus.ts";
import { priorities } from "../../src/coordination/new-task.ts";
import { type OpenBus, context, note } from "./bus-contract.ts";
import { ManualClock } from "./open-backend.ts";
import { until } from "./task-helpers.ts";

/** What agents do with a bus. */
export function describeBusUses(name: string, open: OpenBus): void {
  describe(`bus between agents: ${name}`, () => {
    it("C7: a message of every type and priority arrives as it was sent, and cannot be changed", async () => {
      await using bus = open();
      const got: Message[] = [];
      const payload = { document: 81 };
      bus.attach("r/1", (message) => void got.push(message));
      for (const type of messageTypes)
        for (const priority of priorities)
          await bus.send("r/1", { from: "s/1", type, priority, payload }, context);
      await bus.drain();
      const kinds = new Set(got.map(({ type, priority }) => `${type} ${priority}`));
      assert.equal(kinds.size, messageTypes.length * priorities.length);
      assert.equal(new Set(got.map(({ id }) => id)).size, got.length);
      for (const message of got) {
        assert.equal(message.payload, payload, "handed on, not copied");
        assert.throws(() => Object.assign(message, { payload: 0 }), TypeError);
      }
    });

    it("C7: what is no message, or not what its receiver takes, is refused to its sender", async () => {
      await using bus = open();
      const got: unknown[] = [];
      const Document = z.object({ document: z.int(), hint: z.string().default("none") });
      bus.attach("r/1", ({ payload }) => void got.push(payload), { payload: Document });
      bus.subscribe("page.*", ({ payload }) => void got.push(payload), { payload: Document });
      bus.subscribe("page.*", ({ payload }) => void got.push(payload));
      const bad = { code: "bad-message", retryable: false };
      const good = note("s/1", { document: 1 });
      for (const broken of [{ type: "shout" }, { priority: "urgent" }, { from: "" }, { payload: {} }])
        await assert.rejects(bus.send("r/1", { ...good, ...broken } as typeof good, context), bad);
      for (const topic of ["", "a..b", "page.*", "page.>", "a b", "x.".repeat(20) + "x", "x".repeat(300)])
        await assert.rejects(bus.publish(topic, good, context), bad);
      for (const pattern of ["a.>.b", "a*", ""]) assert.throws(() => bus.subscribe(pattern, () => {}), bad);
      for (const address of ["", "a b", "a.b", "x".repeat(200)])
        assert.throws(() => bus.attach(address, () => {}), bad);
      await bus.send("r/1", good, context);
      await assert.rejects(bus.publish("page.stored", note("s/1", { document: "?" }), context), bad);
      await bus.drain();
      assert.deepEqual(got, [{ document: 1, hint: "none" }, { document: "?" }]);
    });

    it("C8: a validator asks an extractor again, and has its answer under one trace and its own budget", async () => {
      await using bus = open();
      const budget = new Budget("crawl 7", { tokens: 10 });
      const traces: string[] = [];
      bus.attach("model/1", (message, { budget }) => {
        traces.push(message.trace);
        budget.spend("tokens", 7);
        return "12.50";
      });
      bus.attach("extractor/1", async ({ payload, trace }, context) => {
        traces.push(trace);
        const { field } = payload as { readonly field: string };
        const price = await bus.request("model/1", note("extractor/1", { field }), context, {
          timeoutMs: 60_000,
        });
        return { [field]: price };
      });
      const ask = () =>
        bus.request(
          "extractor/1",
          note("validator/1", { document: 81, field: "price" }),
          rootContext("crawl 7", undefined, budget),
          { timeoutMs: 60_000, answer: z.object({ price: z.string() }) },
        );
      assert.deepEqual(await ask(), { price: "12.50" });
      assert.deepEqual(traces, ["crawl 7", "crawl 7"]);
      assert.equal(budget.left("tokens"), 3);
      await assert.rejects(ask(), { code: "budget" });
    });

    it('C9: "pause crawl 7" reaches every agent but the one that says so', async () => {
      await using bus = open();
      const paused: string[] = [];
      for (const address of ["planner/1", "researcher/1", "researcher/2", "extractor/1"]) {
        bus.attach(address, ({ type, payload }) => {
          if (type === "control") paused.push(`${address} ${String(payload)}`);
        });
      }
      const message = {
        from: "planner/1",
        type: "control",
        priority: "critical",
        payload: "pause 7",
      } as const;
      assert.equal(await bus.broadcast(message, context), 3);
      await bus.drain();
      assert.deepEqual(paused, ["researcher/1 pause 7", "researcher/2 pause 7", "extractor/1 pause 7"]);
    });

    it("C10: a screen follows one crawl's pages and a cache all hosts that block, and neither sees the rest", async () => {
      await using bus = open();
      const screen: unknown[] = [];
      const cache: unknown[] = [];
      const following = bus.subscribe("crawl.7.page.*", ({ topic }) => void screen.push(topic));
      bus.subscribe("host.*.blocked", ({ topic }) => void cache.push(topic));
      const topics = [
        "crawl.7.page.indexed",
        "crawl.8.page.indexed",
        "host.a-example.blocked",
        "crawl.7.done",
      ];
      for (const topic of topics) await bus.publish(topic, note("researcher/1"), context);
      await following.drain();
      assert.equal(await bus.publish("crawl.7.page.indexed", note("researcher/1"), context), 0);
      await bus.drain();
      assert.deepEqual(screen, ["crawl.7.page.indexed"]);
      assert.deepEqual(cache, ["host.a-example.blocked"]);
    });

    it("C11: a slow embedder makes the fetchers wait, and never holds more than its mailbox", async () => {
      await using bus = open();
      let embedded = 0;
      bus.attach(
        "embedder/1",
        async () => {
          await nextTurn();
          embedded += 1;
        },
        { capacity: 5 },
      );
      let fetched = 0;
      let furthestAhead = 0;
      const fetcher = async (from: string) => {
        for (let page = 0; page < 15; page += 1) {
          fetched += 1;
          furthestAhead = Math.max(furthestAhead, fetched - embedded);
          await bus.send("embedder/1", note(from, page), context);
        }
      };
      await Promise.all(["fetcher/1", "fetcher/2"].map(fetcher));
      await bus.drain();
      assert.equal(embedded, 30);
      // 5 wait, 1 is being embedded and perhaps 1 has just been, 2 are in their fetchers' hands.
      assert.ok(furthestAhead <= 9, `${furthestAhead} pages ahead`);
    });

    it("C12: an extractor that crashes gets the page again; one page at a time keeps the order, several at once the bound", async () => {
      await using bus = open();
      const pages: unknown[] = [];
      bus.attach("extractor/1", ({ payload }, { attempt }) => {
        if (payload === "page 2" && attempt === 1) throw new Error("crashed");
        pages.push(payload);
      });
      let working = 0;
      let most = 0;
      const work = async () => {
        working += 1;
        most = Math.max(most, working);
        await nextTurn();
        working -= 1;
      };
      bus.attach("extractor/2", work, { concurrency: 3 });
      for (const page of [1, 2, 3]) await bus.send("extractor/1", note("s/1", `page ${page}`), context);
      for (let page = 0; page < 20; page += 1) await bus.send("extractor/2", note("s/1", page), context);
      await bus.drain();
      assert.deepEqual(pages, ["page 1", "page 2", "page 3"]);
      assert.equal(most, 3);
      assert.equal(bus.status().delivered, 23);
    });

    it("C15: an agent that loops is slowed down to its rate, and its flood is refused in the end; the others are not held up", async () => {
      const clock = new ManualClock();
      await using bus = open({ clock, rate: { perSecond: 10, burst: 10, whenOver: "wait" } });
      const got: string[] = [];
      bus.attach("r/1", ({ from }) => void got.push(from), { capacity: 5_000 });
      const flood = Array.from({ length: 1_100 }, () => bus.send("r/1", note("looping/1"), context));
      const ended = Promise.allSettled(flood);
      await bus.send("r/1", note("good/1"), context);
      await nextTurn();
      assert.deepEqual(got, [...Array.from({ length: 10 }, () => "looping/1"), "good/1"]);
      assert.equal(bus.status().refused, 1_100 - 10 - 1_000);
      await bus[Symbol.asyncDispose]();
      await ended;
    });

    it("ends a conversation of two agents that answer each other for ever", async () => {
      await using bus = open();
      let turns = 0;
      for (const [own, other] of [
        ["a/1", "b/1"],
        ["b/1", "a/1"],
      ] as const) {
        bus.attach(own, async (_, context) => {
          turns += 1;
          await bus.send(other, note(own, "thank you"), context);
        });
      }
      await bus.send("a/1", note("user/1", "hello"), context);
      await until("the end of the conversation", () => bus.status().dead === 1);
      assert.equal(turns, maxHops + 1);
      const [dead] = bus.dead();
      assert.match(dead?.error ?? "", /round in circles/);
    });

    it("two agents that keep each other busy leave timers and sockets their turn", async () => {
      await using bus = open();
      const busy = Promise.withResolvers<void>();
      let turns = 0;
      for (const [own, other] of [
        ["a/1", "b/1"],
        ["b/1", "a/1"],
      ] as const) {
        bus.attach(own, async () => {
          turns += 1;
          if (turns === 2_000) busy.resolve();
          await bus.send(other, note(own), context);
        });
      }
      await bus.send("a/1", note("user/1"), context);
      await busy.promise;
      // Had they not left it its turn, this wait would never end.
      await delay(0);
    });
  });
}
