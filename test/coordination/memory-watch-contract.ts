import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { join } from "node:path";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Change, CompactedError } from "../../src/coordination/memory.ts";
import { ManualClock, type OpenBackend, temporaryFolder } from "./open-backend.ts";

/** The next `count` changes a watcher gets. */
async function take(changes: AsyncIterable<Change>, count: number): Promise<Change[]> {
  const taken: Change[] = [];
  if (count === 0) return taken;
  for await (const change of changes) {
    taken.push(change);
    if (taken.length === count) break;
  }
  return taken;
}

/** What every shared memory promises to those who watch it. */
export function describeMemoryWatch(
  name: string,
  open: (options?: { readonly path?: string; readonly clock?: ManualClock }) => OpenBackend,
): void {
  describe(`memory watch contract: ${name}`, () => {
    it("Memory 34: a watcher sees every change once and in order, from whichever revision it goes on", async () => {
      using backend = open();
      const { memory } = backend;
      const write = fc.record({
        key: fc.constantFrom("a/1", "a/2", "b/1", "a"),
        isDeleted: fc.boolean(),
        value: fc.jsonValue({ maxDepth: 1 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(write, { minLength: 1 }), fc.nat(), async (writes, from) => {
          const start = (await memory.list("")).revision;
          const expected: Change[] = [];
          const live = (async () => {
            const seen: Change[] = [];
            for await (const change of memory.watch("a/", { since: start })) {
              if (change.key === "a/end") return seen;
              seen.push(change);
            }
            return seen;
          })();
          for (const { key, isDeleted, value } of writes) {
            if (!isDeleted) {
              const { version } = await memory.put(key, value);
              const kept: unknown = JSON.parse(JSON.stringify(value));
              expected.push({ kind: "put", key, value: kept, revision: version });
            } else if (await memory.delete(key)) {
              expected.push({ kind: "delete", key, revision: (await memory.list("")).revision });
            }
          }
          await memory.put("a/end", true);
          const below = expected.filter(({ key }) => key.startsWith("a/"));
          assert.deepEqual(await live, below);
          const resumed = below.slice(from % (below.length + 1));
          const since = below.length > resumed.length ? below.at(-resumed.length - 1)?.revision : start;
          assert.deepEqual(
            await take(memory.watch("a/", { since: since ?? start }), resumed.length),
            resumed,
          );
        }),
        { numRuns: 30 },
      );
    });

    it("Memory 34: a slow watcher holds nobody up, and gets all when it goes on", async () => {
      using backend = open();
      const { memory } = backend;
      const changes = memory.watch("")[Symbol.asyncIterator]();
      await memory.put("key", -1);
      assert.equal((await changes.next()).value.value, -1);
      await memory.batch(
        Array.from({ length: 3_000 }, (_, value) => ({ kind: "put", key: "key", value }) as const),
      );
      for (let value = 0; value < 3_000; value += 1) {
        assert.equal((await changes.next()).value.value, value);
      }
      await changes.return?.();
    });

    it("Memory 34: says when what a watcher asks for is no longer kept, or never was", async () => {
      using backend = open();
      const { memory } = backend;
      const { version } = await memory.put("key", "old");
      for (let round = 0; round < 6; round += 1) {
        await memory.batch(
          Array.from({ length: 2_000 }, (_, value) => ({ kind: "put", key: "busy", value }) as const),
        );
      }
      const compacted = { code: "compacted" } satisfies Partial<CompactedError>;
      await assert.rejects(take(memory.watch("", { since: version }), 1), compacted);
      await assert.rejects(take(memory.watch("", { since: 99_999 }), 1), compacted);
      const { revision } = await memory.list("");
      const [kept] = await take(memory.watch("", { since: revision - 10_000 }), 1);
      assert.equal(kept?.revision, revision - 9_999);
      assert.equal((await memory.get("key"))?.value, "old");
    });

    it("Memory 34: a watch ends by its signal's own reason, at once, and leaves no listener", async () => {
      using backend = open();
      const stop = new AbortController();
      const watching = take(backend.memory.watch("a/", { signal: stop.signal }), 1);
      await backend.memory.put("b/1", 1);
      assert.equal(getEventListeners(stop.signal, "abort").length, 1);
      const reason = new Error("enough");
      stop.abort(reason);
      await assert.rejects(watching, (error) => error === reason);
      assert.equal(getEventListeners(stop.signal, "abort").length, 0);
      await assert.rejects(
        take(backend.memory.watch("a/", { signal: stop.signal }), 1),
        (error) => error === reason,
      );
    });

    it("Memory 34: a watch over a file that was closed ends with an error", async () => {
      const backend = open();
      const watching = take(backend.memory.watch(""), 1);
      backend.database.close();
      await assert.rejects(watching);
    });

    it("Memory 35: what expired is gone for readers at once, and watchers see it go once", async () => {
      const clock = new ManualClock();
      using backend = open({ clock });
      const { memory } = backend;
      memory.declare({ prefix: "ruled/", ttlMs: 100 });
      const { version: since } = await memory.put("start", 0);
      await memory.put("brief", 1, { ttlMs: 50 });
      await memory.put("ruled/a", 1);
      await memory.put("ruled/b", 1, { ttlMs: 500 });
      clock.advance(49);
      assert.equal((await memory.get("brief"))?.expiresAt, clock.now() + 1);
      clock.advance(1);
      assert.equal(await memory.get("brief"), undefined);
      assert.equal(await memory.delete("brief"), false);
      assert.equal((await memory.list("")).entries.length, 3);
      clock.advance(50);
      assert.deepEqual(
        (await memory.list("ruled/")).entries.map(({ key }) => key),
        ["ruled/b"],
      );
      await memory.put("brief", 2, { ifVersion: 0 });
      const seen = await take(memory.watch("", { since }), 6);
      assert.deepEqual(
        seen.map(({ kind, key }) => [kind, key]),
        [
          ["put", "brief"],
          ["put", "ruled/a"],
          ["put", "ruled/b"],
          ["expire", "brief"],
          ["put", "brief"],
          ["expire", "ruled/a"],
        ],
      );
      clock.advance(400);
      assert.ok((await backend.database.write(() => memory.compact(clock.now()))) > 0);
      assert.equal(await backend.database.write(() => memory.compact(clock.now())), 0);
      const revision = seen.at(-1)?.revision ?? 0;
      assert.deepEqual(await take(memory.watch("", { since: revision }), 1), [
        { kind: "expire", key: "ruled/b", revision: revision + 1 },
      ]);
    });

    it("C17: each change by another process reaches a watcher, in order, though nothing tells of it but the file", async () => {
      using folder = temporaryFolder();
      const path = join(folder.path, "forager.db");
      using watcher = open({ path });
      using writer = open({ path });
      const seen: unknown[] = [];
      const watching = (async () => {
        for await (const change of watcher.memory.watch("policy/")) {
          if (change.kind !== "put") continue;
          seen.push(change.value);
          if (seen.length === 10) break;
        }
      })();
      for (let n = 0; n < 10; n += 1) {
        await writer.memory.put(`policy/${n}`, n);
        await delay(17);
      }
      await watching;
      assert.deepEqual(
        seen,
        Array.from({ length: 10 }, (_, n) => n),
      );
    });

    it("C17: a change by the same process reaches a watcher before the writer goes on waiting for anything else", async () => {
      using backend = open();
      const { memory } = backend;
      const next = take(memory.watch("policy/"), 1);
      await memory.put("policy/a", 1);
      const first = await Promise.race([next, nextTurn("late")]);
      assert.notEqual(first, "late");
    });
  });
}
