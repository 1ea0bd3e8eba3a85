// A process that uses a data file's durable mail until it is killed: `node bus-process.ts FILE send|receive`.
import { systemClock } from "../../src/clock.ts";
import { InProcessBus } from "../../src/coordination/bus/in-process-bus.ts";
import { context, note } from "./bus-contract.ts";
import { openBackend } from "./open-backend.ts";

const [path = "", part = ""] = process.argv.slice(2);
const bus = new InProcessBus({ clock: systemClock, durable: openBackend({ path }) });
const tell = (line: string) => process.stdout.write(`${line}\n`);

if (part === "send") {
  const durable = { durable: true };
  for (let index = 0; ; index += 2) {
    await bus.send("r/1", note("s/1", index), context, durable);
    tell(`sent ${index}`);
    await bus.publish("crawl.7.page.indexed", note("s/1", index + 1), context, durable);
    tell(`sent ${index + 1}`);
  }
}

if (part === "receive") {
  bus.attach(
    "r/1",
    async ({ payload }, { attempt }) => {
      tell(`got ${String(payload)} attempt ${attempt}`);
      if (payload === 3) await new Promise(() => {});
    },
    { durable: true },
  );
}
