import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { systemClock } from "../src/clock.ts";
import { DataFolder, hasDataFolder } from "../src/data-folder.ts";
import { StoreError } from "../src/errors.ts";

const open = (path: string, laterMs = 0) =>
  DataFolder.open(path, {
    isCreated: true,
    clock: { ...systemClock, now: () => Date.now() + laterMs },
    embedder: undefined,
  });

const isTold = (error: unknown) =>
  error instanceof StoreError && /passed to process \d+ on .*committed is kept/.test(error.message);
const write = (folder: DataFolder) =>
  folder.database.write(() => folder.coordination.log.append("test", "run-finished", {}, systemClock.now()));

describe("data folder", () => {
  it("lets nobody write who slept while another process took the folder over", async () => {
    const path = mkdtempSync(join(tmpdir(), "forager-folder-"));
    try {
      using sleeper = open(path);
      await using lease = sleeper.own();
      using other = open(path, 20_000);
      using third = open(path);
      assert.throws(() => third.own(), /in use by process \d+ on /);
      await using taken = other.own();
      assert.ok(taken.isHeld() && !lease.isHeld());
      await assert.rejects(write(sleeper), isTold);
      await write(other);
    } finally {
      rmSync(path, { recursive: true, force: true });
    }
  });

  it("holds no index in an empty file, and one that is crawled into is made whole", () => {
    const path = mkdtempSync(join(tmpdir(), "forager-folder-"));
    try {
      writeFileSync(join(path, "forager.db"), "");
      assert.equal(hasDataFolder(path), false);
      assert.throws(
        () => DataFolder.open(path, { isCreated: false, clock: systemClock, embedder: undefined }),
        /There is no index in/,
      );
      using folder = open(path);
      assert.equal(folder.archive.stats().documents, 0);
    } finally {
      rmSync(path, { recursive: true, force: true });
    }
  });
});
