import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Lease } from "../../src/coordination/leases.ts";
import { LeaseLostError } from "../../src/errors.ts";
import { ManualClock, type OpenBackend, temporaryFolder } from "./open-backend.ts";
import { startProcess } from "./start-process.ts";

/** When somebody held a lease, or might believe so. */
interface Holding {
  readonly token: number;
  readonly from: number;
  readonly to: number;
}

/** @throws {AssertionError} When two held it at once, or a later one under a smaller token. */
function assertApart(holdings: readonly Holding[]): void {
  const inOrder = holdings.toSorted((left, right) => left.from - right.from);
  for (const [index, { token, from }] of inOrder.entries()) {
    const before = inOrder[index - 1];
    if (!before) continue;
    assert.ok(before.to <= from, `${before.token} until ${before.to}, ${token} from ${from}`);
    assert.ok(before.token < token, `${token} after ${before.token}`);
  }
}

const aborted = (signal: AbortSignal) =>
  new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));

/** What all leases promise. */
export function describeLeases(
  name: string,
  open: (options?: { readonly path?: string; readonly clock?: ManualClock }) => OpenBackend,
): void {
  describe(`lease contract: ${name}`, () => {
    it("Lease 40 and 41: has one holder at a time, and the token grows with each", async () => {
      using backend = open();
      const { leases } = backend;
      let holders = 0;
      const tokens: number[] = [];
      const contend = async () => {
        for (let turn = 0; turn < 5;) {
          const lease = leases.acquire("leader", { ttlMs: 600_000 });
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

    it("Lease 40 and 41: whatever the order of taking, giving back, dying and waiting, no two hold it at once", async () => {
      using folder = temporaryFolder();
      const clock = new ManualClock();
      const path = join(folder.path, "forager.db");
      using first = open({ path, clock });
      using second = open({ path, clock });
      const contenders = [first, second];
      const ttlMs = 60_000;
      const step = fc.oneof(
        fc.record({ kind: fc.constantFrom("acquire", "release", "die"), who: fc.nat(1) }),
        fc.record({ kind: fc.constant("wait"), ms: fc.constantFrom(1, 20_000, 59_999, 60_000) }),
      );
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 4 }), async (steps) => {
          run += 1;
          const held = new Map<number, { lease: Lease; from: number }>();
          const leftBehind: Lease[] = [];
          const holdings: Holding[] = [];
          // Who does not beat believes in its lease until its time is up: nobody else may have it so long.
          const end = (who: number, to: number) => {
            const own = held.get(who);
            if (own) holdings.push({ token: own.lease.token, from: own.from, to });
            held.delete(who);
            return own;
          };
          const endTimedOut = () => {
            for (const [who, { lease, from }] of held) {
              if (clock.now() - from < ttlMs) continue;
              end(who, from + ttlMs);
              leftBehind.push(lease);
            }
          };
          for (const each of steps) {
            if ("ms" in each) {
              clock.advance(each.ms);
              endTimedOut();
            } else if (each.kind === "acquire") {
              const lease = contenders[each.who]?.leases.acquire(`run-${run}`, { ttlMs });
              if (lease && "token" in lease) {
                held.set(each.who, { lease, from: clock.now() });
              } else assert.ok(held.size + leftBehind.length > 0, "refused while nobody has it");
            } else if (each.kind === "release") {
              await end(each.who, clock.now())?.lease[Symbol.asyncDispose]();
            } else {
              const own = held.get(each.who);
              end(each.who, (own?.from ?? 0) + ttlMs);
              if (own) leftBehind.push(own.lease);
            }
          }
          for (const who of held.keys()) leftBehind.push(...[end(who, clock.now())?.lease ?? []].flat());
          for (const lease of leftBehind) await lease[Symbol.asyncDispose]();
          assertApart(holdings);
        }),
        { numRuns: 60 },
      );
    });

    it("Lease 40 and 41: of two processes that contend for it one has it at a time, under growing tokens", async () => {
      using folder = temporaryFolder();
      const path = join(folder.path, "forager.db");
      {
        using _created = open({ path });
      }
      await using left = startProcess("./lease-process.ts", path, "contend");
      await using right = startProcess("./lease-process.ts", path, "contend");
      await Promise.all([left.line("finished"), right.line("finished")]);
      const holdings = [...left.lines, ...right.lines]
        .filter((line) => line.startsWith("held"))
        .map((line) => {
          const [token = 0, from = 0, to = 0] = line.split(" ").slice(1).map(Number);
          return { token, from, to };
        });
      assert.equal(holdings.length, 30);
      assertApart(holdings);
    });

    it("Lease 42: what a former holder still writes is refused, in its transaction and by the memory's fence", async () => {
      using folder = temporaryFolder();
      const path = join(folder.path, "forager.db");
      const clock = new ManualClock();
      using stale = open({ path, clock });
      using next = open({ path, clock });
      const old = stale.leases.acquire("leader", { ttlMs: 60_000 });
      assert.ok("token" in old);
      using _fence = stale.database.fence(() => {
        if (!old.isHeld()) throw new LeaseLostError("leader");
      });
      await stale.memory.put("plan", "first", { fence: old.token });
      clock.advance(60_000);
      const current = next.leases.acquire("leader", { ttlMs: 60_000 });
      assert.ok("token" in current);
      await assert.rejects(stale.memory.put("plan", "late"), LeaseLostError);
      _fence[Symbol.dispose]();
      await stale.memory.put("plan", "between", { fence: old.token });
      await next.memory.put("plan", "second", { fence: current.token });
      await assert.rejects(stale.memory.put("plan", "late", { fence: old.token }), LeaseLostError);
      assert.equal((await stale.memory.get("plan"))?.value, "second");
      await old[Symbol.asyncDispose]();
      assert.ok(current.isHeld(), "a former holder gives nothing back");
      await current[Symbol.asyncDispose]();
    });

    it("Lease 43: passes to another when it was not renewed, and not before", () => {
      const clock = new ManualClock();
      using backend = open({ clock });
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

    it("Lease 43: a holder that renews is not passed over, however long it holds", async ({ mock }) => {
      mock.timers.enable({ apis: ["setInterval"] });
      const clock = new ManualClock();
      using backend = open({ clock });
      await using lease = backend.leases.acquire("leader", { ttlMs: 90_000 }) as Lease;
      for (let beat = 0; beat < 5; beat += 1) {
        mock.timers.tick(30_000);
        clock.advance(60_000);
        assert.ok("holder" in backend.leases.acquire("leader", { ttlMs: 90_000 }));
      }
      assert.ok(lease.isHeld() && !lease.lost.aborted);
    });

    it("Lease 43: passes on in time also when the machine's time was set back", ({ mock }) => {
      using folder = temporaryFolder();
      const path = join(folder.path, "forager.db");
      const clock = new ManualClock();
      const gone = open({ path, clock });
      const first = gone.leases.acquire("leader", { ttlMs: 150 });
      assert.ok("token" in first);
      gone.database.close();
      using backend = open({ path, clock });
      clock.advance(-3_600_000);
      let steadyMs = 0;
      mock.method(performance, "now", () => steadyMs);
      const isTaken = () => "token" in backend.leases.acquire("leader", { ttlMs: 150 });
      const seen: boolean[] = [];
      for (steadyMs of [10, 159, 160]) seen.push(isTaken());
      assert.deepEqual(
        seen,
        [false, false, true],
        "150 ms after it was first seen, by what is no time of day",
      );
    });

    it("Lease 44: says that it is lost before it ends, when it cannot be renewed, also when the time was set back", ({
      mock,
    }) => {
      mock.timers.enable({ apis: ["setInterval"] });
      let steadyMs = 0;
      mock.method(performance, "now", () => steadyMs);
      const clock = new ManualClock();
      const backend = open({ clock });
      const lease = backend.leases.acquire("leader", { ttlMs: 600 });
      assert.ok("token" in lease);
      backend.database.close();
      clock.advance(-3_600_000);
      for (let ms = 0; ms < 300; ms += 10) {
        assert.ok(!lease.lost.aborted, `lost after ${steadyMs} ms`);
        steadyMs += 10;
        mock.timers.tick(10);
      }
      while (!lease.lost.aborted && steadyMs < 590) {
        steadyMs += 10;
        mock.timers.tick(10);
      }
      assert.ok(lease.lost.reason instanceof LeaseLostError, `not lost after ${steadyMs} ms`);
    });

    it("Lease 44: says that it is lost when another has taken it", async () => {
      const clock = new ManualClock();
      using backend = open({ clock });
      const first = backend.leases.acquire("leader", { ttlMs: 90 });
      assert.ok("token" in first);
      clock.advance(90);
      await using second = backend.leases.acquire("leader", { ttlMs: 60_000 }) as Lease;
      await aborted(first.lost);
      assert.ok(!first.isHeld() && second.isHeld());
    });
  });
}
