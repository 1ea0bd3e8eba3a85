import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assessComplexity, checkSize, levels, limitsOf } from "../../src/coordination/plans/complexity.ts";
import { chooseMode } from "../../src/coordination/plans/parallelism.ts";
import { type PlanInput, parsePlan } from "../../src/coordination/plans/plan.ts";
import { wavesOf } from "../../src/coordination/plans/plan-graph.ts";
import {
  answerPlan,
  byLayer,
  byPart,
  byPhase,
  bySource,
  crawlPlan,
  fanOut,
  microtasks,
  planByTemplate,
} from "../../src/coordination/plans/templates.ts";
import { PlanError } from "../../src/coordination/tasks.ts";
import { node } from "./random-plan.ts";

const plan = (...nodes: PlanInput["nodes"]) => parsePlan({ goal: "g", nodes });
const eachTakes = (ms: number) => () => ms;
const four = plan(node("a"), node("b"), node("c"), node("d"));
const diamond = plan(node("a"), node("b", "a"), node("c", "a"), node("d", "b", "c"), node("e", "d"));

const step = (role: string) => ({ role, input: {} });
const isReasoning = (role: string) => role === "analyst";
const reasoning = (count: number) =>
  fanOut(
    "g",
    Array.from({ length: count }, () => ({ role: "analyst", input: {} })),
  );
const agents = (count: number, more: object = {}) =>
  chooseMode(reasoning(count), eachTakes(60_000), { isReasoning, ...more }).agents;

describe("choice of mode", () => {
  const cases = [
    ["fewer than 3 nodes", plan(node("a"), node("b")), 60_000, "sequential", 1],
    ["less than 5 s of work", four, 1_200, "sequential", 1],
    ["a chain", plan(node("a"), node("b", "a"), node("c", "b")), 60_000, "sequential", 1],
    [
      "nodes that share a host",
      plan(...["a", "b", "c"].map((id) => ({ ...node(id), uses: ["host:x"] }))),
      60_000,
      "sequential",
      1,
    ],
    ["two fifths side by side", diamond, 10_000, "hybrid", 2],
    ["four independent nodes", four, 1_250, "parallel", 4],
    ["a fan of nine", plan(..."abcdefghi".split("").map((id) => node(id))), 60_000, "parallel", 4],
  ] as const;
  for (const [what, plan, ms, mode, slots] of cases)
    it(`C28: ${what}: ${mode}, ${slots} at once`, () => {
      const choice = chooseMode(plan, eachTakes(ms));
      assert.deepEqual([choice.mode, choice.slots], [mode, slots], choice.why);
    });

  it("C28: takes no more places than the plan can fill, and as many as are asked for", () => {
    assert.equal(chooseMode(four, eachTakes(60_000), { slots: 30 }).slots, 4);
    const wide = fanOut(
      "g",
      Array.from({ length: 60 }, () => ({ role: "fetch", input: {} })),
    );
    assert.equal(chooseMode(wide, eachTakes(60_000), { slots: 30 }).slots, 30);
  });

  it("C28: R1: one reasoning agent by default, three or four for parallel work, five at most unless asked", () => {
    assert.deepEqual(
      [1, 3, 9, 40].map((count) => agents(count)),
      [1, 3, 3, 4],
    );
    const massive = assessComplexity("g", { items: 500 });
    assert.equal(agents(40, { complexity: massive }), 5);
    assert.equal(agents(40, { complexity: assessComplexity("Who is it?") }), 1);
    assert.equal(agents(40, { agents: 8 }), 8);
    assert.equal(agents(40, { isReasoning: () => false }), 1, "workers are no reasoning agents");
  });

  it("C28: a mode that is asked for is taken, whatever the rules say", () => {
    assert.equal(chooseMode(four, eachTakes(60_000), { mode: "sequential" }).slots, 1);
    const choice = chooseMode(four, eachTakes(1), { mode: "parallel" });
    assert.deepEqual([choice.mode, choice.slots, choice.why], ["parallel", 4, "as asked"]);
  });
});

describe("complexity", () => {
  const cases = [
    ["Hello", {}, "trivial"],
    ["Thanks!", {}, "trivial"],
    ["Which port does it listen on by default?", {}, "simple"],
    ["Read https://a.example/1, https://b.example/2 and https://c.example/3", {}, "simple"],
    ["Compare the retry policies of eight queues", { parts: 8 }, "medium"],
    ["Summarise the manual", { items: 50 }, "complex"],
    ["Compare all vendors' prices", { items: 400 }, "massive"],
  ] as const;
  for (const [goal, known, level] of cases)
    it(`C26: "${goal}" ${JSON.stringify(known)} is ${level}`, () => {
      const { score, level: found } = assessComplexity(goal, known);
      assert.equal(found, level, `score ${score}`);
      assert.ok(score >= 0 && score <= 1);
    });

  it('C28: "Hello" gets one agent and no plan, and every level more than the one below', () => {
    assert.deepEqual(assessComplexity("Hello").limits, { nodes: 1, slots: 1, agents: 1, timeMs: 30_000 });
    const table = levels.map((level) => limitsOf[level]);
    for (const [index, limits] of table.slice(1).entries())
      for (const key of ["nodes", "slots", "agents", "timeMs"] as const)
        assert.ok(limits[key] >= (table[index]?.[key] ?? 0));
  });

  it("C26: refuses a plan that is larger than its goal deserves", () => {
    checkSize(four, assessComplexity("Which port is it?"));
    assert.throws(() => checkSize(four, assessComplexity("Hello")), PlanError);
  });

  it("C28: a crawl of three addresses runs inline", () => {
    const hosts = ["a.example", "b.example", "c.example"];
    const crawl = bySource("crawl", hosts, (host) => ({ role: "fetch", input: { host } }));
    assert.equal(chooseMode(crawl, eachTakes(400)).mode, "sequential");
  });
});

describe("plan templates", () => {
  it("C26: by source: sites side by side, each host held by one node, one that fails left out", () => {
    const { nodes } = bySource(
      "g",
      ["a.example", "b.example"],
      (host) => ({ role: "fetch", input: { host } }),
      step("join"),
    );
    assert.deepEqual(wavesOf(nodes), [["source-1", "source-2"], ["join"]]);
    assert.deepEqual(nodes.map(({ uses, onFailure }) => [uses[0], onFailure]).slice(0, 2), [
      ["host:a.example", "continue"],
      ["host:b.example", "continue"],
    ]);
  });

  it("C26: by part of the question", () => {
    const { goal, nodes } = byPart("a and b?", ["a?", "b?"], (question) => ({
      role: "answer",
      input: { question },
    }));
    assert.equal(goal, "a and b?");
    assert.deepEqual(wavesOf(nodes), [["part-1", "part-2"]]);
  });

  it("C26: by layer: an item is analysed while another is still retrieved", () => {
    const layers = ["retrieve", "extract", "analyse"].map((role) => (url: string) => ({
      role,
      input: { url },
    }));
    const { nodes } = byLayer("g", ["u1", "u2"], layers, step("synthesise"));
    assert.deepEqual(wavesOf(nodes), [
      ["item-1.1", "item-2.1"],
      ["item-1.2", "item-2.2"],
      ["item-1.3", "item-2.3"],
      ["join"],
    ]);
    assert.deepEqual(nodes.find(({ id }) => id === "item-2.2")?.after, ["item-2.1"]);
  });

  it("C26: by phase: all of a phase before any of the next", () => {
    const { nodes } = byPhase("g", [[step("analyse"), step("analyse")], [step("do")], [step("validate")]]);
    assert.deepEqual(wavesOf(nodes), [["phase-1.1", "phase-1.2"], ["phase-2.1"], ["phase-3.1"]]);
    assert.deepEqual(nodes.find(({ id }) => id === "phase-2.1")?.after, ["phase-1.1", "phase-1.2"]);
  });

  it("C27: the seeds' canonical plan: two chains side by side, synthesised, validated", () => {
    assert.deepEqual(wavesOf(answerPlan("why?").nodes), [
      ["retrieve", "embed"],
      ["extract", "search"],
      ["analyse", "rank"],
      ["synthesise"],
      ["validate"],
    ]);
  });

  it("C26: a crawl: sitemaps beside pages, then what is left is settled, then vectors", () => {
    const { nodes } = crawlPlan("crawl", ["https://a.example"]);
    assert.deepEqual(wavesOf(nodes), [["sitemaps-1", "pages"], ["settle"], ["vectors"]]);
    const many = crawlPlan(
      "crawl",
      Array.from({ length: 1_000 }, (_, index) => `https://${index}.example`),
    );
    assert.equal(many.nodes.length, 7);
  });

  for (const [count, groups] of [
    [1, 1],
    [20, 20],
    [49, 49],
    [50, 49],
    [1_000, 49],
  ] as const)
    it(`C26: ${count} documents become ${groups} microtasks of nearly equal size and one that joins them`, () => {
      const documents = Array.from({ length: count }, (_, index) => index);
      const { nodes } = microtasks(
        "g",
        documents,
        (items) => ({ role: "read", input: [...items] }),
        step("join"),
      );
      const inputs = nodes.slice(0, -1).map(({ input }) => input as number[]);
      assert.equal(inputs.length, groups);
      assert.deepEqual(inputs.flat(), documents);
      const sizes = inputs.map(({ length }) => length);
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
      assert.equal(nodes.at(-1)?.after.length, groups);
    });

  it("C26: rules come before models: the first template that fits, and none for what cannot be split", () => {
    const roles = { worker: "researcher", join: "synthesiser" };
    const ids = (known: object) => planByTemplate({ goal: "g", ...known }, roles)?.nodes.map(({ id }) => id);
    assert.deepEqual(ids({ documents: ["a", "b"] }), ["part-1", "part-2", "join"]);
    assert.deepEqual(ids({ hosts: ["a.example", "b.example"] }), ["source-1", "source-2", "join"]);
    assert.deepEqual(ids({ parts: ["a?", "b?"] }), ["part-1", "part-2", "join"]);
    assert.equal(ids({ parts: ["a?"] }), undefined);
  });
});
