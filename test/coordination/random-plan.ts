import fc from "fast-check";
import type { PlanInput } from "../../src/coordination/plans/plan.ts";

/** A node of a plan, and what it waits for. */
export function node(id: string, ...after: string[]): PlanInput["nodes"][number] {
  return { id, role: "worker", input: { id }, after };
}

/** Sound plans of up to a dozen nodes: random edges, policies, urgencies, weights and shared resources, in random order. */
export function randomPlan(
  policies: readonly ("fail" | "skip" | "continue")[] = ["fail", "skip", "continue"],
): fc.Arbitrary<PlanInput> {
  const oneNode = fc.record({
    edges: fc.array(fc.nat({ max: 11 }), { maxLength: 3 }),
    onFailure: fc.constantFrom(...policies),
    priority: fc.constantFrom("critical" as const, "normal" as const, "normal" as const, "low" as const),
    weightMs: fc.integer({ min: 0, max: 50 }),
    uses: fc.uniqueArray(fc.constantFrom("host:a", "host:b", "file:c"), { maxLength: 2 }),
    at: fc.nat(),
  });
  return fc.array(oneNode, { minLength: 1, maxLength: 12 }).map((drawn) => {
    const nodes = drawn.map(({ edges, at, ...rest }, index) => ({
      at,
      node: {
        ...rest,
        id: `n${index}`,
        role: "worker",
        input: { id: `n${index}` },
        // Only towards earlier ones, so that there is no circle.
        after: index === 0 ? [] : [...new Set(edges.map((edge) => `n${edge % index}`))],
      },
    }));
    return { goal: "random", nodes: nodes.toSorted((a, b) => a.at - b.at).map(({ node }) => node) };
  });
}
