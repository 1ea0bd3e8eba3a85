// How many messages a second does the bus carry, and how late are they? `node bench/bus.ts [messages]`
import { EventEmitter } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { systemClock } from "../src/clock.ts";
import { rootContext } from "../src/context.ts";
import type { Outgoing } from "../src/coordination/bus/bus.ts";
import { InProcessBus } from "../src/coordination/bus/in-process-bus.ts";

const count = Number(process.argv[2] ?? 500_000);
const context = rootContext("bench");
const outgoing: Outgoing = { from: "sender/1", type: "event", payload: { document: 81 } };

for (const round of ["cold", "warm"]) {
  await rate(`direct, async handler, ${round}`, count, async (bus) => {
    bus.attach("receiver/1", async () => {});
    for (let sent = 0; sent < count; sent += 1) await bus.send("receiver/1", outgoing, context);
  });
}
await rate("direct, 500 sent at a time", count, async (bus) => {
  bus.attach("receiver/1", async () => {});
  for (let sent = 0; sent < count; sent += 500)
    await Promise.all(Array.from({ length: 500 }, () => bus.send("receiver/1", outgoing, context)));
});
const followers = 10;
await rate(`topic with ${followers} followers among 1,000 patterns, deliveries`, count, async (bus) => {
  for (let other = 0; other < 1_000; other += 1) bus.subscribe(`host.${other}.>`, async () => {});
  for (let each = 0; each < followers; each += 1) bus.subscribe("crawl.*.page.>", async () => {});
  for (let sent = 0; sent < count / followers; sent += 1)
    await bus.publish("crawl.7.page.stored", outgoing, context);
});
await rate("request and answer", count / 5, async (bus) => {
  bus.attach("receiver/1", async ({ payload }) => payload);
  for (let sent = 0; sent < count / 5; sent += 1)
    await bus.request("receiver/1", outgoing, context, { timeoutMs: 1_000 });
});
await rate("topic nobody follows, asked", count, (bus) => {
  bus.subscribe("crawl.*.page.failed", async () => {});
  for (let asked = 0; asked < count; asked += 1) bus.hasSubscribers("crawl.7.page.stored");
});
await delays("paced, 20,000 messages/s", 20_000, 3);
await delays("paced, 100,000 messages/s", 100_000, 2);
await delays("bursts of 1,000", 0, 2);
await emitter();

/** Messages a second, of which none is lost. */
async function rate(name: string, messages: number, work: (bus: InProcessBus) => Promise<void> | void) {
  await using bus = new InProcessBus({ clock: systemClock });
  const startedAt = performance.now();
  await work(bus);
  await bus.drain();
  const ms = performance.now() - startedAt;
  console.log(
    `${name}: ${Math.round((messages / ms) * 1_000)}/s, ${((ms / messages) * 1_000).toFixed(2)} us each`,
  );
}

/** From send to handler, at so many messages a second, or a thousand at once every 50 ms. */
async function delays(name: string, perSecond: number, seconds: number): Promise<void> {
  await using bus = new InProcessBus({ clock: systemClock });
  const waits: number[] = [];
  bus.attach(
    "receiver/1",
    async ({ payload }) => {
      waits.push(performance.now() - (payload as number));
    },
    // Its senders do not wait; on a busy machine a pause of ours is thousands of messages.
    { capacity: 100_000 },
  );
  const startedAt = performance.now();
  let sent = 0;
  for (let ms = 0; ms < seconds * 1_000; ms = performance.now() - startedAt) {
    const due = perSecond > 0 ? (ms / 1_000) * perSecond : Math.floor(ms / 50) * 1_000;
    for (; sent < due; sent += 1)
      void bus.send("receiver/1", { ...outgoing, payload: performance.now() }, context);
    await nextTurn();
  }
  await bus.drain();
  waits.sort((left, right) => left - right);
  const at = (share: number) => (waits[Math.floor((waits.length - 1) * share)] ?? 0).toFixed(4);
  console.log(
    `${name}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms, ${waits.length} messages`,
  );
}

/** The peer: a call without a mailbox, a bound, an acknowledgement or a deadline. */
async function emitter(): Promise<void> {
  const emitter = new EventEmitter();
  let handled = 0;
  const handler = async () => {
    handled += 1;
  };
  emitter.on("receiver/1", () => void handler());
  const startedAt = performance.now();
  for (let sent = 0; sent < count; sent += 1) emitter.emit("receiver/1", outgoing);
  const ms = performance.now() - startedAt;
  console.log(`EventEmitter, async listener: ${Math.round((handled / ms) * 1_000)}/s`);
}
