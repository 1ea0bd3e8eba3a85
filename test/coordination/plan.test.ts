import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { measurePaths, predict, rankNodes } from "../../src/coordination/plans/critical-path.ts";
import { mostNodes } from "../../src/coordination/plans/plan-node.ts";
import { type PlanInput, parsePlan, planRepairHint } from "../../src/coordination/plans/plan.ts";
import { inOrder, wavesOf } from "../../src/coordination/plans/plan-graph.ts";
import { measureSpeedUp } from "../../src/coordination/plans/speed-up.ts";
import { PlanError } from "../../src/coordination/tasks.ts";
import { node, randomPlan } from "./random-plan.ts";

const noEstimate = () => undefined;

function order(plan: PlanInput): string[] {
  const parsed = parsePlan(plan);
  return rankNodes(parsed, measurePaths(parsed, noEstimate)).map(({ node }) => node.id);
}

function refusal(plan: unknown): string {
  try {
    parsePlan(plan);
  } catch (error) {
    assert.ok(error instanceof PlanError, String(error));
    return error.message;
  }
  return assert.fail("the plan was taken");
}

describe("plan", () => {
  it("C26: fills in what a plan leaves out, and refuses what it does not know", () => {
    const plan = parsePlan({ goal: "g", nodes: [{ id: "a", role: "researcher", input: { url: "u" } }] });
    assert.deepEqual(plan.nodes[0], {
      id: "a",
      role: "researcher",
      input: { url: "u" },
      after: [],
      needs: [],
      priority: "normal",
      onFailure: "skip",
      uses: [],
    });
    assert.match(refusal({ goal: "g", nodes: [{ ...node("a"), color: "red" }] }), /nodes\.0.*color/);
    assert.match(refusal({ goal: "g", nodes: [{ ...node("a"), input: () => 1 }] }), /nodes\.0\.input/);
    assert.match(refusal({ goal: "g", nodes: [] }), /nodes/);
    assert.match(refusal("plan"), /plan: /);
  });

  const unsafe = ["", "a/b", "a:b", "../a", ".a", "a b", "x".repeat(65), "ä"];
  for (const id of unsafe)
    it(`refuses the id ${JSON.stringify(id)}`, () => {
      assert.match(refusal({ goal: "g", nodes: [node(id)] }), /nodes\.0\.id/);
    });

  it(`takes ${mostNodes} nodes and not one more`, () => {
    const nodes = Array.from({ length: mostNodes + 1 }, (_, index) => node(`n${index}`));
    assert.equal(parsePlan({ goal: "g", nodes: nodes.slice(1) }).nodes.length, mostNodes);
    assert.match(refusal({ goal: "g", nodes }), /nodes/);
  });

  it("DAG 27: C35: a circle is refused with its way round, an unknown id and a double one by name", () => {
    const circle = [node("start"), node("a", "start", "c"), node("b", "a"), node("c", "b")];
    assert.match(refusal({ goal: "g", nodes: circle }), /circle: a -> c -> b -> a\./);
    assert.match(refusal({ goal: "g", nodes: [node("a", "zz")] }), /"a" waits for "zz", which is not/);
    assert.match(refusal({ goal: "g", nodes: [node("a", "a")] }), /"a" waits for itself/);
    const both = refusal({ goal: "g", nodes: [node("a"), node("a", "b")] });
    assert.match(both, /two nodes are called "a"/);
    assert.match(both, /"b", which is not/);
  });

  it("C35: finds a circle in any plan that has one, and only there", () => {
    const holds = fc.property(randomPlan(), fc.nat(), fc.nat(), (plan, from, to) => {
      const earlier = plan.nodes[from % plan.nodes.length];
      const later = plan.nodes[to % plan.nodes.length];
      assert.ok(earlier && later);
      const reaches = (id: string): boolean =>
        id === earlier.id || plan.nodes.some((each) => each.id === id && (each.after ?? []).some(reaches));
      const nodes = plan.nodes.map((each) =>
        each === earlier ? { ...each, after: [...(each.after ?? []), later.id] } : each,
      );
      if (reaches(later.id)) {
        const message = refusal({ goal: "g", nodes });
        const way = /circle: (.*)\.$/.exec(message)?.[1]?.split(" -> ");
        if (earlier === later) return assert.match(message, /waits for itself/);
        assert.ok(way && way.length > 2 && way[0] === way.at(-1), message);
        for (const [index, id] of way.slice(0, -1).entries())
          assert.ok(nodes.find((each) => each.id === id)?.after?.includes(way[index + 1] ?? ""), message);
      } else parsePlan({ goal: "g", nodes });
    });
    fc.assert(holds);
  });

  it("tells a model whose plan was refused what was wrong and what to send", () => {
    const hint = planRepairHint(new PlanError("Problem."));
    assert.match(hint, /^Problem\.\n.*one JSON object[^]*1 to 200 nodes/);
  });
});

describe("critical path", () => {
  const diamond: PlanInput = {
    goal: "g",
    nodes: [
      { ...node("join", "short", "long"), weightMs: 10 },
      { ...node("short", "start"), weightMs: 20 },
      { ...node("long", "start"), weightMs: 50 },
      { ...node("start"), weightMs: 5 },
    ],
  };

  it("C27: is the longest chain, by a plan's own weights and else by estimates", () => {
    const paths = measurePaths(parsePlan(diamond), noEstimate);
    assert.deepEqual(paths.criticalPath, ["start", "long", "join"]);
    assert.deepEqual([paths.totalMs, paths.criticalMs], [85, 65]);
    assert.equal(paths.remainingMs.get("short"), 30);
    const chain = parsePlan({ goal: "g", nodes: [node("a"), node("b", "a")] });
    assert.equal(measurePaths(chain, ({ id }) => (id === "a" ? 7 : undefined)).totalMs, 1_007);
  });

  it("C27: hands take the node with the longest way behind it, the urgent and what they wait for first", () => {
    assert.deepEqual(order(diamond), ["start", "long", "short", "join"]);
    const urgent = diamond.nodes.map((each) =>
      each.id === "short" ? { ...each, priority: "high" as const } : each,
    );
    assert.deepEqual(order({ goal: "g", nodes: urgent }), ["start", "short", "long", "join"]);
  });

  it("R10: waves are a drawing of the longest chains", () => {
    assert.deepEqual(wavesOf(parsePlan(diamond).nodes), [["start"], ["short", "long"], ["join"]]);
  });

  it("keeps every node behind what it waits for, whatever the weights", () => {
    const holds = fc.property(randomPlan(), (input) => {
      const plan = parsePlan(input);
      for (const ordered of [
        inOrder(plan.nodes),
        rankNodes(plan, measurePaths(plan, noEstimate)).map(({ node }) => node),
      ]) {
        const seen = new Set<string>();
        for (const { id, after } of ordered) {
          assert.ok(after.every((other) => seen.has(other)));
          seen.add(id);
        }
        assert.equal(seen.size, plan.nodes.length);
      }
    });
    fc.assert(holds);
  });

  it("C29: predicts a time between the bounds of Graham and Brent, and less the more is done", () => {
    const holds = fc.property(randomPlan(), fc.integer({ min: 1, max: 5 }), (input, slots) => {
      const plan = parsePlan({ ...input, nodes: input.nodes.map((each) => ({ ...each, uses: [] })) });
      const paths = measurePaths(plan, noEstimate);
      const { ms, most } = predict(plan, paths, slots);
      assert.ok(most <= slots);
      assert.ok(ms >= Math.max(paths.criticalMs, paths.totalMs / slots) - 1e-6);
      assert.ok(ms <= paths.totalMs / slots + paths.criticalMs + 1e-6);
      assert.ok(predict(plan, paths, 1).ms >= ms - 1e-6);
      const all = { ended: new Set(plan.nodes.map(({ id }) => id)), elapsedMs: new Map() };
      assert.deepEqual(predict(plan, paths, slots, all), { ms: 0, most: 0 });
    });
    fc.assert(holds);
  });

  it("predicts that nodes with a common resource go one after the other", () => {
    const nodes = ["a", "b", "c"].map((id) => ({ ...node(id), weightMs: 10, uses: ["host:x"] }));
    const plan = parsePlan({ goal: "g", nodes });
    assert.deepEqual(predict(plan, measurePaths(plan, noEstimate), 3), { ms: 30, most: 1 });
    const progress = { ended: new Set(["a"]), elapsedMs: new Map([["b", 4]]) };
    assert.equal(predict(plan, measurePaths(plan, noEstimate), 3, progress).ms, 16);
  });

  it("C30: R17: the speed-up that was measured stands beside the most that was possible", () => {
    const plan = parsePlan(diamond);
    const nodeMs = new Map([
      ["start", 5],
      ["short", 20],
      ["long", 50],
      ["join", 10],
    ]);
    const { speedUp, bound, efficiency } = measureSpeedUp(plan, { sequentialMs: 85, wallMs: 70, nodeMs }, 2);
    assert.deepEqual(
      [speedUp, bound, efficiency].map((value) => Number(value.toFixed(3))),
      [1.214, 1.308, 0.607],
    );
    assert.equal(measureSpeedUp(plan, { sequentialMs: 85, wallMs: 85, nodeMs }, 1).bound, 1);
    assert.equal(measureSpeedUp(plan, { sequentialMs: 0, wallMs: 0, nodeMs: new Map() }, 1).speedUp, 1);
  });
});
