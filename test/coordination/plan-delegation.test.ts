import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { NodeContext } from "../../src/coordination/plans/node-handler.ts";
import type { PlanInput } from "../../src/coordination/plans/plan.ts";
import { describePlanRun, renderPlanStatus } from "../../src/coordination/plans/plan-status.ts";
import { runPlan } from "../../src/coordination/plans/run-plan.ts";
import { rootContext } from "../../src/context.ts";
import { ManualClock } from "./open-backend.ts";
import { openPlans } from "./open-plans.ts";
import { settle } from "./pool-fixture.ts";
import { node } from "./random-plan.ts";
import { until } from "./task-helpers.ts";

const plan = (...nodes: PlanInput["nodes"]): PlanInput => ({ goal: "g", nodes });
const sums = async (context: NodeContext, inner: PlanInput): Promise<number> => {
  const results = [...(await context.delegate(inner)).values()];
  return results.reduce((sum, { result }) => sum + Number(result ?? 0), 0);
};
const three = plan(node("x"), node("y"), node("z", "x", "y"));

describe("delegated plans", () => {
  for (const slots of [1, 3])
    it(`C23: DELEGATED: with ${slots} at once, a node has a plan of its own done in the same run and takes up no place meanwhile`, async () => {
      let running = 0;
      let most = 0;
      const isFull = () => most >= slots;
      using plans = openPlans(async (_, context) => {
        if (context.name === "boss") return await sums(context, three);
        most = Math.max(most, (running += 1));
        do await settle();
        while (!isFull());
        running -= 1;
        return context.name === "end" ? context.before.get("boss")?.result : 1;
      });
      const { nodes } = await plans.run(plan(node("boss"), node("side"), node("end", "boss")), {
        mode: "parallel",
        slots,
      });
      assert.equal(nodes.get("end")?.result, 3);
      assert.equal(most, slots === 1 ? 1 : 3);
      const names = plans.backend.tasks.ofRun(1).map(({ name }) => String(name));
      assert.deepEqual(names.toSorted(), ["boss", "boss/x", "boss/y", "boss/z", "end", "side"]);
    });

  it("C23: DELEGATED: without a run it is done in order, with the same result", async () => {
    using plans = openPlans(async (_, context) => (context.name === "boss" ? await sums(context, three) : 1));
    const { nodes } = await runPlan(plans.deps, plan(node("boss")), {}, rootContext("test"));
    assert.equal(nodes.get("boss")?.result, 3);
  });

  it("C23: a shared resource is free while the node that had it waits for its own plan", async () => {
    using plans = openPlans(async (_, context) => (context.name === "boss" ? await sums(context, inner) : 1));
    const inner = plan({ ...node("x"), uses: ["file:a"] });
    const { nodes } = await plans.run(plan({ ...node("boss"), uses: ["file:a"] }), { mode: "sequential" });
    assert.equal(nodes.get("boss")?.result, 1);
  });

  it("C23: a delegated plan that fails ends alone, and its parent hears of it", async () => {
    const ran: string[] = [];
    using plans = openPlans(async (_, context) => {
      ran.push(context.name);
      if (context.name === "boss/x") throw new Error("broken");
      if (context.name !== "boss") return 1;
      return [...(await context.delegate(inner)).values()].map(({ state }) => state);
    });
    const inner = plan({ ...node("x"), onFailure: "fail", weightMs: 9_000_000 }, node("y", "x"), node("w"));
    const { state, nodes } = await plans.run(plan(node("boss"), node("other", "boss")), {
      mode: "sequential",
    });
    assert.equal(state, "done");
    assert.equal(nodes.get("other")?.result, 1);
    const states = nodes.get("boss")?.result;
    assert.ok(Array.isArray(states));
    assert.deepEqual(states.slice(0, 2), ["dead", "cancelled"]);
    assert.ok(!ran.includes("boss/y"));
  });

  it("C23: taken up again after an interruption, a delegated plan's finished nodes do not run twice", async () => {
    const ended: string[] = [];
    const stop = new AbortController();
    using plans = openPlans(async (_, context) => {
      if (context.name === "boss") return await sums(context, three);
      if (context.name === "boss/z") stop.abort(new Error("cut"));
      await settle();
      context.signal.throwIfAborted();
      ended.push(context.name);
      return 1;
    });
    const whole = plan(node("boss"), node("end", "boss"));
    await assert.rejects(plans.run(whole, { mode: "parallel", signal: stop.signal }), /cut/);
    const { nodes } = await plans.run(whole, { mode: "parallel" });
    assert.equal(nodes.get("boss")?.result, 3);
    assert.deepEqual(ended.toSorted(), ["boss/x", "boss/y", "boss/z", "end"]);
  });

  it("C23: refuses plans within plans without end, two at a time, and what cannot be run", async () => {
    using plans = openPlans(async (_, context) => {
      if (context.name === "twice")
        return await Promise.all([context.delegate(three), context.delegate(three)]);
      if (context.name === "circle") return await context.delegate(plan(node("a", "b"), node("b", "a")));
      return await sums(context, plan(node("deeper")));
    });
    const { nodes } = await plans.run(plan(node("loop"), node("twice"), node("circle")), {
      mode: "parallel",
    });
    assert.equal(nodes.get("loop")?.state, "done");
    const names = plans.backend.tasks.ofRun(1).map(({ name, state }) => [name, state]);
    assert.deepEqual(
      names.filter(([name]) => name?.startsWith("loop")),
      [
        ["loop", "done"],
        ["loop/deeper", "done"],
        ["loop/deeper/deeper", "done"],
        ["loop/deeper/deeper/deeper", "dead"],
      ],
    );
    assert.match(nodes.get("circle")?.error ?? "", /circle: a -> b -> a/);
    assert.match(nodes.get("twice")?.error ?? "", /two plans at the same time/);
  });
});

describe("a plan's status", () => {
  it("C30: shows the tree of nodes with their states, counts, what is left, and the speed-up", async () => {
    const reached = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    using plans = openPlans(async (_, context) => {
      if (context.name === "boss") return await sums(context, three);
      if (context.name === "boss/x") {
        await context.progress({ read: 3 });
        reached.resolve();
        await go.promise;
      }
      if (context.name === "bad") throw new Error("broken");
      return 1;
    });
    const whole = plan(
      { ...node("boss"), weightMs: 90_000 },
      node("bad"),
      node("after", "bad"),
      node("end", "boss"),
    );
    const ended = plans.run(whole, { mode: "parallel", slots: 2 });
    await reached.promise;
    const endOf = (node: string) =>
      plans.seen.some((event) => event.type === "node-ended" && event.node === node);
    await until("the end of what waits for nothing", () => endOf("boss/y") && endOf("bad"));
    const during = await describePlanRun(plans.deps, 1);
    assert.ok(during);
    assert.deepEqual(during.counts, {
      total: 7,
      waiting: 2,
      ready: 0,
      running: 2,
      done: 1,
      failed: 1,
      skipped: 1,
    });
    // The end takes the minute that every node is expected to take, and of the boss some of 90 s is left.
    assert.ok(during.etaMs > 60_000 && during.etaMs <= 150_000, `${during.etaMs}`);
    const boss = during.nodes.find(({ id }) => id === "boss");
    assert.deepEqual(
      boss?.nodes.map(({ id, state, progress }) => [id, state, progress]),
      [
        ["x", "running", { read: 3 }],
        ["y", "done", undefined],
        ["z", "waiting", undefined],
      ],
    );
    go.resolve();
    await ended;
    const after = await describePlanRun(plans.deps, 1);
    assert.ok(after);
    assert.deepEqual(
      [after.etaMs, after.counts.done, after.counts.failed, after.counts.skipped],
      [0, 5, 1, 1],
    );
    assert.ok(after.speedUp.speedUp <= after.speedUp.bound + 1e-9);
    const text = renderPlanStatus(after);
    assert.match(text, /^g: parallel, 2 at once \(as asked\)\n {2}5\/7 done, 1 failed, 1 skipped\n/);
    assert.match(text, /\n {4}done {4}x \(worker\)/);
    assert.match(text, /\n {2}failed {2}bad \(worker\).*: broken/);
    assert.match(text, /ms of work in .* ms: [\d.]+x of at most [\d.]+x, \d+ % efficient$/);
    assert.equal(await describePlanRun(plans.deps, 2), undefined);
  });

  it("C30: R17: four nodes that wait are under way at once with four places, and in order when that is not worth it", async () => {
    const waitMs = 300;
    const clock = new ManualClock();
    const all = Promise.withResolvers<void>();
    let underWay = 0;
    const wait = async () => {
      underWay += 1;
      if (underWay === 4) {
        clock.advance(waitMs);
        all.resolve();
      }
      await all.promise;
    };
    using plans = openPlans(wait, undefined, clock);
    const four = plan(...["a", "b", "c", "d"].map((id) => ({ ...node(id), weightMs: waitMs })));
    const { speedUp } = await plans.run(four, { mode: "parallel" });
    assert.deepEqual([speedUp.wallMs, speedUp.speedUp, speedUp.bound], [waitMs, 4, 4]);
    const short = plan(...four.nodes.map((each) => ({ ...each, weightMs: 10 })));
    const inOrder = await plans.run(short, { run: 2, handler: async () => clock.advance(10) });
    assert.deepEqual(
      [inOrder.choice.mode, inOrder.speedUp.wallMs, inOrder.speedUp.speedUp, inOrder.speedUp.bound],
      ["sequential", 40, 1, 1],
    );
    const kept = await describePlanRun(plans.deps, 2);
    assert.match(kept?.choice.why ?? "", /0 s of work, worth it from 5 s on/);
  });

  it("C30: time when nothing ran a plan does not count against it", async () => {
    const stop = new AbortController();
    const clock = new ManualClock();
    let calls = 0;
    const wait = async () => {
      calls += 1;
      clock.advance(10);
      if (calls === 2) stop.abort(new Error("cut"));
      await settle();
    };
    using plans = openPlans(wait, undefined, clock);
    const chain = plan(node("a"), node("b", "a"), node("c", "b"));
    await assert.rejects(plans.run(chain, { mode: "sequential", signal: stop.signal }), /cut/);
    clock.advance(60_000);
    const { speedUp } = await plans.run(chain, { mode: "sequential" });
    // What b did before the cut left no end, and counts neither.
    assert.deepEqual([calls, speedUp.wallMs], [4, 30]);
  });
});
