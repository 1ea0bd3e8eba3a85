import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { rootContext } from "../../src/context.ts";
import { compactCoordination } from "../../src/coordination/compaction.ts";
import { type Duty, lead } from "../../src/coordination/leader.ts";
import { LeaseLostError } from "../../src/errors.ts";
import { silentLog } from "../../src/log.ts";
import { ManualClock, type OpenBackend, openBackend, temporaryFolder } from "./open-backend.ts";
import { startProcess } from "./start-process.ts";

const deps = { clock: systemClock, log: silentLog, context: rootContext("test") };
/** Looks often, and loses no lease because this process stood still. */
const quick = { name: "leader", ttlMs: 600_000, retryMs: 10 };

/** Waits until `isSo`. */
async function until(isSo: () => boolean): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  while (!isSo()) await delay(2, undefined, { signal });
}

/** Two processes' views of one file. */
function openTwo(clock?: ManualClock): Disposable & { first: OpenBackend; second: OpenBackend } {
  const folder = temporaryFolder();
  const options = { path: join(folder.path, "forager.db"), ...(clock ? { clock } : {}) };
  const first = openBackend(options);
  const second = openBackend(options);
  return {
    first,
    second,
    [Symbol.dispose]() {
      second[Symbol.dispose]();
      first[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
}

describe("leader", () => {
  it("C42: one leads at once, the next when it hands over; duties run in their turns, for the leader alone", async () => {
    using files = openTwo();
    const turns: string[] = [];
    const duty = (who: string): Duty => ({
      name: "sweep",
      everyMs: 5,
      run: async (lease) => turns.push(`${who} ${lease.token}`),
    });
    // Its time is so long that whoever waited for the lease to run out would not come to its turn.
    const first = lead(files.first.leases, quick, [duty("first")], deps);
    await using second = lead(files.second.leases, quick, [duty("second")], deps);
    assert.equal(first.lease?.token, 1);
    await until(() => turns.length >= 3);
    assert.equal(second.lease, undefined);
    await first[Symbol.asyncDispose]();
    assert.equal(first.lease, undefined);
    await until(() => second.lease !== undefined);
    await until(() => turns.at(-1) === "second 2");
    assert.deepEqual([...new Set(turns)], ["first 1", "second 2"]);
  });

  it("C42: a leader whose process was killed is replaced at once, whatever its lease", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "forager.db");
    using backend = openBackend({ path });
    await using other = startProcess("./lease-process.ts", path, "lead");
    await other.line("leads 1");
    await using own = lead(backend.leases, quick, [], deps);
    await delay(30);
    assert.equal(own.lease, undefined);
    other.child.kill("SIGKILL");
    await until(() => own.lease?.token === 2);
  });

  it("C42: a duty that fails is counted and goes on in its turn, and so do the others", async () => {
    using backend = openBackend();
    const warnings: unknown[] = [];
    let healthy = 0;
    let broken = 0;
    await using leadership = lead(
      backend.leases,
      quick,
      [
        {
          name: "broken",
          everyMs: 2,
          run: async () => {
            broken += 1;
            throw new Error("no");
          },
        },
        { name: "healthy", everyMs: 2, run: async () => (healthy += 1) },
      ],
      { ...deps, log: { ...silentLog, warn: (_, data) => warnings.push(data) } },
    );
    await until(() => broken >= 3 && healthy >= 3);
    assert.equal(leadership.lease?.token, 1);
    assert.equal(leadership.failures.get("broken"), broken);
    assert.equal(leadership.failures.get("healthy"), undefined);
    assert.deepEqual(warnings[0], { name: "leader", duty: "broken", error: "no" });
  });

  it("C42, Lease 42: who lost the lead has its duties aborted, what they still write is refused, and it stands again", async () => {
    const clock = new ManualClock();
    using files = openTwo(clock);
    const { promise: told, resolve: tell } = Promise.withResolvers<unknown>();
    let late: Promise<unknown> = Promise.resolve();
    const duty: Duty = {
      name: "sweep",
      everyMs: 1,
      async run(lease, signal) {
        if (lease.token > 1) return;
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        tell(signal.reason);
        late = files.first.commit((transaction) => {
          if (!lease.isHeld()) throw new LeaseLostError(lease.name);
          transaction.put("swept", true);
        });
        await late;
      },
    };
    await using leadership = lead(files.first.leases, { ...quick, ttlMs: 60 }, [duty], deps);
    clock.advance(60);
    const other = files.second.leases.acquire("leader", { ttlMs: 60 });
    assert.ok("token" in other && other.token === 2);
    assert.ok((await told) instanceof LeaseLostError);
    await assert.rejects(late, LeaseLostError);
    assert.equal(await files.first.memory.get("swept"), undefined);
    await other[Symbol.asyncDispose]();
    await until(() => Number(leadership.lease?.token) >= 3);
    assert.equal(leadership.failures.size, 0);
  });

  it("C42: stops with its context or when disposed of, waits for the duty under way and leaves no listener", async () => {
    using backend = openBackend();
    const stop = new AbortController();
    const context = rootContext("test", stop.signal);
    let isDone = false;
    const leadership = lead(
      backend.leases,
      quick,
      [
        {
          name: "slow",
          everyMs: 1,
          async run() {
            await delay(20);
            isDone = true;
          },
        },
      ],
      { ...deps, context },
    );
    stop.abort(new Error("enough"));
    await leadership[Symbol.asyncDispose]();
    assert.ok(isDone);
    assert.equal(backend.leases.holder("leader"), undefined);
    assert.equal(getEventListeners(stop.signal, "abort").length, 0);
  });

  it("C42: a folder that cannot be written keeps nobody from standing again", async () => {
    using backend = openBackend();
    let tries = 0;
    await using leadership = lead(
      {
        acquire(name, options) {
          tries += 1;
          if (tries < 3) throw new Error("busy");
          return backend.leases.acquire(name, options);
        },
        holder: () => undefined,
      },
      quick,
      [],
      deps,
    );
    await until(() => leadership.lease !== undefined);
  });
});

describe("compaction of coordination", () => {
  it("C20, C42: forgets what ended long ago and what expired, keeps what is recent or dead, in short steps", async () => {
    const clock = new ManualClock();
    using backend = openBackend({ clock });
    const { database, log, memory, tasks } = backend;
    const context = rootContext("test");
    const [ended, dead] = await tasks.add([
      { kind: "work", input: 1 },
      { kind: "work", input: 2 },
    ]);
    const consumer = tasks.consume(
      "work",
      async (input) => {
        if (input === 2) throw new Error("broken");
      },
      { concurrency: 1, timeoutMs: 60_000, context },
    );
    await consumer.idle(AbortSignal.timeout(60_000));
    await consumer[Symbol.asyncDispose]();
    await database.write(() => {
      for (let each = 0; each < 4_500; each += 1) log.append("run/1", "noted", each, clock.now());
    });
    await memory.batch(
      Array.from({ length: 1_500 }, (_, n) => ({
        kind: "put" as const,
        key: `brief/${n}`,
        value: n,
        options: { ttlMs: 10 },
      })),
    );
    clock.advance(1_000);
    await database.write(() => log.append("run/2", "noted", 1, clock.now()));
    const [recent] = await tasks.add([{ kind: "work", input: 3 }]);

    let steps = 0;
    const counting = {
      ...backend,
      commit: (write: Parameters<typeof backend.commit>[0]) => {
        steps += 1;
        return backend.commit(write);
      },
    };
    const done = await compactCoordination(counting, { keepMs: 500, now: clock.now() });
    assert.deepEqual({ ...done, memory: 0 }, { recovered: 0, tasks: 1, events: 4_500, memory: 0 });
    assert.ok(done.memory >= 1_500);
    assert.ok(steps >= 8, `${steps} transactions`);
    assert.equal(log.lastPlace("run/1"), 0);
    assert.equal(log.lastPlace("run/2"), 1);
    assert.deepEqual((await memory.list("")).entries, []);
    await assert.rejects(tasks.wait(Number(ended)), RangeError);
    assert.equal((await tasks.wait(Number(dead))).state, "dead");
    assert.equal(tasks.counts("work").ready, 1);
    assert.ok(Number(recent) > 0);

    const lease = backend.leases.acquire("leader", { ttlMs: 60_000 });
    assert.ok("token" in lease);
    await lease[Symbol.asyncDispose]();
    const next = backend.leases.acquire("leader", { ttlMs: 60_000 });
    assert.ok("token" in next);
    await assert.rejects(
      compactCoordination(backend, { keepMs: 0, now: clock.now(), lease }),
      LeaseLostError,
    );
    await next[Symbol.asyncDispose]();
    assert.equal(log.lastPlace("run/2"), 1);
    const reason = new Error("enough");
    await assert.rejects(
      compactCoordination(backend, { keepMs: 0, now: clock.now(), signal: AbortSignal.abort(reason) }),
      (error) => error === reason,
    );
  });
});
