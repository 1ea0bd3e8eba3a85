import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, it } from "node:test";
import type { Message } from "../../src/coordination/bus/bus.ts";
import type { Priority } from "../../src/coordination/new-task.ts";
import { ForagerError } from "../../src/errors.ts";
import { type OpenBus, context, gate, note } from "./bus-contract.ts";
import { ManualClock } from "./open-backend.ts";
import { until } from "./task-helpers.ts";

/** What every bus must do where there is too much of something: messages, failures, time. */
export function describeMailboxes(name: string, open: OpenBus): void {
  describe(`bus mailbox contract: ${name}`, () => {
    it("Bus 47: a full mailbox makes its senders wait, in order, and lets them in one by one", async () => {
      await using bus = open();
      const { handler, open: start } = gate();
      const got: unknown[] = [];
      bus.attach(
        "r/1",
        async ({ payload }) => {
          await handler();
          got.push(payload);
        },
        { capacity: 3 },
      );
      const isIn: boolean[] = [];
      const { signal } = new AbortController();
      const sends = Array.from({ length: 10 }, async (_, index) => {
        await bus.send("r/1", note("s/1", index), { ...context, signal });
        isIn[index] = true;
      });
      await nextTurn();
      assert.deepEqual(isIn, [true, true, true, true]);
      const [mailbox] = bus.status().mailboxes;
      assert.deepEqual([mailbox?.waiting, mailbox?.running, mailbox?.blockedSenders], [3, 1, 6]);
      start();
      await Promise.all(sends);
      assert.equal(getEventListeners(signal, "abort").length, 0);
      await bus.drain();
      assert.deepEqual(got, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });

    it("Bus 47: a sender that waits for room stops waiting when its signal aborts, and its message never comes", async () => {
      await using bus = open();
      const { handler, open: start } = gate();
      const got: unknown[] = [];
      bus.attach(
        "r/1",
        async ({ payload }) => {
          await handler();
          got.push(payload);
        },
        { capacity: 1 },
      );
      await bus.send("r/1", note("s/1", 0), context);
      await nextTurn();
      await bus.send("r/1", note("s/1", 1), context);
      const stop = new AbortController();
      const reason = new Error("enough");
      const late = assert.rejects(
        bus.send("r/1", note("s/1", 2), { ...context, signal: stop.signal }),
        reason,
      );
      await nextTurn();
      stop.abort(reason);
      await late;
      assert.equal(getEventListeners(stop.signal, "abort").length, 0);
      start();
      await bus.drain();
      assert.deepEqual(got, [0, 1]);
    });

    it("Bus 47: a full mailbox refuses, or drops the oldest of the least urgent and counts it, as its owner chose", async () => {
      await using bus = open();
      const got: unknown[] = [];
      const { handler, open: start } = gate();
      const slow = async ({ payload, to }: Message) => {
        await handler();
        got.push(`${to} ${String(payload)}`);
      };
      bus.attach("refuses/1", slow, { capacity: 2, overflow: "reject" });
      bus.attach("drops/1", slow, { capacity: 2, overflow: "drop-oldest" });
      const send = (to: string, payload: string, priority: Priority) =>
        bus.send(to, note("s/1", payload, priority), context);
      for (const to of ["refuses/1", "drops/1"]) {
        await send(to, "at work", "low");
        await nextTurn();
        await send(to, "urgent", "critical");
        await send(to, "old", "normal");
      }
      await assert.rejects(send("refuses/1", "new", "normal"), { code: "overloaded", retryable: true });
      await send("drops/1", "new", "normal");
      await send("drops/1", "trifle", "low");
      assert.deepEqual([bus.status().dropped, bus.status().refused], [2, 1]);
      start();
      await bus.drain();
      assert.equal(got.length, 6);
      assert.deepEqual(
        new Set(got),
        new Set([
          "drops/1 at work",
          "drops/1 new",
          "drops/1 urgent",
          "refuses/1 at work",
          "refuses/1 old",
          "refuses/1 urgent",
        ]),
      );
    });

    it("Bus 47: one follower that is full keeps a message from no other", async () => {
      await using bus = open();
      const got: unknown[] = [];
      bus.subscribe("page.>", () => new Promise(() => {}), { capacity: 1, overflow: "reject" });
      bus.subscribe("page.>", ({ payload }) => void got.push(payload));
      const taken: number[] = [];
      for (const page of [1, 2, 3]) {
        taken.push(await bus.publish("page.stored", note("s/1", page), context));
        await nextTurn();
      }
      assert.deepEqual(taken, [2, 2, 1]);
      assert.deepEqual(got, [1, 2, 3]);
    });

    it("Bus 47: by default a thousand wait, and a thousand senders for room; no mailbox grows further", async () => {
      await using bus = open();
      bus.attach("r/1", () => new Promise(() => {}));
      const results = await Promise.allSettled(
        Array.from({ length: 3_000 }, (_, index) =>
          Promise.race([bus.send("r/1", note("s/1", index), context), nextTurn("still waiting")]),
        ),
      );
      const refused = results.filter(({ status }) => status === "rejected").length;
      const [mailbox] = bus.status().mailboxes;
      // One of those who waited came in when the handler took its first message.
      assert.deepEqual([mailbox?.maxDepth, mailbox?.blockedSenders, refused], [1_000, 999, 1_000]);
    });

    it("Bus 48: what was not handled comes again, says so, and is dead after the third time; from there it can be sent once more", async () => {
      await using bus = open();
      const attempts: number[] = [];
      let isFixed = false;
      bus.attach("r/1", (_, { attempt }) => {
        attempts.push(attempt);
        if (!isFixed) throw new Error("parser broke");
      });
      await bus.send("r/1", note("s/1", "page 81"), context);
      await until("the last try's end", () => bus.status().dead === 1);
      assert.deepEqual(attempts, [1, 2, 3]);
      const [dead] = bus.dead();
      assert.ok(dead);
      assert.deepEqual(
        [dead.receiver, dead.attempts, dead.error, dead.message.payload, dead.message.trace],
        ["r/1", 3, "parser broke", "page 81", "test"],
      );
      isFixed = true;
      assert.equal(await bus.replay([dead.message.id]), 1);
      await bus.drain();
      assert.deepEqual(attempts, [1, 2, 3, 1]);
      assert.deepEqual(bus.dead(), []);
      const { delivered, redelivered, dead: died } = bus.status();
      assert.deepEqual([delivered, redelivered, died], [1, 2, 1]);
    });

    it("Bus 48: a handler that takes too long is told, and the message comes again beside it", async () => {
      await using bus = open();
      const seen: { attempt: number; signal: AbortSignal }[] = [];
      bus.attach(
        "r/1",
        async (_, { attempt, signal }) => {
          seen.push({ attempt, signal });
          if (attempt === 1) await new Promise(() => {});
        },
        { timeoutMs: 20 },
      );
      await bus.send("r/1", note("s/1"), context);
      await until("the second try's end", () => bus.status().delivered === 1);
      assert.deepEqual(
        seen.map(({ attempt, signal }) => [attempt, (signal.reason as ForagerError | undefined)?.code]),
        [
          [1, "timeout"],
          [2, undefined],
        ],
      );
      assert.equal(bus.status().delivered, 1);
    });

    it("Bus 48: an error that says that trying again cannot help ends a message at once", async () => {
      await using bus = open();
      let tries = 0;
      bus.attach("r/1", () => {
        tries += 1;
        throw new ForagerError("agent-contract", "no such field");
      });
      await bus.send("r/1", note("s/1"), context);
      await bus.drain();
      assert.deepEqual([tries, bus.dead().length], [1, 1]);
      assert.equal(bus.purge(bus.dead().map(({ message }) => message.id)), 1);
    });

    it("Bus 49: an agent over its rate waits for its turn, in order, and holds up nobody else", async () => {
      const clock = new ManualClock();
      await using bus = open({ clock });
      const got: unknown[] = [];
      bus.attach("r/1", ({ payload }) => void got.push(payload));
      bus.limit("s/1", { perSecond: 10, burst: 2, whenOver: "wait" });
      const sends = Array.from({ length: 5 }, (_, index) => bus.send("r/1", note("s/1", index), context));
      await bus.send("r/1", note("s/2", "other"), context);
      assert.deepEqual(got, [0, 1, "other"]);
      for (const expected of [[2], [2, 3], [2, 3, 4]]) {
        clock.advance(100);
        await until("the next turn", () => got.length === 3 + expected.length);
        assert.deepEqual(got.slice(3), expected);
      }
      await Promise.all(sends);
      clock.advance(10_000);
      void bus.send("r/1", note("s/1", "after a pause"), context);
      await nextTurn();
      assert.equal(got.at(-1), "after a pause", "nobody waits any more, so it need not");
    });

    it("Bus 49: an agent over its rate is refused where that was chosen, and told until when", async () => {
      const clock = new ManualClock();
      await using bus = open({ clock, rate: { perSecond: 10, burst: 1, whenOver: "reject" } });
      bus.attach("r/1", () => {});
      await bus.send("r/1", note("s/1"), context);
      const again = () => bus.send("r/1", note("s/1"), context);
      await assert.rejects(again, { code: "retry-later", until: clock.now() + 100 });
      clock.advance(100);
      await again();
    });
  });
}
