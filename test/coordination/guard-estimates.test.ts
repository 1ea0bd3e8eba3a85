import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Estimates } from "../../src/coordination/guard/estimates.ts";

const durations = fc.array(fc.double({ min: 1, max: 100_000, noNaN: true }), {
  minLength: 1,
  maxLength: 400,
});

function learn(all: readonly number[]): Estimates {
  const estimates = new Estimates();
  for (const ms of all) estimates.record("fetch", ms);
  return estimates;
}

describe("estimates", () => {
  it("C29: quantiles are within five percent of the true ones, whatever the durations", () => {
    fc.assert(
      fc.property(durations, (all) => {
        const estimate = learn(all).of("fetch") ?? assert.fail();
        const sorted = all.toSorted((one, other) => one - other);
        for (const [share, got] of [
          [0.5, estimate.p50Ms],
          [0.95, estimate.p95Ms],
        ] as const) {
          const true_ = sorted[Math.ceil(share * sorted.length) - 1] ?? assert.fail();
          assert.ok(Math.abs(got - true_) <= true_ * 0.05 + 1e-6, `${got} for ${true_}`);
        }
      }),
    );
  });

  it("C29: the mean lies between the extremes, follows a change, and no spread is none", () => {
    fc.assert(
      fc.property(durations, (all) => {
        const { meanMs, deviationMs } = learn(all).of("fetch") ?? assert.fail();
        assert.ok(meanMs >= Math.min(...all) - 1e-6 && meanMs <= Math.max(...all) + 1e-6);
        assert.ok(deviationMs >= 0 && deviationMs <= Math.max(...all) - Math.min(...all) + 1e-6);
      }),
    );
    const moved = learn([...Array<number>(1_000).fill(100), ...Array<number>(600).fill(400)]);
    const { meanMs, p50Ms } = moved.of("fetch") ?? assert.fail();
    assert.ok(meanMs > 390 && Math.abs(p50Ms - 400) < 20);
    assert.equal(learn([7, 7, 7]).of("fetch")?.deviationMs, 0);
  });

  it("C29: says when what is left will be done, and at worst", () => {
    const estimates = learn(Array<number>(50).fill(1_000));
    assert.deepEqual(estimates.eta("fetch", 0, 4), { ms: 0, highMs: 0 });
    const { ms, highMs } = estimates.eta("fetch", 100, 4) ?? assert.fail();
    assert.ok(Math.abs(ms - 25_000) < 1e-6 && highMs >= ms && highMs < 26_000);
    // Two pieces of work are not done sooner by ten hands than by two.
    assert.equal(estimates.eta("fetch", 2, 10)?.ms, 1_000);
    assert.equal(estimates.eta("unheard of", 3, 1), undefined);
  });

  it("C29: the pessimistic end holds in nine runs of ten", () => {
    let state = 7;
    const dice = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const draw = () => -Math.log(1 - dice()) * 200 + 50;
    const lanes = 5;
    let held = 0;
    for (let run = 0; run < 200; run += 1) {
      const { highMs } = learn(Array.from({ length: 100 }, draw)).eta("fetch", 60, lanes) ?? assert.fail();
      const busyMs = Array<number>(lanes).fill(0);
      for (let i = 0; i < 60; i += 1) {
        const next = busyMs.indexOf(Math.min(...busyMs));
        busyMs[next] = (busyMs[next] ?? 0) + draw();
      }
      if (Math.max(...busyMs) <= highMs) held += 1;
    }
    assert.ok(held >= 180, `${held} of 200`);
  });

  it("C29: knows what a kind costs", () => {
    const estimates = new Estimates();
    for (const cost of [0.01, 0.03]) estimates.record("model", 10, cost);
    assert.ok(Math.abs((estimates.of("model")?.meanCost ?? 0) - 0.02) < 1e-9);
  });

  it("C29: goes on after a restart where it was, and forgets the longest unused of too many kinds", () => {
    fc.assert(
      fc.property(durations, durations, (before, after) => {
        const whole = learn([...before, ...after]);
        const resumed = Estimates.from(JSON.parse(JSON.stringify(learn(before))));
        for (const ms of after) resumed.record("fetch", ms);
        assert.deepEqual(resumed.of("fetch"), whole.of("fetch"));
      }),
      { numRuns: 30 },
    );
    const many = new Estimates();
    for (let i = 0; i <= 1_000; i += 1) many.record(`host ${i}`, 1);
    assert.equal(many.of("host 0"), undefined);
    assert.equal(Object.keys(many.toJSON()).length, 1_000);
    assert.throws(() => Estimates.from({ fetch: { mean: "soon" } }));
  });
});
