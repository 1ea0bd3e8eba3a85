// A process beside the benchmark's, on the same data file: `node bench/coordination/worker.ts FILE PART [COUNT]`.
import { systemClock } from "../../src/clock.ts";
import { rootContext } from "../../src/context.ts";
import { lead } from "../../src/coordination/leader.ts";
import { silentLog } from "../../src/log.ts";
import { openStore } from "./store.ts";

const [path = "", part = "", count = "0"] = process.argv.slice(2);
const many = Number(count);
const { tasks, memory, leases } = openStore(path);
const context = rootContext("worker");
const tell = (line: string) => process.stdout.write(`${line}\n`);

switch (part) {
  case "holder": {
    // Takes so many tasks, and ends none of them.
    let taken = 0;
    const hold = (): Promise<void> => {
      taken += 1;
      if (taken === many) tell("ready");
      return new Promise(() => {});
    };
    // As many consumers, so that no single taking is larger than a real one.
    const consumers = 100;
    for (let each = 0; each < consumers; each += 1)
      tasks.consume("work", hold, { concurrency: many / consumers, timeoutMs: 600_000, context });
    break;
  }
  case "leader": {
    const duty = { name: "sweep", everyMs: 60_000, run: async () => tell("ready") };
    lead(leases, { name: "bench" }, [duty], { clock: systemClock, log: silentLog, context });
    break;
  }
  case "watcher": {
    // Tells how long each change took to come here, in milliseconds of the clock that all processes share.
    const waits: number[] = [];
    const changes = memory.watch("policy/");
    setTimeout(() => tell("ready"), 300);
    for await (const change of changes) {
      if (change.kind === "put")
        waits.push(Number(process.hrtime.bigint() - BigInt(String(change.value))) / 1e6);
      if (waits.length === many) break;
    }
    tell(`waits ${JSON.stringify(waits)}`);
    process.exit();
  }
}
