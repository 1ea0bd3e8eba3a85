import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Memory, ValueTooLargeError, VersionConflictError } from "../../src/coordination/memory.ts";
import { LeaseLostError } from "../../src/errors.ts";
import { ManualClock, type OpenBackend, temporaryFolder } from "./open-backend.ts";

/** Adds one to a counter as an agent without `update` would. */
async function increment(memory: Memory, key: string): Promise<void> {
  for (;;) {
    const current = await memory.get<number>(key);
    try {
      await memory.put(key, (current?.value ?? 0) + 1, { ifVersion: current?.version ?? 0 });
      return;
    } catch (error) {
      if (!(error instanceof VersionConflictError)) throw error;
    }
  }
}

/** What every shared memory promises. */
export function describeMemory(
  name: string,
  open: (options?: { readonly path?: string; readonly clock?: ManualClock }) => OpenBackend,
): void {
  describe(`memory contract: ${name}`, () => {
    it("Memory 30: a hundred agents add one to a key at the same time, and a hundred is there", async () => {
      using backend = open();
      const { memory } = backend;
      const agents = Array.from({ length: 100 });
      await Promise.all(agents.map(() => increment(memory, "count")));
      assert.equal((await memory.get("count"))?.value, 100);
      await Promise.all(agents.map(() => memory.update<number>("count", (count = 0) => count + 1)));
      assert.equal((await memory.get("count"))?.value, 200);
    });

    it("Memory 31: refuses a stale version and names the one that is there; version 0 only creates", async () => {
      using backend = open();
      const { memory } = backend;
      const first = await memory.put("host/a", "x", { ifVersion: 0 });
      const second = await memory.put("host/a", "y", { ifVersion: first.version });
      const isConflict = (error: unknown) =>
        error instanceof VersionConflictError &&
        error.version === second.version &&
        error.key === "host/a" &&
        error.retryable;
      await assert.rejects(memory.put("host/a", "z", { ifVersion: first.version }), isConflict);
      await assert.rejects(memory.put("host/a", "z", { ifVersion: 0 }), isConflict);
      await assert.rejects(memory.delete("host/a", { ifVersion: first.version }), isConflict);
      assert.deepEqual(await memory.get("host/a"), {
        key: "host/a",
        value: "y",
        version: second.version,
        expiresAt: undefined,
      });
      await assert.rejects(memory.put("host/b", "z", { ifVersion: 7 }), VersionConflictError);
      assert.equal(await memory.delete("host/a", { ifVersion: second.version }), true);
      assert.equal(await memory.delete("host/a"), false);
      await memory.put("host/a", "again", { ifVersion: 0 });
    });

    it("Memory 32: does a batch whole or not at all, wherever in it the conflict is", async () => {
      using backend = open();
      const { memory } = backend;
      memory.declare({ prefix: "sum/", merge: "sum" });
      await memory.put("gone", 1);
      await fc.assert(
        fc.asyncProperty(fc.nat(3), async (place) => {
          const before = await memory.list("");
          const operations = [
            { kind: "put", key: "a", value: place },
            { kind: "merge", key: "sum/b", value: 1 },
            { kind: "delete", key: "gone" },
          ] as const;
          const conflict = { kind: "put", key: "a", value: 0, options: { ifVersion: 99_999 } } as const;
          await assert.rejects(memory.batch(operations.toSpliced(place, 0, conflict)), VersionConflictError);
          assert.deepEqual(await memory.list(""), before);
        }),
        { numRuns: 12 },
      );
      const revision = await memory.batch([
        { kind: "put", key: "a", value: 1, options: { ifVersion: 0 } },
        { kind: "put", key: "a", value: 2 },
        { kind: "delete", key: "gone" },
        { kind: "merge", key: "sum/b", value: 5 },
      ]);
      const { revision: listed, entries } = await memory.list("");
      assert.equal(listed, revision);
      assert.deepEqual(
        entries.map(({ key, value }) => [key, value]),
        [
          ["a", 2],
          ["sum/b", 5],
        ],
      );
      assert.equal(entries[1]?.version, revision);
    });

    it("Memory 33: versions only grow, also when a key is deleted, expires, is forgotten and comes again", async () => {
      using folder = temporaryFolder();
      const path = join(folder.path, "forager.db");
      const clock = new ManualClock();
      let last = 0;
      const write = async ({ memory }: OpenBackend, ttlMs?: number) => {
        const { version } = await memory.put("key", 1, ttlMs ? { ttlMs } : {});
        assert.ok(version > last, `${version} after ${last}`);
        last = version;
      };
      {
        using backend = open({ path, clock });
        await write(backend);
        await backend.memory.delete("key");
        await write(backend, 10);
        clock.advance(10);
        await write(backend);
        await backend.memory.delete("key");
        while (await backend.database.write(() => backend.memory.compact(clock.now())));
      }
      using backend = open({ path, clock });
      await write(backend);
    });

    it("Memory 35: merging and updating keep the time a key has, unless a rule or the writer gives another", async () => {
      const clock = new ManualClock();
      using backend = open({ clock });
      const { memory } = backend;
      memory.declare({ prefix: "n/", merge: "sum" });
      memory.declare({ prefix: "n/lasting/", merge: "sum", ttlMs: 100 });
      await memory.put("n/a", 1, { ttlMs: 50 });
      await memory.merge("n/lasting/a", 1);
      clock.advance(40);
      const left = async (write: Promise<{ readonly expiresAt: number | undefined }>) => {
        const { expiresAt } = await write;
        return expiresAt && expiresAt - clock.now();
      };
      assert.equal(await left(memory.merge("n/a", 1)), 10);
      assert.equal(await left(memory.update<number>("n/a", (n = 0) => n + 1)), 10);
      assert.equal(await left(memory.update<number>("n/a", (n = 0) => n + 1, { ttlMs: 30 })), 30);
      assert.equal(await left(memory.merge("n/lasting/a", 0)), 100);
      assert.equal(await left(memory.put("n/a", 1)), undefined);
      clock.advance(100);
      assert.equal((await memory.merge("n/lasting/a", 1)).value, 1);
    });

    it("Memory 36: refuses who writes under an older fence, also when the key was deleted meanwhile", async () => {
      using backend = open();
      const { memory } = backend;
      await memory.put("leader/plan", "new", { fence: 5 });
      await assert.rejects(memory.put("leader/plan", "stale", { fence: 4 }), LeaseLostError);
      await memory.put("leader/plan", "own", { fence: 5 });
      await memory.put("leader/plan", "unfenced");
      await assert.rejects(memory.put("leader/plan", "stale", { fence: 4 }), LeaseLostError);
      await memory.delete("leader/plan");
      await assert.rejects(memory.put("leader/plan", "stale", { fence: 4 }), LeaseLostError);
      assert.equal(await memory.get("leader/plan"), undefined);
      await memory.put("leader/plan", "next", { fence: 6 });
    });

    it("C16: values and versions are there after a restart, as many keys as one likes, found by prefix", async () => {
      using folder = temporaryFolder();
      const path = join(folder.path, "forager.db");
      const value = { delayMs: 1_500, seen: ["a", null, "ü"] };
      let version = 0;
      {
        using backend = open({ path });
        await backend.memory.batch(
          Array.from({ length: 2_000 }, (_, n) => ({ kind: "put", key: `host/${n}`, value: n }) as const),
        );
        ({ version } = await backend.memory.put("host/docs.example/pace", value));
      }
      using backend = open({ path });
      assert.deepEqual(await backend.memory.get("host/docs.example/pace"), {
        key: "host/docs.example/pace",
        value,
        version,
        expiresAt: undefined,
      });
      const { entries } = await backend.memory.list("host/199");
      assert.deepEqual(
        entries.map(({ value }) => value),
        [199, 1990, 1991, 1992, 1993, 1994, 1995, 1996, 1997, 1998, 1999],
      );
    });

    it("C16: refuses values over 64 KiB and keys nobody could read, and says why", async () => {
      using backend = open();
      const { memory } = backend;
      await memory.put("fits", "ü".repeat(32_000));
      await assert.rejects(memory.put("large", "ü".repeat(33_000)), ValueTooLargeError);
      for (const key of ["", "a\nb", "\ud800", "x".repeat(1_025)]) {
        await assert.rejects(memory.put(key, 1), RangeError);
      }
    });

    it("C18: values written side by side become one by the rule of the longest prefix, never a conflict", async () => {
      using backend = open();
      const { memory } = backend;
      memory.declare({ prefix: "", merge: "last-write" });
      memory.declare({ prefix: "page/", merge: "union" });
      memory.declare({ prefix: "page/hits/", merge: "sum" });
      memory.declare({ prefix: "page/seen/", merge: "max" });
      memory.declare({
        prefix: "page/best/",
        merge: (current, added) => [current ?? "", added].map(String).toSorted().at(-1),
      });
      const agents = Array.from({ length: 20 }, (_, agent) => agent);
      await Promise.all(
        agents.flatMap((agent) => [
          memory.merge("page/links", [`/${agent % 5}`, "/"]),
          memory.merge("page/hits/a", 2),
          memory.merge("page/seen/a", agent % 7),
          memory.merge("page/best/a", String(agent % 10)),
          memory.merge("note", agent),
        ]),
      );
      const { entries } = await memory.list("");
      assert.deepEqual(Object.fromEntries(entries.map(({ key, value }) => [key, value])), {
        note: 19,
        "page/best/a": "9",
        "page/hits/a": 40,
        "page/links": ["/", "/0", "/1", "/2", "/3", "/4"],
        "page/seen/a": 6,
      });
      const { revision } = await memory.list("");
      await memory.merge("page/links", ["/3"]);
      assert.equal((await memory.list("")).revision, revision, "what changes nothing is no change");
    });

    it("C18: without a rule a merge is refused, and so is a value that its rule cannot join", async () => {
      using backend = open();
      const { memory } = backend;
      await assert.rejects(memory.merge("plain", 1), RangeError);
      memory.declare({ prefix: "sum/", merge: "sum" });
      await assert.rejects(memory.merge("sum/a", "one"), TypeError);
      assert.equal((await memory.list("")).revision, 0);
    });
  });
}
