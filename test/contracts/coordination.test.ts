import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { coordinationBackends } from "../../src/coordination/backends/index.ts";
import { describeDag } from "../coordination/dag-contract.ts";
import { describeFrontier } from "../coordination/frontier-contract.ts";
import { describeLeases } from "../coordination/lease-contract.ts";
import { describeLog } from "../coordination/log-contract.ts";
import { describeMemory } from "../coordination/memory-contract.ts";
import { describeMemoryWatch } from "../coordination/memory-watch-contract.ts";
import { type ManualClock, openBackend } from "../coordination/open-backend.ts";
import { describeTaskBounds } from "../coordination/task-bounds-contract.ts";
import { describeTasks } from "../coordination/task-contract.ts";
import { describeTaskEnds } from "../coordination/task-ends-contract.ts";

const names = Object.keys(coordinationBackends) as (keyof typeof coordinationBackends)[];

for (const name of names) {
  const open = (clock?: ManualClock) => openBackend({ name, ...(clock ? { clock } : {}) });

  describeTasks(name, () => openBackend({ name }));
  describeTaskEnds(name, (options) => openBackend({ name, ...options }));
  describeTaskBounds(name, (options) => openBackend({ name, ...options }));
  describeDag(name, () => openBackend({ name }));
  describeFrontier(name, open);
  describeMemory(name, (options) => openBackend({ name, ...options }));
  describeMemoryWatch(name, (options) => openBackend({ name, ...options }));
  describeLog(name, () => openBackend({ name }));
  describeLeases(name, (options) => openBackend({ name, ...options }));

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
}
