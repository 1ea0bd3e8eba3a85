import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { Extractor } from "../../src/agents/extractor.ts";
import { rootContext } from "../../src/context.ts";
import { ReadOptions } from "../../src/content/read-options.ts";
import type { FetchedPage } from "../../src/document.ts";
import { silentLog } from "../../src/log.ts";

/** Takes a thread a good while. */
const page = (): FetchedPage => ({
  requestedUrl: "https://example.com/",
  finalUrl: "https://example.com/",
  httpStatus: 200,
  headers: { "content-type": "text/html" },
  body: new TextEncoder().encode(`<title>Long</title><p>${"Some words of a long page. ".repeat(40_000)}`),
  rendered: false,
  wireBytes: 1,
  tier: "http",
  fetchedAt: 0,
});

describe("extractor", () => {
  it("C38: leaves no thread behind that was ended by an abort just before it is closed", async () => {
    const threads = new Set<Worker>();
    const started = Promise.withResolvers<void>();
    const onWorker = (worker: Worker) => {
      worker.once("exit", () => threads.delete(worker));
      // The first one takes its time to end, as under load.
      const terminate = worker.terminate.bind(worker);
      if (threads.size === 0) worker.terminate = () => delay(200).then(terminate);
      threads.add(worker);
      started.resolve();
    };
    process.on("worker", onWorker);
    try {
      const extractor = new Extractor({ log: silentLog }, { threads: 1, read: ReadOptions.parse({}) });
      const stop = new AbortController();
      const reading = extractor.run(page(), rootContext("test", stop.signal));
      await started.promise;
      stop.abort(new Error("called off"));
      await assert.rejects(reading);
      await extractor[Symbol.asyncDispose]();
      await delay(300);
      for (let look = 0; look < 3_000 && threads.size > 0; look += 1) await delay(10);
      assert.equal(threads.size, 0);
    } finally {
      process.off("worker", onWorker);
    }
  });
});
