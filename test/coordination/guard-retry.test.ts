import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Budget, BudgetError } from "../../src/budget.ts";
import { rootContext } from "../../src/context.ts";
import { type GuardOptions, createGuard } from "../../src/coordination/guard/guard.ts";
import { OverloadedError, RetryLaterError } from "../../src/coordination/tasks.ts";
import { ForagerError, NetworkError, TimeoutError } from "../../src/errors.ts";
import { SettlingClock } from "../browser/settling-clock.ts";

const context = rootContext("test");

/** A guard, and work that does what it is told at each try: throw, or give a value. */
function open(options: Omit<GuardOptions, "name">, script: readonly unknown[], random = () => 0.5) {
  const clock = new SettlingClock();
  const start = clock.now();
  const triedAt: number[] = [];
  const guard = createGuard({ name: "model", ...options }, { clock, random });
  const work = async () => {
    const step = script[triedAt.length];
    triedAt.push(clock.now() - start);
    if (step instanceof Error) throw step;
    return step;
  };
  return { guard, work, triedAt, clock };
}

const transient = new NetworkError("reset");
const repeat = (times: number, step: Error) => Array.from({ length: times }, () => step);

describe("retries", () => {
  it("C24: tries three times in all what may pass, with growing waits", async () => {
    const { guard, work, triedAt } = open({ retry: {} }, [transient, transient, "good"]);
    assert.equal(await guard.run("m", context, work), "good");
    assert.deepEqual(triedAt, [0, 1_000, 3_000]);
    const failing = open({ retry: {} }, [transient, transient, transient, "too late"]);
    await assert.rejects(failing.guard.run("m", context, failing.work), NetworkError);
    assert.equal(failing.triedAt.length, 3);
  });

  it("C24: never waits less than half the schedule nor more than one and a half of it, up to its top", async () => {
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), async (dice) => {
        const retry = { attempts: 6, firstMs: 100, maxMs: 400 };
        const { guard, work, triedAt } = open({ retry }, repeat(6, transient), () => dice.next().value);
        await assert.rejects(guard.run("m", context, work), NetworkError);
        for (const [index, scheduled] of [100, 200, 400, 400, 400].entries()) {
          const waited = (triedAt[index + 1] ?? 0) - (triedAt[index] ?? 0);
          assert.ok(waited >= scheduled * 0.5 - 1e-6 && waited <= scheduled * 1.5 + 1e-6, `${waited}`);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("C24: gives up at once on what is final, a budget that is spent among it", async () => {
    for (const final of [
      new ForagerError("model", "does not fit"),
      new TypeError("a defect"),
      new BudgetError("run", "tokens", 1),
    ]) {
      const { guard, work, triedAt } = open({ retry: {} }, [final, "never"]);
      await assert.rejects(guard.run("m", context, work), (error) => error === final);
      assert.equal(triedAt.length, 1);
    }
  });

  it("C24: waits for the time that was named, and does not count that as a try", async () => {
    const { guard, work, triedAt, clock } = open({ retry: { attempts: 2 } }, []);
    const later = (ms: number) => new RetryLaterError("busy", clock.now() + ms);
    const script = [later(2_000), later(9_000), transient, "good"];
    const scripted = async () => {
      await work();
      const step = script[triedAt.length - 1];
      if (step instanceof Error) throw step;
      return step;
    };
    assert.equal(await guard.run("m", context, scripted), "good");
    assert.deepEqual(triedAt.slice(0, 3), [0, 2_000, 9_000]);
  });

  it("C24: never waits past the deadline: what would need to is handed up at once", async () => {
    const soon = { ...context, deadlineAt: 0 };
    for (const thrown of [transient, new RetryLaterError("busy", 0)]) {
      const { guard, work, triedAt, clock } = open({ retry: {} }, [thrown, "never"]);
      const hurried = { ...soon, deadlineAt: clock.now() + 900 };
      await assert.rejects(guard.run("m", hurried, work), (error) => error === thrown);
      assert.deepEqual(triedAt, [0]);
    }
  });

  it("C24: hands a far later time up to the task queue instead of holding a place, and tires of endless ones", async () => {
    const far = new RetryLaterError("busy", Date.UTC(2027, 0, 1));
    const once = open({ retry: {} }, [far, "never"]);
    await assert.rejects(once.guard.run("m", context, once.work), (error) => error === far);
    const endless = open({ retry: {} }, repeat(100, new RetryLaterError("busy", 0)));
    await assert.rejects(endless.guard.run("m", context, endless.work), RetryLaterError);
    assert.ok(endless.triedAt.length < 15);
  });

  it("C24: each try has its time, and the caller's abort ends the whole with its own reason", async () => {
    const clock = new SettlingClock();
    const guard = createGuard(
      { name: "model", retry: { attempts: 2, firstMs: 1 }, timeoutMs: 10 },
      { clock },
    );
    let tries = 0;
    const hang = () => {
      tries += 1;
      return new Promise<never>(() => {});
    };
    await assert.rejects(guard.run("m", context, hang), TimeoutError);
    assert.equal(tries, 2);
    const stop = new AbortController();
    const reason = new Error("left");
    const run = guard.run("m", rootContext("stopped", stop.signal), hang);
    stop.abort(reason);
    await assert.rejects(run, (error) => error === reason);
    assert.equal(tries, 3);
  });
});

describe("the policy as a whole", () => {
  it("C24: calls spend before they are made, tries spend as they are made, and children inherit the budget", async () => {
    const budget = new Budget("run", { steps: 3, tokens: 25 });
    const { guard, work } = open({ budget: { steps: 1 }, retry: {} }, [transient, "good", "never"]);
    const limited = rootContext("test", undefined, budget);
    const seen = await guard.run(
      "m",
      limited,
      async (context) => {
        await work();
        return context.budget;
      },
      { costs: { tokens: 10 } },
    );
    assert.equal(seen, budget);
    assert.deepEqual([budget.spent("steps"), budget.spent("tokens")], [1, 20]);
    await assert.rejects(guard.run("m", limited, work, { costs: { tokens: 10 } }), /may use 25 tokens/);
    assert.equal(budget.spent("tokens"), 20);
  });

  it("C24: lets so many run at once, the urgent first, so many wait, and refuses the rest", async () => {
    const { guard } = open({ bulkhead: { atOnce: 1, waiting: 2 } }, []);
    const order: string[] = [];
    const call = (name: string, priority: "low" | "critical" | "normal") =>
      guard.run("m", context, async () => void order.push(name), { priority });
    const gate = Promise.withResolvers<void>();
    const first = guard.run("m", context, () => gate.promise);
    const rest = [call("low", "low"), call("critical", "critical")];
    await assert.rejects(call("more", "normal"), OverloadedError);
    assert.deepEqual([guard.status().running, guard.status().waiting], [1, 2]);
    gate.resolve();
    await Promise.all([first, ...rest]);
    assert.deepEqual(order, ["critical", "low"]);
  });

  it("C24: who waits for a place and is called off leaves the queue at once, with his own reason", async () => {
    const { guard } = open({ bulkhead: { atOnce: 1, waiting: 5 } }, []);
    const gate = Promise.withResolvers<void>();
    const first = guard.run("m", context, () => gate.promise);
    const stop = new AbortController();
    const waiting = guard.run("m", rootContext("stopped", stop.signal), () => assert.fail("never"));
    const reason = new Error("left");
    stop.abort(reason);
    await assert.rejects(waiting, (error) => error === reason);
    assert.equal(guard.status().waiting, 0);
    gate.resolve();
    await first;
  });

  it("C39: a call's tries are one call to the breaker, and an open one is asked nothing", async () => {
    const breaker = { opensAfter: { inARow: 2 }, openMs: 60_000, probes: 1 };
    const { guard, work, triedAt } = open({ breaker, retry: { attempts: 2 } }, repeat(9, transient));
    for (let i = 0; i < 2; i += 1) await assert.rejects(guard.run("m", context, work), NetworkError);
    await assert.rejects(guard.run("m", context, work), /left alone/);
    assert.equal(triedAt.length, 4);
    assert.deepEqual(
      guard.status().open.map(({ key }) => key),
      ["m"],
    );
  });

  it("is nothing where nothing was asked for", async () => {
    const guard = createGuard({ name: "bare" }, { clock: new SettlingClock() });
    assert.equal(await guard.run("k", context, async (inner) => inner === context), true);
  });
});
