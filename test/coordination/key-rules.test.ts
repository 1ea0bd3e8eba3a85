import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { namedMerges } from "../../src/coordination/key-rules.ts";

const numbers = fc.integer({ min: -1_000_000, max: 1_000_000 });
const sets = fc.array(
  fc.oneof(
    fc.constantFrom("a", "b", "c", 1, "1", null),
    fc.dictionary(fc.constantFrom("x", "y"), numbers, { noNullPrototype: true }),
  ),
  { maxLength: 5 },
);
const joins: readonly [keyof typeof namedMerges, fc.Arbitrary<unknown>][] = [
  ["sum", numbers],
  ["max", numbers],
  ["union", sets],
];

describe("merges of shared values", () => {
  for (const [name, value] of joins) {
    const merge = namedMerges[name];
    // What is in memory went through the merge once, when it was the first.
    const first = value.map((each) => merge(undefined, each));

    it(`C18: ${name} gives the same in any order and any grouping`, () => {
      fc.assert(
        fc.property(first, first, first, (left, middle, right) => {
          assert.deepEqual(merge(left, middle), merge(middle, left));
          assert.deepEqual(merge(merge(left, middle), right), merge(left, merge(middle, right)));
        }),
      );
    });

    if (name === "sum") continue;
    it(`C18: ${name} takes the same twice as once`, () => {
      fc.assert(
        fc.property(first, value, (left, added) => {
          const once = merge(left, added);
          assert.deepEqual(merge(once, added), once);
        }),
      );
    });
  }

  it("C18: a union tells equal members by their fields, whatever the order of these", () => {
    assert.deepEqual(namedMerges.union([{ x: 1, y: 2 }], [{ y: 2, x: 1 }]), [{ y: 2, x: 1 }]);
  });
});
