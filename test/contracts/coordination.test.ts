import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import fc from "fast-check";
import { coordinationBackends } from "../../src/coordination/backends/index.ts";
import { describeFrontier } from "../coordination/frontier-contract.ts";
import { ManualClock, openBackend } from "../coordination/open-backend.ts";
import { describeTasks } from "../coordination/task-contract.ts";

const names = Object.keys(coordinationBackends) as (keyof typeof coordinationBackends)[];

for (const name of names) {
  const open = (clock?: ManualClock) => openBackend({ name, ...(clock ? { clock } : {}) });

  describeTasks(name, open);
  describeFrontier(name, open);

  describe(`event log contract: ${name}`, () => {
    it("Log 37 and 39: many appenders get places without gaps, each stream in order", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.constantFrom("run/1", "run/2", "host/a")), async (streams) => {
          using backend = open();
          const places = await Promise.all(
            streams.map((stream, index) =>
              backend.database.write(() => backend.log.append(stream, "noted", { index }, index)),
            ),
          );
          for (const stream of new Set(streams)) {
            const own = streams.flatMap((each, index) => (each === stream ? [index] : []));
            const events = backend.log.read(stream);
            assert.deepEqual(
              events.map((event) => event.data),
              own.map((index) => ({ index })),
            );
            assert.deepEqual(
              events.map((event) => event.place),
              own.map((_, at) => at + 1),
            );
            assert.deepEqual(
              own.map((index) => places[index]),
              own.map((_, at) => at + 1),
            );
          }
        }),
        { numRuns: 20 },
      );
    });

    it("reads on from a place, a few at a time", async () => {
      using backend = open();
      await backend.database.write(() => {
        for (let index = 1; index <= 5; index += 1) backend.log.append("run/1", "noted", index, 0);
      });
      assert.deepEqual(
        backend.log.read("run/1", { after: 2, limit: 2 }).map(({ data }) => data),
        [3, 4],
      );
    });
  });

  describe(`run contract: ${name}`, () => {
    it("finds the latest run of a request, and takes it up again", async () => {
      using backend = open();
      const { runs, database } = backend;
      const first = await database.write(() => runs.start("crawl", "site", { pages: 3 }, 10));
      await database.write(() => runs.end(first.id, "interrupted", { done: 1 }, 20));
      assert.deepEqual(runs.latest("crawl", "site"), {
        ...first,
        state: "interrupted",
        finishedAt: 20,
        result: { done: 1 },
      });
      assert.equal(runs.latest("crawl", "other"), undefined);
      assert.equal((await database.write(() => runs.resume(first.id))).state, "running");
      const second = await database.write(() => runs.start("crawl", "site", {}, 30));
      assert.equal(runs.latest("crawl", "site")?.id, second.id);
      assert.deepEqual(
        runs.list(10).map(({ id }) => id),
        [second.id, first.id],
      );
      await assert.rejects(
        database.write(() => runs.resume(99)),
        RangeError,
      );
    });
  });

  describe(`lease contract: ${name}`, () => {
    it("Lease 40 and 41: has one holder at a time, and the token grows with each", async () => {
      using backend = open();
      const { leases } = backend;
      let holders = 0;
      const tokens: number[] = [];
      const contend = async () => {
        for (let turn = 0; turn < 5;) {
          const lease = leases.acquire("leader", { ttlMs: 1_000 });
          if (!("token" in lease)) {
            await delay(1);
            continue;
          }
          holders += 1;
          assert.equal(holders, 1);
          tokens.push(lease.token);
          await delay(1);
          holders -= 1;
          await lease[Symbol.asyncDispose]();
          turn += 1;
        }
      };
      await Promise.all([contend(), contend(), contend()]);
      assert.deepEqual(
        tokens,
        Array.from({ length: 15 }, (_, index) => index + 1),
      );
    });

    it("Lease 43: passes to another when it was not renewed, and not before", () => {
      const clock = new ManualClock();
      using backend = open(clock);
      const first = backend.leases.acquire("leader", { ttlMs: 60_000 });
      assert.ok("token" in first);
      clock.advance(59_999);
      const refused = backend.leases.acquire("leader", { ttlMs: 60_000 });
      assert.ok("holder" in refused);
      assert.equal(refused.pid, process.pid);
      assert.equal(backend.leases.holder("leader")?.since, refused.since);
      clock.advance(1);
      assert.equal(backend.leases.holder("leader"), undefined);
      const second = backend.leases.acquire("leader", { ttlMs: 60_000 });
      assert.ok("token" in second && second.token === first.token + 1);
    });

    it("Lease 42 and 44: says that it is lost before it ends, when it cannot be renewed", async () => {
      const backend = open();
      const lease = backend.leases.acquire("leader", { ttlMs: 600 });
      assert.ok("token" in lease);
      const startedAt = performance.now();
      backend.database.close();
      await new Promise((resolve) => lease.lost.addEventListener("abort", resolve, { once: true }));
      assert.ok(performance.now() - startedAt < 600, `${performance.now() - startedAt} ms`);
    });
  });
}
