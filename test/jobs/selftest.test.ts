import assert from "node:assert/strict";
import { type TestContext, describe, it } from "node:test";
import { describeSelfTest } from "../../src/cli/selftest.ts";
import { type Clock, systemClock } from "../../src/clock.ts";
import { rootContext } from "../../src/context.ts";
import type { Outgoing, SendingContext } from "../../src/coordination/bus/bus.ts";
import { InProcessBus } from "../../src/coordination/bus/in-process-bus.ts";
import type { TaskContext, Tasks } from "../../src/coordination/tasks.ts";
import { StoreError } from "../../src/errors.ts";
import { type Phase, report, runPhases } from "../../src/jobs/selftest.ts";
import { settleEffects } from "../../src/jobs/selftest/effects.ts";
import { Ledger, emptyLedgers } from "../../src/jobs/selftest/ledger.ts";
import { measureMessages } from "../../src/jobs/selftest/messages.ts";
import { measurePlan } from "../../src/jobs/selftest/parallel-plan.ts";
import { percentile } from "../../src/jobs/selftest/percentile.ts";
import { type Measurements, figures, targets } from "../../src/jobs/selftest/targets.ts";
import { measureTasks } from "../../src/jobs/selftest/tasks.ts";
import { type OpenBackend, openBackend } from "../coordination/open-backend.ts";

const context = rootContext("test");

/** Lets a millisecond pass at each look at the clock that the self-test measures by: as much is done on any machine. */
function countLooks(test: TestContext): void {
  let now = 0;
  test.mock.method(performance, "now", () => (now += 1));
}

/** A bus that drops the eleventh message and hands the thirteenth on twice. */
class FaultyBus extends InProcessBus {
  #sent = 0;

  override async send(to: string, message: Outgoing, context: SendingContext): Promise<void> {
    this.#sent += 1;
    if (this.#sent !== 11) await super.send(to, message, context);
    if (this.#sent === 13) await super.send(to, message, context);
  }
}

/** A queue whose handlers go through `fault` first. */
function faultyTasks(
  { tasks }: OpenBackend,
  fault: (input: unknown, context: TaskContext, run: (context: TaskContext) => Promise<unknown>) => unknown,
): Pick<Tasks, "add" | "consume" | "limit" | "wait"> {
  return {
    add: (added, options) => tasks.add(added, options),
    limit: (kind, limits) => tasks.limit(kind, limits),
    wait: (id, signal) => tasks.wait(id, signal),
    consume: (kind, handler, options) =>
      tasks.consume(
        kind,
        async (input, own) => fault(input, own, (changed) => handler(input, changed)),
        options,
      ),
  };
}

/** Figures that are all as good as a share of their targets. */
function figuresAt(bound: "target" | "gate"): Measurements {
  return Object.fromEntries(figures.map((name) => [name, targets[name][bound]])) as unknown as Measurements;
}

describe("self-test", () => {
  it("names what was lost, what was doubled, and what nobody issued", () => {
    const ledger = new Ledger("task");
    const [kept, twice] = [ledger.issue(), ledger.issue(), ledger.issue()];
    for (const id of [kept, twice ?? 0, twice ?? 0, 7]) ledger.settle(id ?? 0);
    assert.deepEqual(ledger.lost(), ["task 2"]);
    assert.deepEqual(ledger.doubled(), ["task 1", "task 7"]);
  });

  it("finds nothing amiss with a bus that is well, and measures it", async (test) => {
    countLooks(test);
    await using bus = new InProcessBus({ clock: systemClock });
    const ledgers = emptyLedgers();
    const load = { warmUpMs: 5, burstMs: 20, pacedMs: 20, perSecond: 5_000 };
    const measured = await measureMessages({ bus, ledgers }, load, context);
    assert.ok(measured.messagesPerSecond > 0 && measured.messageP99Ms > 0);
    assert.ok(ledgers.messages.issued >= 600);
    assert.deepEqual([ledgers.messages.lost(), ledgers.messages.doubled()], [[], []]);
  });

  it("names the message that a bus loses and the one it hands on twice", async (test) => {
    countLooks(test);
    await using bus = new FaultyBus({ clock: systemClock });
    const ledgers = emptyLedgers();
    const load = { warmUpMs: 0, burstMs: 10, pacedMs: 10, perSecond: 5_000 };
    await measureMessages({ bus, ledgers }, load, context);
    const { figures, problems } = report({}, [], ledgers);
    assert.deepEqual([figures.lost, figures.doubled], [1, 1]);
    assert.deepEqual(problems, ["Lost: message 10.", "Doubled: message 12."]);
  });

  it("names tasks and effects that a queue loses or doubles", async (test) => {
    countLooks(test);
    using backend = openBackend();
    const ledgers = emptyLedgers();
    const tasks = faultyTasks(backend, async (input, own, run) => {
      if (input === 3) return;
      if (input === 5) await run(own);
      const { effect } = input as { effect?: number };
      const commit: TaskContext["commit"] =
        effect === 0
          ? async () => {}
          : (write) =>
              own.commit((transaction) => {
                write(transaction);
                if (effect === 1) transaction.append("selftest/effects", "effect", effect);
              });
      await run({ ...own, commit });
    });
    const measured = await measureTasks({ tasks, ledgers }, { emptyMs: 20, assignedMs: 60 }, context);
    assert.ok(measured.tasksPerSecond > 0 && measured.assignmentP99Ms > 0);
    settleEffects(backend.log, ledgers.effects);
    assert.deepEqual(report({}, [], ledgers).problems, [
      "Lost: task 3, effect 0.",
      "Doubled: task 5, effect 1.",
    ]);
  });

  it("C30: a plan of four waits is done in order and then side by side, each wait and effect once", async () => {
    using backend = openBackend();
    const ledgers = emptyLedgers();
    const all = Promise.withResolvers<void>();
    const waits: number[] = [];
    let underWay = 0;
    const clock: Clock = {
      now: () => Date.now(),
      async sleep(ms) {
        waits.push((underWay += 1));
        if (waits.length === 8) all.resolve();
        // The first four are a plan's in order; the others wait for each other.
        await (waits.length > 4 ? all.promise : systemClock.sleep(ms));
        underWay -= 1;
      },
    };
    const measured = await measurePlan({ backend, clock, ledgers }, { nodeMs: 1 }, context);
    settleEffects(backend.log, ledgers.effects);
    assert.deepEqual(waits, [1, 1, 1, 1, 1, 2, 3, 4]);
    assert.equal(measured.speedup, measured.sequentialMs / measured.parallelMs);
    assert.deepEqual([ledgers.tasks.issued, ledgers.effects.issued], [8, 8]);
    assert.deepEqual(report({}, [], ledgers).problems, []);
  });

  it("goes on after a part that fails or hangs, and names it", async () => {
    const parts: readonly Phase[] = [
      { name: "hanging", limitMs: 20, run: () => new Promise(() => {}) },
      { name: "failing", limitMs: 1_000, run: () => Promise.reject(new Error("no luck")) },
      { name: "well", limitMs: 1_000, run: async () => ({ speedup: 4 }) },
    ];
    const { measured, failures } = await runPhases(parts, context);
    assert.deepEqual(measured, { speedup: 4 });
    assert.deepEqual(failures, [
      'The part "hanging" failed: It took longer than 20 ms.',
      'The part "failing" failed: no luck',
    ]);
    const { figures } = report(measured, failures, emptyLedgers());
    assert.deepEqual([figures.speedup, figures.recoveryMs], [4, null]);
  });

  it("ends at once with the caller's reason, and when there is no room on the disk", async () => {
    const reason = new Error("called off");
    const caller = new AbortController();
    const hanging: Phase = { name: "hanging", limitMs: 10_000, run: () => new Promise(() => {}) };
    const run = runPhases([hanging], rootContext("test", caller.signal));
    caller.abort(reason);
    await assert.rejects(run, (error) => error === reason);
    const full: Phase = {
      name: "full",
      limitMs: 1_000,
      run: () => Promise.reject(new StoreError("The disk is full.")),
    };
    await assert.rejects(runPhases([full, hanging], context), /The disk is full\. .*TMPDIR/);
  });

  it("is content with each gate, and names each figure that is past it", () => {
    assert.deepEqual(report(figuresAt("gate"), [], emptyLedgers()).problems, []);
    for (const name of figures) {
      const { better, gate } = targets[name];
      const past = { ...figuresAt("target"), [name]: better === "more" ? gate * 0.99 : gate * 1.01 };
      const { problems } = report(past, [], emptyLedgers());
      assert.equal(problems.length, 1);
      assert.ok(problems[0]?.startsWith(`${name} is `), problems[0]);
    }
  });

  it("takes the nearest rank as percentile", () => {
    const values = Array.from({ length: 200 }, (_, index) => 200 - index);
    assert.equal(percentile(values, 0.99), 198);
    assert.equal(percentile([7], 0.99), 7);
  });

  it("shows each figure beside its target, with a verdict", () => {
    const wellSaid = describeSelfTest(report(figuresAt("target"), [], emptyLedgers())).join("\n");
    assert.match(wellSaid, /takeover after kill -9 +6,000 ms +<= 6,000 ms +ok /);
    assert.match(wellSaid, /0 were lost and 0 happened twice\.\nAll is well\./);
    const ledgers = emptyLedgers();
    for (let id = 0; id < 7; id += 1) ledgers.messages.issue();
    const { recoveryMs: _, ...others } = { ...figuresAt("gate"), tasksPerSecond: 5 };
    const badlySaid = describeSelfTest(report(others, [], ledgers)).join("\n");
    assert.match(badlySaid, /takeover after kill -9 +not measured +<= 6,000 ms +failed /);
    assert.match(badlySaid, /durable tasks, empty +5 \/s +>= 2,000 \/s +too slow /);
    assert.match(badlySaid, /speed-up of a plan, four at once +2 x +>= 3 x +short of it /);
    assert.match(badlySaid, /Lost: message 0, message 1, message 2, message 3, message 4 and 2 more\./);
    assert.match(badlySaid, /Not all is well/);
  });
});
