import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, it } from "node:test";
import { rootContext } from "../../src/context.ts";
import { openBackend, temporaryFolder, urlOf } from "./open-backend.ts";

const script = fileURLToPath(new URL("./worker-process.ts", import.meta.url));

/** A worker in a process of its own, with its lines as they come; killed at the end of its block. */
function startWorker(path: string, part: "crawl" | "lease" | "tasks") {
  const child = spawn(process.execPath, [script, path, part], { stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => lines.push(line));
  const ended = once(child, "close");
  return {
    child,
    lines,
    ended,
    /** Waits for a line that was or will be printed. */
    async line(text: string): Promise<void> {
      const signal = AbortSignal.timeout(10_000);
      while (!lines.some((line) => line.startsWith(text))) await once(reader, "line", { signal });
    },
    async kill(): Promise<void> {
      child.kill("SIGKILL");
      await ended;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await this.kill();
    },
  };
}

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
      await worker.line("https://");
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
    using backend = openBackend({ path });
    await using worker = startWorker(path, "lease");
    await worker.line("token 1");
    worker.child.kill("SIGSTOP");
    assert.ok("holder" in backend.leases.acquire("owner", { ttlMs: 60_000 }));
    await delay(450);
    await using lease = backend.leases.acquire("owner", { ttlMs: 60_000 }) as AsyncDisposable & {
      token?: number;
    };
    assert.equal(lease.token, 2);
    worker.child.kill("SIGCONT");
    await worker.line("lost");
  });

  it("Queue 11: a killed worker's task goes to another within the lease, not counted as a try", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "forager.db");
    using backend = openBackend({ path });
    const [id] = await backend.tasks.add([{ kind: "work", input: "x" }]);
    await using worker = startWorker(path, "tasks");
    await worker.line("attempt 1 fence 1");
    await worker.kill();
    const consumer = backend.tasks.consume("work", async (_, { task }) => [task.attempt, task.fence], {
      concurrency: 1,
      timeoutMs: 1_000,
      context: rootContext("test"),
    });
    const ended = await backend.tasks.wait(Number(id), AbortSignal.timeout(2_000));
    await consumer[Symbol.asyncDispose]();
    assert.deepEqual(ended.result, [1, 2]);
  });
});
