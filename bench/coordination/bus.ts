import { EventEmitter } from "node:events";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../../src/clock.ts";
import { rootContext } from "../../src/context.ts";
import type { Outgoing } from "../../src/coordination/bus/bus.ts";
import { InProcessBus } from "../../src/coordination/bus/in-process-bus.ts";
import { percentile, perSecond, range } from "./figures.ts";
import type { Readings } from "./rows.ts";

const count = 300_000;
const followers = 10;
const burst = 1_000;
const context = rootContext("bench");
const outgoing: Outgoing = { from: "sender/1", type: "event", payload: { document: 81 } };

/** Messages a second, how late they are, and how many wait. */
export async function measureBus(): Promise<Readings> {
  await messages(count / 3); // warm
  const busMessages = await messages(count);
  return {
    busMessages,
    emitter: await emitted(count),
    busContended: await contended(count),
    busTopic: await published(count),
    busRequests: await requested(count / 5),
    // The first second of each is for warming up.
    busPacedP99: await lateness(4, (ms) => ms * 20),
    busBurstP99: await lateness(3, (ms) => Math.floor(ms / 50) * burst),
    mailboxDepth: await deepest(),
  };
}

async function messages(sends: number): Promise<number> {
  await using bus = new InProcessBus({ clock: systemClock });
  bus.attach("receiver/1", async () => {});
  return await perSecond(sends, async () => {
    for (let sent = 0; sent < sends; sent += 1) await bus.send("receiver/1", outgoing, context);
    await bus.drain();
  });
}

/** Of many senders, who soon fill the mailbox. */
async function contended(sends: number): Promise<number> {
  await using bus = new InProcessBus({ clock: systemClock });
  bus.attach("receiver/1", async () => {});
  const senders = 500;
  const send = async (): Promise<void> => {
    for (let sent = 0; sent < sends / senders; sent += 1) await bus.send("receiver/1", outgoing, context);
  };
  return await perSecond(sends, async () => {
    await Promise.all(range(senders).map(send));
    await bus.drain();
  });
}

async function published(deliveries: number): Promise<number> {
  await using bus = new InProcessBus({ clock: systemClock });
  for (const other of range(1_000)) bus.subscribe(`host.${other}.>`, async () => {});
  for (const _ of range(followers)) bus.subscribe("crawl.*.page.>", async () => {});
  return await perSecond(deliveries, async () => {
    for (let sent = 0; sent < deliveries / followers; sent += 1)
      await bus.publish("crawl.7.page.stored", outgoing, context);
    await bus.drain();
  });
}

async function requested(requests: number): Promise<number> {
  await using bus = new InProcessBus({ clock: systemClock });
  bus.attach("receiver/1", async ({ payload }) => payload);
  return await perSecond(requests, async () => {
    for (let sent = 0; sent < requests; sent += 1)
      await bus.request("receiver/1", outgoing, context, { timeoutMs: 1_000 });
  });
}

/** p99 from send to handler, when `due(ms)` messages have been sent by then. The senders do not wait. */
async function lateness(seconds: number, due: (ms: number) => number): Promise<number> {
  await using bus = new InProcessBus({ clock: systemClock });
  const waits: number[] = [];
  bus.attach(
    "receiver/1",
    async ({ payload }) => {
      waits.push(performance.now() - (payload as number));
    },
    // On a busy machine a pause of this process is thousands of messages.
    { capacity: 100_000 },
  );
  const startedAt = performance.now();
  let sent = 0;
  let warm = 0;
  for (let ms = 0; ms < seconds * 1_000; ms = performance.now() - startedAt) {
    for (; sent < due(ms); sent += 1)
      void bus.send("receiver/1", { ...outgoing, payload: performance.now() }, context);
    if (ms < 1_000) warm = sent;
    await nextTurn();
  }
  await bus.drain();
  return percentile(waits.slice(warm), 0.99);
}

/** The most that waited at once for a receiver that is slower than 900 senders, each of which waits for room. */
async function deepest(): Promise<number> {
  await using bus = new InProcessBus({ clock: systemClock });
  let handled = 0;
  const receiver = bus.attach("receiver/1", async () => {
    handled += 1;
    if (handled % 100 === 0) await delay(1);
  });
  const senders = 900;
  const each = 20;
  const send = async (): Promise<void> => {
    for (let sent = 0; sent < each; sent += 1) await bus.send("receiver/1", outgoing, context);
  };
  await Promise.all(range(senders).map(send));
  const [mailbox] = bus.status().mailboxes;
  await receiver.drain();
  if (!mailbox || handled !== senders * each)
    throw new Error(`${handled} of ${senders * each} messages arrived.`);
  return mailbox.maxDepth;
}

/** The peer: a call without a mailbox, a bound, an acknowledgement or a deadline. */
async function emitted(emits: number): Promise<number> {
  const emitter = new EventEmitter();
  let handled = 0;
  const handler = async () => {
    handled += 1;
  };
  emitter.on("receiver/1", () => void handler());
  const rate = await perSecond(emits, async () => {
    for (let sent = 0; sent < emits; sent += 1) emitter.emit("receiver/1", outgoing);
  });
  if (handled !== emits) throw new Error(`${handled} of ${emits} events arrived.`);
  return rate;
}
