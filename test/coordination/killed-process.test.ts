import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { rootContext } from "../../src/context.ts";
import { type OpenBackend, openBackend, temporaryFolder, urlOf } from "./open-backend.ts";
import { startProcess } from "./start-process.ts";

/** A worker in a process of its own; killed at the end of its block. */
const startWorker = (path: string, part: string) => startProcess("./worker-process.ts", path, part);

/** Lets a worker that stands still go on. */
const goOn = (path: string) => writeFileSync(`${path}.go-on`, "");

const options = { concurrency: 1, timeoutMs: 60_000, context: rootContext("test") };

describe("coordination when processes are killed", () => {
  it("Queue 13: keeps every page that was told, each once, whenever the worker is killed", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "forager.db");
    const pages = 2_000;
    {
      using backend = openBackend({ path });
      backend.database.writeNow(() => {
        backend.runs.start("crawl", "site", {}, 0);
        backend.frontier.add(
          1,
          Array.from({ length: pages }, (_, index) => urlOf(`${index}`)),
          { maxDepth: 9 },
        );
      });
    }
    const told: string[] = [];
    for (const afterMs of [1, 15, 40, 90]) {
      await using worker = startWorker(path, "crawl");
      await worker.line("https://", "finished"); // it may have been quicker than we are
      await delay(afterMs);
      await worker.kill();
      told.push(...worker.lines.filter((line) => line.startsWith("https://")));
      using backend = openBackend({ path });
      assert.deepEqual(backend.database.prepare("PRAGMA integrity_check").get(), {
        __proto__: null,
        integrity_check: "ok",
      });
      const kept = backend.log.read("run/1", { limit: pages }).map(({ data }) => data);
      assert.equal(new Set(kept).size, kept.length, "a page was recorded twice");
      assert.equal(backend.frontier.counts(1).done, kept.length);
      const missing = told.filter((key) => !kept.includes(key));
      assert.deepEqual(missing, []);
    }
    await using last = startWorker(path, "crawl");
    await last.line("finished");
    using backend = openBackend({ path });
    assert.equal(backend.log.read("run/1", { limit: pages + 1 }).length, pages);
    assert.equal(backend.frontier.counts(1).done, pages);
  });

  it("Lease 40: another process is refused while the holder lives, and has the lease at once when it is killed", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "forager.db");
    using backend = openBackend({ path });
    await using worker = startWorker(path, "lease");
    await worker.line("token 1");
    const refused = backend.leases.acquire("owner", { ttlMs: 60_000 });
    assert.ok("holder" in refused && refused.pid === worker.child.pid);
    await worker.kill();
    await using lease = backend.leases.acquire("owner", { ttlMs: 60_000 }) as AsyncDisposable & {
      token?: number;
    };
    assert.equal(lease.token, 2);
  });

  it("Lease 43 and 44: a holder that stops beating loses the lease after its time, and learns it when it goes on", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "forager.db");
    let now = 0; // long before the lease's end
    using backend = openBackend({ path, clock: { ...systemClock, now: () => now } });
    await using worker = startWorker(path, "stopped-lease");
    await worker.line("token 1");
    assert.ok("holder" in backend.leases.acquire("owner", { ttlMs: 60_000 }));
    now = Date.now() + 3_000;
    await using lease = backend.leases.acquire("owner", { ttlMs: 60_000 }) as AsyncDisposable & {
      token?: number;
    };
    assert.equal(lease.token, 2);
    goOn(path);
    await worker.line("lost");
  });

  it("Queue 11: a killed worker's task goes to another at the next beat, not counted as a try", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "forager.db");
    using backend = openBackend({ path });
    const [id] = await backend.tasks.add([{ kind: "work", input: "x" }]);
    await using worker = startWorker(path, "tasks");
    await worker.line("attempt 1 fence 1");
    await worker.kill();
    const consumer = backend.tasks.consume(
      "work",
      async (_, { task }) => [task.attempt, task.fence],
      options,
    );
    const ended = await backend.tasks.wait(Number(id), AbortSignal.timeout(60_000));
    await consumer[Symbol.asyncDispose]();
    assert.deepEqual(ended.result, [1, 2]);
  });

  it("Queue 11: a killed worker's lease need not run out: its process is seen to be gone", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "forager.db");
    using backend = openBackend({ path });
    const [id] = await backend.tasks.add([{ kind: "work", input: "x" }]);
    await using worker = startWorker(path, "tasks");
    await worker.line("attempt 1 fence 1");
    await worker.kill();
    // As if its lease had been a long one.
    await backend.database.write(() => backend.database.prepare("UPDATE task SET at = at + 600000").run());
    const consumer = backend.tasks.consume("work", async () => "taken over", options);
    const ended = await backend.tasks.wait(Number(id), AbortSignal.timeout(60_000));
    await consumer[Symbol.asyncDispose]();
    assert.equal(ended.result, "taken over");
  });

  it("Queue 12: a worker that was stopped beyond its lease finds its effects refused when it goes on", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "forager.db");
    using backend = openBackend({ path });
    const [id] = await backend.tasks.add([{ kind: "work", input: "x" }]);
    await using worker = startWorker(path, "stopped");
    await worker.line("working");
    const consumer = backend.tasks.consume(
      "work",
      (_, own) => own.commit((transaction) => transaction.put("written-by", `fence ${own.fence}`)),
      options,
    );
    await backend.tasks.wait(Number(id), AbortSignal.timeout(60_000));
    goOn(path);
    await worker.line("commit lease-lost");
    await consumer[Symbol.asyncDispose]();
    assert.equal((await backend.memory.get("written-by"))?.value, "fence 2");
    assert.equal((await backend.tasks.wait(Number(id))).result, null);
  });

  it("Queue 20: tasks that another process adds are taken, and cancelled ones are stopped", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "forager.db");
    using backend = openBackend({ path });
    await using worker = startWorker(path, "obedient");
    await worker.line("ready");
    await delay(300); // by now it looks only every quarter of a second
    const ids = await backend.tasks.add(["a", "b"].map((input) => ({ kind: "work", input })));
    await worker.line("began b");
    assert.equal(await backend.tasks.cancel({ ids: ids.slice(0, 1) }, "no more use"), 1);
    await worker.line("stopped a cancelled");
    assert.ok(!worker.lines.includes("stopped b cancelled"));
    assert.deepEqual(backend.tasks.counts("work"), { ready: 0, leased: 1, done: 0, dead: 0, cancelled: 1 });
  });

  it("DAG 29: a kill between an end and what it releases neither loses nor doubles anything", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "forager.db");
    const count = 400;
    {
      using backend = openBackend({ path });
      // Each waits for up to three of the ten before it: many are released together, and many by their last one.
      const nodes = Array.from({ length: count }, (_, index) => ({
        kind: "node",
        input: index,
        run: 1,
        name: `n${index}`,
        after: [3, 5, 8].flatMap((step) =>
          index - step - (index % 2) >= 0 ? [`n${index - step - (index % 2)}`] : [],
        ),
      }));
      await backend.tasks.add(nodes);
    }
    for (const afterMs of [0, 4, 9, 17]) {
      await using worker = startWorker(path, "graph");
      await worker.line("ran", "finished"); // it may have been quicker than we are
      await delay(afterMs);
      await worker.kill();
      using backend = openBackend({ path });
      assertConsistent(backend);
      await backend.database.write(() => backend.tasks.recover(Date.now(), { all: true }));
    }
    await using last = startWorker(path, "graph");
    await last.line("finished");
    using backend = openBackend({ path });
    assertConsistent(backend);
    assert.deepEqual(backend.tasks.counts("node"), {
      ready: 0,
      leased: 0,
      done: count,
      dead: 0,
      cancelled: 0,
    });
    assert.ok(backend.tasks.ofRun(1).every(({ attempts }) => attempts === 1));
  });
});

/** Whatever was cut short: what has begun waits for nothing, and what waits waits for something. */
function assertConsistent({ tasks, database }: OpenBackend): void {
  const views = tasks.ofRun(1);
  const hasEnded = new Map(views.map(({ name, state }) => [name, state === "done"]));
  for (const { name, state, after } of views) {
    const awaited = after.filter((earlier) => !hasEnded.get(earlier)).length;
    assert.equal(state === "blocked", awaited > 0, `${name} is ${state} and waits for ${awaited}`);
    const pending = database.prepare("SELECT pending FROM task WHERE run = 1 AND name = ?").get(name ?? "")?.[
      "pending"
    ];
    assert.equal(pending, awaited, `${name}'s count is ${String(pending)}, and it waits for ${awaited}`);
  }
}
