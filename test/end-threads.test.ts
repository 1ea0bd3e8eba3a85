import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { Piscina } from "piscina";
import { endThreads } from "../src/end-threads.ts";
import { createLog } from "../src/log.ts";
import { SilentPipe } from "./stuck-thread.ts";

function openPool(): Piscina<string, string> {
  const filename = new URL("./stuck-thread-pool.ts", import.meta.url).href;
  return new Piscina({ filename, minThreads: 1, maxThreads: 1, atomics: "disabled" });
}

function lines() {
  const written: string[] = [];
  return { written, log: createLog("debug", (line) => written.push(line)) };
}

describe("ending threads", () => {
  it("waits for each to end, and has nothing to say then", async () => {
    const { written, log } = lines();
    const pool = openPool();
    await pool.run("");
    const [thread] = pool.threads;
    await endThreads(pool, "the test", log);
    assert.deepEqual([written, thread?.threadId], [[], -1]);
  });

  it("says once that one does not end, and goes on without it", async () => {
    const { written, log } = lines();
    const pool = openPool();
    const pipe = new SilentPipe();
    const refused = assert.rejects(pool.run(pipe.path));
    await pipe.hasReader();
    const [thread] = pool.threads;
    assert.ok(thread);
    const ended = once(thread, "exit");
    await endThreads(pool, "the test", log, 20);
    assert.deepEqual(written, [
      'warn threads do not end; they are left behind what="the test" threads=1 waitedMs=20',
    ]);
    await refused;
    await pipe[Symbol.asyncDispose]();
    await ended;
  });
});
