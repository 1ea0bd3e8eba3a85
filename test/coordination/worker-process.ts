// A process that works on a data file until it is killed: `node worker-process.ts FILE crawl|lease|tasks`.
import { rootContext } from "../../src/context.ts";
import { openBackend, pageDone } from "./open-backend.ts";

const [path = "", part = ""] = process.argv.slice(2);
const backend = openBackend({ path });
const { database, frontier, log, leases, tasks } = backend;
const tell = (line: string) => process.stdout.write(`${line}\n`);

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

if (part === "lease") {
  const lease = leases.acquire("owner", { ttlMs: 400 });
  tell("token" in lease ? `token ${lease.token}` : `held by ${lease.pid}`);
  if ("token" in lease) lease.lost.addEventListener("abort", () => tell("lost"));
  setInterval(() => {}, 1_000);
}

if (part === "tasks") {
  tasks.consume(
    "work",
    async (_, { task }) => {
      tell(`attempt ${task.attempt} fence ${task.fence}`);
      await new Promise(() => {});
    },
    { concurrency: 1, timeoutMs: 60_000, context: rootContext("worker") },
  );
}
