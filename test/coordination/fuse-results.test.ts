import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Finding, fuseFindings, fuseMethods } from "../../src/coordination/plans/fuse-results.ts";
import { openPlans } from "./open-plans.ts";

const found = (value: Finding["value"], confidence: number): Finding => ({ value, confidence });
const validator = (id: string) => ({ id, role: "validator", input: {} });
const findings = fc.array(
  fc.record({
    value: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom("a", "b")),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { maxLength: 6 },
);

describe("fusing what agents found", () => {
  it("C43: validators vote, and the value that most confidence stands behind wins, whoever was surest", () => {
    const votes = [found("12 MHz", 0.6), found("14 MHz", 0.9), found("12 MHz", 0.7)];
    const { value, share, confidence, candidates } = fuseFindings(votes, "consensus");
    assert.equal(value, "12 MHz");
    assert.ok(Math.abs(share - 1.3 / 2.2) < 1e-9);
    assert.ok(Math.abs(confidence - (1 - 0.4 * 0.3) * (1.3 / 2.2)) < 1e-9);
    assert.deepEqual(
      candidates.map(({ value, votes }) => [value, votes]),
      [
        ["12 MHz", 2],
        ["14 MHz", 1],
      ],
    );
    assert.equal(fuseFindings(votes, "best-confidence").value, "14 MHz");
  });

  it("C43: a vote without a majority decides nothing, and shows every side", () => {
    const { value, confidence, candidates } = fuseFindings([found("a", 0.8), found("b", 0.8)], "consensus");
    assert.deepEqual([value, confidence, candidates.length], [undefined, 0, 2]);
  });

  const cases: readonly [string, Finding[], unknown][] = [
    ["numbers that differ are averaged by confidence", [found(10, 0.4), found(20, 0.3), found(30, 0.3)], 19],
    ["a majority outranks the average", [found(10, 0.5), found(10, 0.5), found(99, 0.4)], 10],
    ["words without a majority: the surest", [found("a", 0.4), found("b", 0.5), found("c", 0.3)], "b"],
    [
      "equal structures are one value",
      [found({ a: [1] }, 0.4), found({ a: [1] }, 0.4), found("x", 0.7)],
      { a: [1] },
    ],
    ["nothing found", [], undefined],
  ];
  for (const [what, given, value] of cases)
    it(`hybrid: ${what}`, () => assert.deepEqual(fuseFindings(given, "hybrid").value, value));

  it("is never surer than what it was given, and loses no candidate", () => {
    fc.assert(
      fc.property(findings, fc.constantFrom(...fuseMethods), (given, method) => {
        const fused = fuseFindings(given, method);
        assert.ok(
          fused.confidence >= 0 && fused.confidence <= 1 && fused.share >= 0 && fused.share <= 1 + 1e-9,
        );
        assert.equal(
          fused.candidates.reduce((sum, { votes }) => sum + votes, 0),
          given.length,
        );
        if (method === "best-confidence" && given.length > 0 && fused.value !== undefined)
          assert.equal(fused.confidence, Math.max(...given.map(({ confidence }) => confidence)));
      }),
    );
  });

  it("C43: a plan says how the findings of its last nodes become one", async () => {
    const said: Record<string, Finding> = {
      one: found("yes", 0.7),
      two: found("no", 0.6),
      three: found("yes", 0.5),
    };
    using plans = openPlans(async (_, { name }) => said[name] ?? "no finding");
    const outcome = await plans.run({
      goal: "Is it sold abroad?",
      fuse: "consensus",
      nodes: ["one", "two", "three", "mute"].map(validator),
    });
    assert.equal(outcome.fused?.value, "yes");
    assert.equal(outcome.fused.candidates.length, 2);
  });
});
