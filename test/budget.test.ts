import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Budget, BudgetError, type Spendable, type Spending, spendables } from "../src/budget.ts";
import { ForagerError } from "../src/errors.ts";

const what = fc.constantFrom<Spendable>(...spendables);
const limits: fc.Arbitrary<Spending> = fc.dictionary(what, fc.integer({ min: 0, max: 20 }));
const actions = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("child" as const), of: fc.nat(), limits }),
    fc.record({ kind: fc.constant("spend" as const), of: fc.nat(), amounts: limits }),
  ),
  { maxLength: 60 },
);

describe("a budget", () => {
  it("C24: a tree of budgets never spends more than any of its limits, and a refused spend leaves no trace", () => {
    const holds = fc.property(limits, actions, (rootLimits, actions) => {
      const tree = [{ budget: new Budget("root", rootLimits), limits: rootLimits, depth: 0 }];
      const spent = () => tree.map(({ budget }) => spendables.map((each) => budget.spent(each)));
      for (const action of actions) {
        const at = tree[action.of % tree.length] ?? assert.fail("the tree has a root");
        const before = spent();
        try {
          if (action.kind === "spend") at.budget.spendAll(action.amounts);
          else if (at.depth < 8)
            tree.push({
              budget: at.budget.child("child", action.limits),
              limits: action.limits,
              depth: at.depth + 1,
            });
        } catch (error) {
          assert.ok(error instanceof BudgetError);
          assert.deepEqual(spent(), before);
        }
        for (const { budget, limits } of tree)
          for (const each of spendables) {
            assert.ok(budget.spent(each) <= (limits[each] ?? Infinity));
            assert.ok(budget.left(each) >= 0);
          }
      }
      const [root] = tree;
      for (const { budget } of tree)
        for (const each of spendables) assert.ok(budget.spent(each) <= (root?.budget.spent(each) ?? 0));
    });
    fc.assert(holds);
  });

  it("bounds fan-out by the tasks of the node that starts them", () => {
    const node = new Budget("run", { tasks: 100 }).child("node", { tasks: 5 });
    for (let i = 0; i < 5; i += 1) node.child(`child ${i}`).spend("tasks");
    assert.throws(() => node.child("one more").spend("tasks"), /node may use 5 tasks/);
  });

  it("refuses work nested too deep", () => {
    let budget = new Budget("root");
    for (let depth = 1; depth <= 8; depth += 1) budget = budget.child(`depth ${depth}`);
    assert.throws(
      () => budget.child("deeper"),
      (error) => error instanceof ForagerError && error.code === "budget",
    );
  });

  it("takes ten cents three times from thirty", () => {
    const budget = new Budget("run", { cost: 0.3 });
    for (let i = 0; i < 3; i += 1) budget.spend("cost", 0.1);
    assert.throws(() => budget.spend("cost", 0.000_1), BudgetError);
  });

  it("puts an estimate right, here and above, and refuses the next when it was too low", () => {
    const run = new Budget("run", { tokens: 100 });
    const call = run.child("call");
    call.spend("tokens", 80);
    call.settle("tokens", -50);
    assert.deepEqual([call.spent("tokens"), run.left("tokens")], [30, 70]);
    call.settle("tokens", 90);
    assert.equal(run.spent("tokens"), 120);
    assert.throws(() => call.spend("tokens", 1), BudgetError);
  });

  for (const amount of [-1, Number.NaN, Infinity])
    it(`takes ${amount} for a mistake of the caller`, () => {
      const budget = new Budget("run", { tokens: 1 });
      assert.throws(() => budget.spend("tokens", amount), RangeError);
      assert.equal(budget.left("tokens"), 1);
    });
});
