import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type RunContext, rootContext } from "../../src/context.ts";
import { createGuard } from "../../src/coordination/guard/guard.ts";
import { NetworkError } from "../../src/errors.ts";
import { SettlingClock } from "../browser/settling-clock.ts";

const context = rootContext("test");
const critical = { isCritical: true };
const isFailure = (outcome: string) => outcome === "no page";

interface Try {
  readonly ms: number;
  readonly gives: string | Error;
}

/** Tries that take so long and end so, one after the other. */
function open(tries: readonly Try[], hedge: { minMs?: number; maxMs?: number; mostShare?: number } = {}) {
  const clock = new SettlingClock();
  const ended: string[] = [];
  let count = 0;
  const guard = createGuard({ name: "page", hedge: { minMs: 50, maxMs: 1_000, ...hedge } }, { clock });
  const work = async ({ signal }: RunContext) => {
    const own = tries[count] ?? assert.fail("no more tries than these");
    const name = `${(count += 1)}`;
    try {
      await clock.sleep(own.ms, signal);
    } catch (error) {
      ended.push(`${name} aborted`);
      throw error;
    }
    ended.push(`${name} done`);
    if (own.gives instanceof Error) throw own.gives;
    return own.gives;
  };
  return { guard, work, clock, ended, tries: () => count };
}

describe("hedging", () => {
  it("C41: a critical call that is slow gets a second try; the first result counts, the loser is aborted and awaited", async () => {
    const { guard, work, clock, ended } = open([
      { ms: 9_000, gives: "slow" },
      { ms: 100, gives: "quick" },
    ]);
    const start = clock.now();
    assert.equal(await guard.run("h", context, work, critical), "quick");
    assert.equal(clock.now() - start, 1_100);
    assert.deepEqual(ended, ["2 done", "1 aborted"]);
    assert.equal(guard.status().hedged, 1);
  });

  it("C41: the second try starts at the key's 95th percentile, within its bounds", async () => {
    for (const [usualMs, startsAt] of [
      [200, 200],
      [1, 50],
      [60_000, 1_000],
    ] as const) {
      const { guard, work, clock } = open([
        { ms: 99_000, gives: "slow" },
        { ms: 0, gives: "quick" },
      ]);
      for (let i = 0; i < 40; i += 1) guard.estimates.record("h", usualMs);
      const start = clock.now();
      await guard.run("h", context, work, critical);
      const ms = clock.now() - start;
      assert.ok(Math.abs(ms - startsAt) <= startsAt * 0.06, `${ms} for ${startsAt}`);
    }
  });

  it("C41: only critical calls, and no quick ones, get a second try", async () => {
    const slow = open([{ ms: 9_000, gives: "slow" }]);
    assert.equal(await slow.guard.run("h", context, slow.work), "slow");
    const quick = open([{ ms: 900, gives: "quick" }]);
    assert.equal(await quick.guard.run("h", context, quick.work, critical), "quick");
    assert.deepEqual([slow.tries(), quick.tries()], [1, 1]);
  });

  it("C41: no more second tries than a share of all calls", async () => {
    const { guard, work, tries } = open(
      Array.from({ length: 300 }, () => ({ ms: 5_000, gives: "slow" })),
      { mostShare: 0.1 },
    );
    for (let i = 0; i < 200; i += 1) await guard.run("h", context, work, critical);
    const second = tries() - 200;
    assert.ok(second >= 15 && second <= 21, `${second} second tries`);
  });

  it("C41: a result that is not valid, or an error, waits for the other try", async () => {
    for (const gives of ["no page", new NetworkError("reset")]) {
      const { guard, work } = open([
        { ms: 1_200, gives },
        { ms: 500, gives: "page" },
      ]);
      assert.equal(await guard.run("h", context, work, { ...critical, isFailure }), "page");
    }
    const neither = open([
      { ms: 1_300, gives: new NetworkError("first") },
      { ms: 100, gives: new NetworkError("second") },
    ]);
    await assert.rejects(neither.guard.run("h", context, neither.work, critical), /first/);
  });

  it("C41: the caller's abort ends both", async () => {
    const { guard, work, clock, ended } = open([
      { ms: 9_000, gives: "slow" },
      { ms: 9_000, gives: "slow" },
    ]);
    const stop = new AbortController();
    const reason = new Error("left");
    const run = guard.run("h", rootContext("stopped", stop.signal), work, critical);
    void clock.sleep(2_000).then(() => stop.abort(reason));
    await assert.rejects(run, (error) => error === reason);
    assert.deepEqual(ended.toSorted(), ["1 aborted", "2 aborted"]);
  });
});
