import assert from "node:assert/strict";
import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { Budget, BudgetError } from "../../src/budget.ts";
import { rootContext } from "../../src/context.ts";
import { AgentError, NetworkError, TimeoutError } from "../../src/errors.ts";
import type { NodeOutcome } from "../../src/coordination/plans/node-handler.ts";
import { type PlanInput, parsePlan } from "../../src/coordination/plans/plan.ts";
import { readPlanRecord } from "../../src/coordination/plans/plan-record.ts";
import { runPlan } from "../../src/coordination/plans/run-plan.ts";
import { PlanError } from "../../src/coordination/tasks.ts";
import { Witness, openPlans } from "./open-plans.ts";
import { node, randomPlan } from "./random-plan.ts";
import { until } from "./task-helpers.ts";

const AgentInput = z.string();
const parallel = { mode: "parallel", slots: 3 } as const;
const plan = (...nodes: PlanInput["nodes"]): PlanInput => ({ goal: "g", nodes });
const statesOf = (nodes: ReadonlyMap<string, NodeOutcome>) =>
  Object.fromEntries([...nodes].map(([id, { state }]) => [id, state]));
const idOf = (input: unknown) => (input as { readonly id: string }).id;

const factsOf = ({ id, role, state, result, attempts }: NodeOutcome) => ({
  id,
  role,
  state,
  result,
  attempts,
});

/** What must become of each node when some fail and no policy is "fail". */
function expectedStates(input: PlanInput, fails: ReadonlySet<string>): Record<string, string> {
  const { nodes } = parsePlan(input);
  const state = (id: string): string => {
    const node = nodes.find((each) => each.id === id);
    const isStopped = node?.after.some((other) => {
      const policy = nodes.find((each) => each.id === other)?.onFailure;
      return policy !== "continue" && state(other) !== "done";
    });
    return isStopped ? "cancelled" : fails.has(id) ? "dead" : "done";
  };
  return Object.fromEntries(nodes.map(({ id }) => [id, state(id)]));
}

describe("running a plan", () => {
  it("C27: DAG 26: a node starts when its own prerequisites have ended, and gets their results", async () => {
    const witness = new Witness();
    using plans = openPlans(async (_, { name, before }) => {
      witness.start(name);
      if (name === "slow") await until("a start two nodes on", () => witness.starts.includes("c"));
      await turn();
      witness.end(name);
      return { from: [...before].map(([id, { result, state }]) => [id, state, result]) };
    });
    const { state, nodes } = await plans.run(
      plan(
        node("a"),
        node("slow"),
        node("b", "a"),
        node("c", "b"),
        node("d", "a", "slow"),
        node("e", "c", "d"),
      ),
      parallel,
    );
    assert.equal(state, "done");
    assert.ok(witness.isBefore("a", "b") && witness.isBefore("slow", "d") && witness.isBefore("d", "e"));
    assert.ok(
      witness.together.some(([left, right]) => left === "slow" && right === "c"),
      "no waves",
    );
    assert.equal(witness.starts.length, 6);
    const b = { from: [["a", "done", { from: [] }]] };
    assert.deepEqual(nodes.get("c")?.result, { from: [["b", "done", b]] });
    assert.deepEqual([...nodes.keys()], ["a", "slow", "b", "c", "d", "e"]);
    assert.deepEqual(plans.backend.tasks.counts("plan/1").done, 6);
  });

  it("C27: DAG 28: any plan, any failures: each node runs once, in order, and ends as its prerequisites' policies say", async () => {
    const cases = fc.record({
      input: randomPlan(["skip", "continue"]),
      fails: fc.uniqueArray(
        fc.integer({ min: 0, max: 11 }).map((index) => `n${index}`),
        { maxLength: 4 },
      ),
      slots: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ input, fails, slots }) => {
        const witness = new Witness();
        using plans = openPlans(async (input, { name }) => {
          witness.start(name);
          await turn();
          witness.end(name);
          if (fails.includes(idOf(input))) throw new Error("failed on purpose");
          return name;
        });
        const { nodes } = await plans.run(input, { mode: "parallel", slots });
        const expected = expectedStates(input, new Set(fails));
        assert.deepEqual(statesOf(nodes), expected);
        const ran = Object.keys(expected).filter((id) => expected[id] !== "cancelled");
        assert.deepEqual(witness.starts.toSorted(), ran.toSorted());
        assert.ok(witness.most <= slots);
        const parsed = parsePlan(input);
        for (const { id, after } of parsed.nodes)
          assert.ok(after.every((earlier) => witness.isBefore(earlier, id)));
        const usesOf = new Map(parsed.nodes.map(({ id, uses }) => [id, uses]));
        for (const [left, right] of witness.together)
          assert.ok(!usesOf.get(left)?.some((name) => usesOf.get(right)?.includes(name)), `${left} ${right}`);
      }),
      { numRuns: 40 },
    );
  });

  it("C28: done in order without a run, or with one hand by the queue, any plan ends the same", async () => {
    const cases = fc.record({
      input: randomPlan(),
      fails: fc.uniqueArray(
        fc.integer({ min: 0, max: 11 }).map((index) => `n${index}`),
        { maxLength: 3 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ input, fails }) => {
        const starts: string[] = [];
        using plans = openPlans(async (input) => {
          starts.push(idOf(input));
          if (fails.includes(idOf(input))) throw new Error("failed on purpose");
          return { id: idOf(input) };
        });
        const queued = await plans.run(input, { mode: "sequential" });
        const byQueue = starts.splice(0);
        const { deps } = plans;
        const inline = await runPlan(deps, input, {}, rootContext("test"));
        assert.deepEqual(starts, byQueue);
        assert.equal(inline.state, queued.state);
        assert.deepEqual([...inline.nodes.values()].map(factsOf), [...queued.nodes.values()].map(factsOf));
        assert.deepEqual([inline.choice.mode, inline.choice.slots], ["sequential", 1]);
      }),
      { numRuns: 40 },
    );
  });

  it("C27: DAG 28: a failure that is to end the plan ends it: nothing that has no place yet starts", async () => {
    for (const uses of [[], ["host:x"]]) {
      const started: string[] = [];
      using plans = openPlans(async (input) => {
        started.push(idOf(input));
        if (idOf(input) === "bad") throw new Error("broken");
        await until("the failure", () => plans.seen.some((event) => event.type === "node-ended"));
      });
      const nodes = ["bad", "b", "c", "d", "e", "f", "g", "h"].map((id) => ({
        ...node(id),
        uses,
        onFailure: "fail" as const,
      }));
      const { state, nodes: ended } = await plans.run(plan(...nodes), { mode: "parallel", slots: 2 });
      assert.equal(state, "failed");
      // The next one has its place at the moment the failed one leaves it.
      assert.ok(started.length <= 3, started.join(" "));
      assert.equal(ended.get("bad")?.state, "dead");
      assert.equal(ended.get("h")?.state, "cancelled");
    }
  });

  it("C24: tries again what may pass, and keeps the last error as its cause", async () => {
    const cause = new NetworkError("down");
    using plans = openPlans(async (input, { attempt }) => {
      if (idOf(input) === "dead" || attempt < 3) throw cause;
      return attempt;
    });
    const { state, nodes } = await plans.run(
      plan(node("late"), node("dead"), node("after", "dead")),
      parallel,
    );
    assert.equal(state, "partial");
    assert.deepEqual([nodes.get("late")?.result, nodes.get("late")?.attempts], [3, 3]);
    assert.deepEqual([nodes.get("dead")?.state, nodes.get("dead")?.attempts], ["dead", 3]);
    assert.equal(nodes.get("dead")?.cause, cause);
    assert.match(nodes.get("after")?.error ?? "", /"dead"/);
  });

  it("C24: ends a node that works for too long, and does not count its wait for a shared resource", async () => {
    using plans = openPlans(async (input) => {
      if (idOf(input) === "hangs") await new Promise(() => {});
    });
    const uses = ["file:x"];
    assert.ok(plans.deps.locks.tryTake(uses));
    const waiting = plans.run(plan({ ...node("waits"), uses }), { ...parallel, timeoutMs: 50 });
    await delay(200);
    plans.deps.locks.release(uses);
    assert.deepEqual(statesOf((await waiting).nodes), { waits: "done" });
    const late = await plans.run(plan({ ...node("hangs"), deadlineMs: 40 }), { ...parallel, run: 2 });
    assert.match(late.nodes.get("hangs")?.error ?? "", /deadline/);
    const long = await plans.run(plan(node("hangs")), { ...parallel, run: 3, timeoutMs: 5 });
    assert.ok(long.nodes.get("hangs")?.cause instanceof TimeoutError);
  });

  it("C28: no more agents reason at once than may, while workers use the other places", async () => {
    const witness = new Witness();
    using plans = openPlans(async (_, { name }) => {
      witness.start(name);
      await turn();
      witness.end(name);
    });
    const thinkers = ["t1", "t2", "t3"].map((id) => ({
      ...node(id),
      role: "analyst",
      priority: "high" as const,
    }));
    const workers = ["w1", "w2", "w3"].map((id) => node(id));
    const options = {
      mode: "parallel",
      slots: 3,
      isReasoning: (role: string) => role === "analyst",
    } as const;
    await plans.run(plan(...thinkers, ...workers), { ...options, agents: 1 });
    assert.equal(witness.most, 3);
    assert.ok(witness.together.every((pair) => pair.filter((name) => name.startsWith("t")).length < 2));
    assert.deepEqual(witness.starts.slice(0, 3), ["t1", "w1", "w2"]);
  });

  it("C27: of what is ready, hands take what has the longest way behind it", async () => {
    const starts: string[] = [];
    using plans = openPlans(async (input) => {
      starts.push(idOf(input));
      await turn();
    });
    const weights = { root: 1, short: 5, long: 1, tail: 50, lone: 20 };
    const nodes = [
      node("lone"),
      node("root"),
      node("short", "root"),
      node("long", "root"),
      node("tail", "long"),
    ];
    const weighed = nodes.map((each) => ({ ...each, weightMs: weights[each.id as keyof typeof weights] }));
    await plans.run(plan(...weighed), { mode: "sequential" });
    assert.deepEqual(starts, ["root", "long", "tail", "lone", "short"]);
  });

  it("C35: shared resources are taken all at once: nodes that want the same ones crosswise never lock each other out", async () => {
    const witness = new Witness();
    using plans = openPlans(async (_, { name }) => {
      witness.start(name);
      await turn();
      witness.end(name);
    });
    const nodes = Array.from({ length: 20 }, (_, index) => ({
      ...node(`n${index}`),
      uses: index % 2 === 0 ? ["file:a", "file:b"] : ["file:b", "file:a"],
    }));
    const runs = [1, 2].map((run) => plans.run(plan(...nodes), { ...parallel, run }));
    assert.deepEqual(
      (await Promise.all(runs)).map(({ state }) => state),
      ["done", "done"],
    );
    assert.equal(witness.most, 1, "over both plans");
  });

  it("C26: refuses what nobody does before anything is done", async () => {
    using plans = openPlans(() => assert.fail("ran"));
    const nodes = [node("a"), { ...node("b"), role: "nobody" }, { ...node("c"), needs: ["wings"] }];
    for (const options of [parallel, { mode: "sequential" } as const])
      await assert.rejects(plans.run(plan(...nodes), options), (error) => {
        assert.ok(error instanceof PlanError);
        assert.match(error.message, /"b" asks for a nobody; "c" asks for a worker that can wings/);
        return true;
      });
    assert.equal(plans.backend.tasks.ofRun(1).length, 0);
    await assert.rejects(runPlan(plans.deps, plan(...nodes), {}, rootContext("test")), PlanError);
  });

  it("counts its nodes on the budget of who asked, and keeps to its own", async () => {
    using plans = openPlans(async (_, { budget }) => budget.spend("steps"));
    const three = plan(node("a"), node("b", "a"), node("c", "b"));
    const budget = new Budget("job", { tasks: 2 });
    const context = rootContext("test", undefined, budget);
    await assert.rejects(runPlan(plans.deps, three, { run: 1, ...parallel }, context), BudgetError);
    assert.equal(plans.backend.tasks.ofRun(1).length, 0);
    const { nodes } = await plans.run({ ...three, budget: { steps: 2 } }, { ...parallel, run: 2 });
    assert.deepEqual(statesOf(nodes), { a: "done", b: "done", c: "dead" });
  });

  it("says what it runs and how each node ended", async () => {
    using plans = openPlans(async (input) => {
      if (idOf(input) === "b") throw new AgentError("worker", "input", parseIssue());
    });
    await plans.run(plan(node("a"), node("b", "a"), node("c", "b")), parallel);
    const told = plans.seen.map((event) =>
      event.type === "node-ended" ? `${event.node} ${event.state}` : event.type,
    );
    // What a failure cancels ends together with it.
    assert.deepEqual(told.slice(0, 2), ["plan-started", "a done"]);
    assert.deepEqual(told.slice(2).toSorted(), ["b dead", "c cancelled"]);
  });
});

describe("going on with a plan", () => {
  it("DAG 29: C27: cut short anywhere and run again, no finished node runs twice and all end the same", async () => {
    const cases = fc.record({
      input: randomPlan(["skip", "continue"]),
      fails: fc.uniqueArray(
        fc.integer({ min: 0, max: 11 }).map((index) => `n${index}`),
        { maxLength: 3 },
      ),
      cuts: fc.array(fc.nat({ max: 8 }), { maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ input, fails, cuts }) => {
        const ended: string[] = [];
        let stop = new AbortController();
        let left = Infinity;
        using plans = openPlans(async (input, { signal }) => {
          if ((left -= 1) < 0) stop.abort(new Error("cut"));
          await turn();
          signal.throwIfAborted();
          ended.push(idOf(input));
          if (fails.includes(idOf(input))) throw new Error("failed on purpose");
          return idOf(input);
        });
        for (const cut of cuts) {
          left = cut;
          stop = new AbortController();
          await plans.run(input, { ...parallel, signal: stop.signal }).catch((error: unknown) => {
            assert.equal(error, stop.signal.reason);
          });
        }
        left = Infinity;
        stop = new AbortController();
        const { nodes } = await plans.run(input, parallel);
        assert.deepEqual(statesOf(nodes), expectedStates(input, new Set(fails)));
        for (const { id, state } of nodes.values()) {
          const times = ended.filter((each) => each === id).length;
          assert.ok(state === "done" ? times === 1 : times <= 1, `${id} ended ${times} times`);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("hands back the abort's reason, gives back what was under way, and can be called off for good", async () => {
    const reason = new Error("stopped");
    const stop = new AbortController();
    using plans = openPlans((_, { signal }) => {
      setImmediate(() => stop.abort(reason));
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    });
    const two = plan(node("a"), node("b", "a"));
    await assert.rejects(plans.run(two, { ...parallel, signal: stop.signal }), (error) => error === reason);
    assert.deepEqual(
      plans.backend.tasks.ofRun(1).map(({ state }) => state),
      ["ready", "blocked"],
    );
    const again = plans.run(two, parallel);
    await until("the second start", () => plans.backend.tasks.counts("plan/1").leased === 1);
    await plans.backend.tasks.cancel({ run: 1 }, "not wanted");
    const { state, nodes } = await again;
    assert.equal(state, "failed");
    assert.deepEqual(statesOf(nodes), { a: "cancelled", b: "cancelled" });
  });

  it("refuses to go on with another plan than the run has begun with, and knows which that was", async () => {
    using plans = openPlans(async () => 1);
    const first = plan(node("a"), { ...node("b", "a"), input: { documents: ["x", "y"] } });
    await plans.run(first, parallel);
    assert.deepEqual((await readPlanRecord(plans.backend.memory, 1))?.plan, parsePlan(first));
    await assert.rejects(plans.run(plan(node("a"), node("b", "a")), parallel), /another plan/);
    const { nodes } = await plans.run(first, { ...parallel, handler: () => assert.fail("ran again") });
    assert.equal(nodes.get("b")?.result, 1);
    assert.equal(plans.seen.filter(({ type }) => type === "node-ended").length, 2);
  });
});

function parseIssue() {
  const parsed = AgentInput.safeParse(1);
  assert.ok(!parsed.success);
  return parsed.error;
}
