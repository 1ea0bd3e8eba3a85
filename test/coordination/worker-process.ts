// A process that works on a data file until it is killed: `node worker-process.ts FILE PART`.
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { rootContext } from "../../src/context.ts";
import { type ForagerError, LeaseLostError } from "../../src/errors.ts";
import { openBackend, pageDone } from "./open-backend.ts";

const [path = "", part = ""] = process.argv.slice(2);
const backend = openBackend({ path });
const { database, frontier, log, leases, tasks } = backend;
const context = rootContext("worker");
const tell = (line: string) => process.stdout.write(`${line}\n`);

/**
 * Stops the whole process until it is told to go on. By itself and not by a signal, which might stop it inside of a
 * transaction: then nobody else could write.
 */
function standStill(): void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  while (!existsSync(`${path}.go-on`)) Atomics.wait(never, 0, 0, 5);
}

if (part === "crawl") {
  // Each page's state and its event are one transaction; what was committed is told.
  database.writeNow(() => frontier.recover(Date.now(), { all: true }));
  for (;;) {
    const claims = await database.write(() =>
      frontier.claim(1, { limit: 3, leaseMs: 60_000, now: Date.now() }),
    );
    if (claims.length === 0) break;
    for (const claim of claims) {
      await database.write(() => {
        log.append("run/1", "page-stored", claim.key, Date.now());
        frontier.finish(claim, pageDone, Date.now());
      });
      tell(claim.key);
    }
  }
  tell("finished");
}

if (part === "lease" || part === "stopped-lease") {
  // What stands still loses its lease in any case, and tells so at its next beat; the other keeps it whatever happens.
  const lease = leases.acquire("owner", { ttlMs: part === "lease" ? 600_000 : 3_000 });
  tell("token" in lease ? `token ${lease.token}` : `held by ${lease.pid}`);
  if ("token" in lease) lease.lost.addEventListener("abort", () => tell("lost"));
  if (part === "stopped-lease") standStill();
  setInterval(() => {}, 1_000);
}

if (part === "tasks") {
  tasks.consume(
    "work",
    async (_, { task }) => {
      tell(`attempt ${task.attempt} fence ${task.fence}`);
      await new Promise(() => {});
    },
    { concurrency: 1, timeoutMs: 60_000, context },
  );
}

if (part === "stopped") {
  // Is stopped for longer than its lease, and then tries to write under it.
  tasks.consume(
    "work",
    async (_, own) => {
      tell("working");
      standStill();
      const refused = await own
        .commit((transaction) => transaction.put("written-by", "stopped"))
        .then(
          () => "committed",
          (error: unknown) => (error instanceof LeaseLostError ? error.code : String(error)),
        );
      tell(`commit ${refused}`);
      return "stopped";
    },
    { concurrency: 1, timeoutMs: 60_000, context },
  );
}

if (part === "obedient") {
  // Says when it begins, when it is told to stop, and why.
  const consumer = tasks.consume(
    "work",
    async (input, { signal }) => {
      tell(`began ${String(input)}`);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      tell(`stopped ${String(input)} ${(signal.reason as ForagerError).code}`);
    },
    { concurrency: 4, timeoutMs: 60_000, context },
  );
  tell("ready");
  await consumer.idle();
  await delay(60_000);
}

if (part === "graph") {
  await using consumer = tasks.consume(
    "node",
    async (input) => {
      tell(`ran ${String(input)}`);
    },
    { concurrency: 4, timeoutMs: 60_000, context },
  );
  await consumer.idle();
  tell("finished");
}
