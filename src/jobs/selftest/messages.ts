import { setImmediate as nextTurn } from "node:timers/promises";
import type { RunContext } from "../../context.ts";
import type { Bus } from "../../coordination/bus/bus.ts";
import type { Ledgers } from "./ledger.ts";
import { percentile } from "./percentile.ts";

const sender = "selftest/sender";
const receiver = "selftest/receiver";
/** Sent between two looks at the clock; the event loop gets a turn then, for timers and Ctrl-C. */
const atATime = 500;
/** A steady sender may be this late: a turn of the event loop. */
const latestMs = 1;

interface Note {
  readonly id: number;
  readonly sentAt: number;
}

/** How long to send, in each way. */
export interface MessageLoad {
  /** Before anything is measured, for the compiler. */
  readonly warmUpMs: number;
  readonly burstMs: number;
  readonly pacedMs: number;
  readonly perSecond: number;
}

/** What a bus carries as fast as it can, and how late messages are when they come at a steady pace. */
export async function measureMessages(
  { bus, ledgers }: { readonly bus: Bus; readonly ledgers: Pick<Ledgers, "messages"> },
  load: MessageLoad,
  context: RunContext,
): Promise<{ readonly messagesPerSecond: number; readonly messageP99Ms: number }> {
  const send = async (): Promise<void> => {
    const payload: Note = { id: ledgers.messages.issue(), sentAt: performance.now() };
    await bus.send(receiver, { from: sender, type: "event", payload }, context);
  };
  const burst = async (ms: number): Promise<void> => {
    const endsAt = performance.now() + ms;
    while (performance.now() < endsAt) {
      for (let sent = 0; sent < atATime; sent += 1) await send();
      await nextTurn();
      context.signal.throwIfAborted();
    }
  };
  /** What a pause of the machine kept us from sending is not made up for: it would measure a burst. */
  const pace = async (ms: number): Promise<void> => {
    const intervalMs = 1_000 / load.perSecond;
    const endsAt = performance.now() + ms;
    for (let now = performance.now(), dueAt = now; now < endsAt; now = performance.now()) {
      dueAt = Math.max(dueAt, now - latestMs);
      for (; dueAt <= now; dueAt += intervalMs) await send();
      await nextTurn();
      context.signal.throwIfAborted();
    }
  };
  /** Each part has a mailbox of its own, whose end is when the last message was handled. */
  const through = async (work: () => Promise<void>): Promise<{ waits: readonly number[]; ms: number }> => {
    const waits: number[] = [];
    using mailbox = bus.attach(receiver, async ({ payload }) => {
      const { id, sentAt } = payload as Note;
      ledgers.messages.settle(id);
      waits.push(performance.now() - sentAt);
    });
    const startedAt = performance.now();
    await work();
    await mailbox.drain(context.signal);
    return { waits, ms: performance.now() - startedAt };
  };

  await through(() => burst(load.warmUpMs));
  const full = await through(() => burst(load.burstMs));
  const paced = await through(() => pace(load.pacedMs));
  return {
    messagesPerSecond: (full.waits.length / full.ms) * 1_000,
    messageP99Ms: percentile(paced.waits, 0.99),
  };
}
