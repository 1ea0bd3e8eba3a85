// A process that contends for leases until it is killed: `node lease-process.ts FILE contend|lead`.
import { setTimeout as delay } from "node:timers/promises";
import { rootContext } from "../../src/context.ts";
import { lead } from "../../src/coordination/leader.ts";
import { systemClock } from "../../src/clock.ts";
import { silentLog } from "../../src/log.ts";
import { openBackend } from "./open-backend.ts";

const [path = "", part = ""] = process.argv.slice(2);
const { leases } = openBackend({ path });
const tell = (line: string) => process.stdout.write(`${line}\n`);
/** The same clock in every process of the machine. */
const now = () => Number(process.hrtime.bigint() / 1_000n);

if (part === "contend") {
  // Each time that the lease was held, with its token.
  for (let turn = 0; turn < 15;) {
    const lease = leases.acquire("contended", { ttlMs: 600_000 });
    if ("token" in lease) {
      const from = now();
      await delay(1);
      tell(`held ${lease.token} ${from} ${now()}`);
      await lease[Symbol.asyncDispose]();
      turn += 1;
    }
    await delay(1);
  }
  tell("finished");
}

if (part === "lead") {
  lead(
    leases,
    { name: "leader", ttlMs: 600_000, retryMs: 50 },
    [{ name: "tell", everyMs: 1_000, run: async (lease) => tell(`leads ${lease.token}`) }],
    { clock: systemClock, log: silentLog, context: rootContext("leader") },
  );
}
