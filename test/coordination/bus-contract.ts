import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import type { Clock } from "../../src/clock.ts";
import { rootContext } from "../../src/context.ts";
import type { Bus, Message, Outgoing, SendingRate } from "../../src/coordination/bus/bus.ts";
import type { Memory } from "../../src/coordination/memory.ts";
import { type Priority, priorities } from "../../src/coordination/new-task.ts";
import type { Tasks } from "../../src/coordination/tasks.ts";

/** Opens a bus of one kind. */
export type OpenBus = (options?: {
  readonly clock?: Clock;
  readonly rate?: SendingRate;
  readonly locate?: (capability: string) => string | undefined;
  readonly durable?: { readonly tasks: Tasks; readonly memory: Memory };
}) => Bus;

export const context = rootContext("test");

/** A message of `from` with any payload. */
export function note(from: string, payload: unknown = null, priority?: Priority): Outgoing {
  return { from, type: "event", payload, ...(priority ? { priority } : {}) };
}

/** A handler that ends when it is told to. */
export function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { handler: () => promise, open: resolve };
}

/** What every bus must do, durable messages aside. */
export function describeBus(name: string, open: OpenBus): void {
  describe(`bus contract: ${name}`, () => {
    it("Bus 45: a direct message comes once, to its address alone", async () => {
      await using bus = open();
      const got: string[] = [];
      for (const address of ["a/1", "a/2", "b/1"])
        bus.attach(address, ({ payload, from, to }) => void got.push(`${from} ${to} ${String(payload)}`));
      await bus.send("a/2", note("b/1", "hello"), context);
      await bus.drain();
      assert.deepEqual(got, ["b/1 a/2 hello"]);
    });

    it("Bus 45: a broadcast comes to all but its sender, to none twice", async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 0, max: 12 }), fc.nat(14), async (agents, sender) => {
          await using bus = open();
          const got: string[] = [];
          const addresses = Array.from({ length: agents }, (_, index) => `agent/${index}`);
          for (const address of addresses) bus.attach(address, () => void got.push(address));
          const from = `agent/${sender}`;
          const others = addresses.filter((address) => address !== from);
          assert.equal(await bus.broadcast(note(from), context), others.length);
          await bus.drain();
          assert.deepEqual(got, others);
        }),
        { numRuns: 30 },
      );
    });

    it("Bus 45: topics reach whoever has a matching pattern, each subscription once", async () => {
      const follows: readonly [pattern: string, topic: string, isHit: boolean][] = [
        ["crawl.7.page.stored", "crawl.7.page.stored", true],
        ["crawl.*.page.*", "crawl.7.page.stored", true],
        ["crawl.>", "crawl.7.page.stored", true],
        [">", "crawl", true],
        ["crawl.>", "crawl", false],
        ["crawl.*", "crawl.7.page", false],
        ["*.7", "crawl.8", false],
      ];
      for (const [pattern, topic, isHit] of follows) {
        await using bus = open();
        let got = 0;
        bus.subscribe(pattern, () => void (got += 1));
        assert.equal(bus.hasSubscribers(topic), isHit, `${pattern} ${topic}`);
        assert.equal(await bus.publish(topic, note("a/1"), context), Number(isHit));
        await bus.drain();
        assert.equal(got, Number(isHit), `${pattern} ${topic}`);
      }
    });

    it("Bus 46: each receiver handles each sender's messages of one priority in order, whatever fails meanwhile", async () => {
      const sends = fc.array(
        fc.record({
          from: fc.constantFrom("s/1", "s/2", "s/3"),
          to: fc.constantFrom("r/1", "r/2"),
          priority: fc.constantFrom(...priorities),
          pause: fc.nat(3),
          failures: fc.nat(2),
        }),
        { maxLength: 120 },
      );
      await fc.assert(
        fc.asyncProperty(sends, fc.integer({ min: 1, max: 8 }), async (sends, capacity) => {
          await using bus = open();
          const handled: { message: Message; index: number }[] = [];
          for (const to of ["r/1", "r/2"]) {
            const handler = async (message: Message, { attempt }: { readonly attempt: number }) => {
              const index = message.payload as number;
              const { pause = 0, failures = 0 } = sends[index] ?? {};
              for (let turn = 0; turn < pause; turn += 1) await Promise.resolve();
              if (attempt <= failures) throw new Error("not yet");
              handled.push({ message, index });
            };
            bus.attach(to, handler, { capacity });
          }
          await Promise.all(
            sends.map(({ from, to, priority }, index) => bus.send(to, note(from, index, priority), context)),
          );
          await bus.drain();
          assert.equal(handled.length, sends.length);
          const lanes = Object.groupBy(handled, ({ message: { from, to, priority } }) =>
            [from, to, priority].join(),
          );
          for (const lane of Object.values(lanes)) {
            const order = (lane ?? []).map(({ index }) => index);
            assert.deepEqual(
              order,
              order.toSorted((left, right) => left - right),
            );
          }
          for (const { maxDepth, waiting } of bus.status().mailboxes)
            assert.ok(maxDepth <= capacity && waiting === 0);
        }),
        { numRuns: 60 },
      );
    });

    it("Bus 46: urgent messages overtake, and even a flood of them starves nobody", async () => {
      await using bus = open();
      const { handler, open: start } = gate();
      const got: unknown[] = [];
      bus.attach("r/1", async ({ payload }) => {
        if (payload === "first") await handler();
        got.push(payload);
      });
      await bus.send("r/1", note("s/1", "first"), context);
      await nextTurn();
      for (const priority of priorities.toReversed())
        await bus.send("r/1", note("s/1", priority, priority), context);
      for (let more = 0; more < 40; more += 1)
        await bus.send("r/1", note("s/1", "critical", "critical"), context);
      start();
      await bus.drain();
      assert.equal(got[1], "critical");
      assert.ok(got.indexOf("low") <= 16, `low came as number ${got.indexOf("low")}`);
    });

    it("Bus 50: a request brings what the handler gives, checked; a failure when it fails for good", async () => {
      await using bus = open({ locate: (capability) => (capability === "double" ? "r/1" : undefined) });
      let tries = 0;
      bus.attach("r/1", ({ payload }) => payload * 2, { payload: z.number() });
      bus.attach("bad/1", () => {
        tries += 1;
        throw new Error("cannot");
      });
      const ask = (to: string | { readonly capability: string }, payload: unknown) =>
        bus.request(to, note("s/1", payload), context, { timeoutMs: 60_000, answer: z.number() });
      assert.equal(await ask("r/1", 4), 8);
      assert.equal(await ask({ capability: "double" }, 5), 10);
      await assert.rejects(ask("r/1", "four"), { code: "bad-message" });
      await assert.rejects(ask("bad/1", 1), { message: "cannot" });
      assert.equal(tries, 3);
      await assert.rejects(ask("nobody/1", 1), { code: "no-receiver" });
      await assert.rejects(ask({ capability: "triple" }, 1), { code: "no-receiver" });
      bus.attach("wrong/1", () => "eight");
      await assert.rejects(ask("wrong/1", 1), { code: "bad-message" });
      assert.equal(bus.status().requestsWaiting, 0);
      assert.deepEqual(bus.dead(), []);
    });

    it("Bus 50: a request that is not answered in time, or called off, leaves no listener and stops its handler", async () => {
      await using bus = open();
      const signals: AbortSignal[] = [];
      bus.attach("r/1", async (_, { signal }) => {
        signals.push(signal);
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      });
      const stop = new AbortController();
      const own = { ...context, signal: stop.signal };
      const ask = (timeoutMs: number) => bus.request("r/1", note("s/1"), own, { timeoutMs });
      await assert.rejects(ask(20), { code: "timeout" });
      assert.equal(getEventListeners(stop.signal, "abort").length, 0);
      const reason = new Error("enough");
      const rejected = assert.rejects(ask(60_000), reason);
      const neverHandled = assert.rejects(ask(60_000), reason);
      await nextTurn();
      stop.abort(reason);
      await Promise.all([rejected, neverHandled]);
      await bus.drain();
      assert.equal(getEventListeners(stop.signal, "abort").length, 0);
      assert.deepEqual(
        signals.map(({ reason }) => (reason as Error).message),
        ["The answer to s/1's event took longer than 20 ms.", "enough"],
      );
      const { requestsWaiting, dead, redelivered } = bus.status();
      assert.deepEqual([requestsWaiting, dead, redelivered], [0, 0, 0]);
    });

    it("closing ends every wait: for room, for a turn, for an answer", async () => {
      const bus = open();
      bus.limit("slow/1", { perSecond: 0.001, burst: 1, whenOver: "wait" });
      bus.attach("r/1", () => new Promise(() => {}), { capacity: 1 });
      const code = { code: /^(bus-closed|no-receiver)$/ };
      await bus.send("r/1", note("slow/1"), context);
      await nextTurn();
      const waits = [
        assert.rejects(bus.request("r/1", note("s/1"), context, { timeoutMs: 60_000 }), code),
        assert.rejects(bus.send("r/1", note("s/1"), context), code),
        assert.rejects(bus.send("r/1", note("slow/1"), context), code),
      ];
      await bus[Symbol.asyncDispose]();
      await Promise.all(waits);
      await assert.rejects(bus.send("r/1", note("s/1"), context), code);
      assert.throws(() => bus.attach("r/2", () => {}), code);
    });

    it("a subscription that ends receives no more; one that drains handles first what waits", async () => {
      await using bus = open();
      const got: unknown[] = [];
      const subscription = bus.attach("r/1", async ({ payload }) => {
        await nextTurn();
        got.push(payload);
      });
      for (const each of [1, 2, 3]) await bus.send("r/1", note("s/1", each), context);
      const drained = subscription.drain();
      await assert.rejects(bus.send("r/1", note("s/1", 4), context), { code: "no-receiver" });
      await drained;
      assert.deepEqual(got, [1, 2, 3]);
      using _next = bus.attach("r/1", () => {});
      assert.throws(() => bus.attach("r/1", () => {}), { code: "bad-message" });
    });
  });
}
