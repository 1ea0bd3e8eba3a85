import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { InProcessBus } from "../../src/coordination/bus/in-process-bus.ts";
import { context, note } from "./bus-contract.ts";
import { openBackend, temporaryFolder } from "./open-backend.ts";
import { startProcess } from "./start-process.ts";

describe("the bus when processes are killed", () => {
  it("Bus 51: no durable message whose sender was told so is lost when its sender is killed", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "forager.db");
    {
      using backend = openBackend({ path });
      await using bus = new InProcessBus({ clock: systemClock, durable: backend });
      await bus.subscribe("crawl.>", () => {}, { durable: "indexer" }).ready;
    }
    const told = new Set<number>();
    {
      await using sender = startProcess("./bus-process.ts", path, "send");
      await sender.line("sent 20");
      await delay(10);
      sender.child.kill("SIGKILL");
      await sender.ended;
      for (const line of sender.lines) told.add(Number(line.slice("sent ".length)));
    }
    using backend = openBackend({ path });
    await using bus = new InProcessBus({ clock: systemClock, durable: backend });
    const got: number[] = [];
    bus.attach("r/1", ({ payload }) => void got.push(payload as number), { durable: true });
    bus.subscribe("crawl.>", ({ payload }) => void got.push(payload as number), { durable: "indexer" });
    await until(() => {
      const { ready, leased } = backend.tasks.counts();
      return ready + leased === 0;
    });
    assert.ok(told.size > 20);
    assert.equal(new Set(got).size, got.length, "one came twice");
    assert.deepEqual(
      [...told].filter((index) => !got.includes(index)),
      [],
    );
  });

  it("Bus 51: what a killed receiver had not handled comes to the next one, and what it had does not", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "forager.db");
    using backend = openBackend({ path });
    await using bus = new InProcessBus({ clock: systemClock, durable: backend });
    for (let index = 0; index < 6; index += 1)
      await bus.send("r/1", note("s/1", index), context, { durable: true });
    {
      await using receiver = startProcess("./bus-process.ts", path, "receive");
      await receiver.line("got 3 attempt 1");
      await until(() => backend.tasks.counts("mail/r/1").done === 3);
      receiver.child.kill("SIGKILL");
      await receiver.ended;
    }
    const got = new Set<unknown>();
    bus.attach("r/1", ({ payload }) => void got.add(payload), { durable: true });
    await until(() => got.size >= 3);
    await bus.drain();
    assert.deepEqual(got, new Set([3, 4, 5]));
  });
});

async function until(isSo: () => boolean): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  while (!isSo()) await delay(5, undefined, { signal });
}
