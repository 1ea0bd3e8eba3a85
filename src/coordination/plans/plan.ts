import { z } from "zod";
import { spendables } from "../../budget.ts";
import { PlanError } from "../tasks.ts";
import { fuseMethods } from "./fuse-results.ts";
import { problemsOf } from "./plan-graph.ts";
import { mostNodes, PlanNode } from "./plan-node.ts";

/** What is to be done and what has to wait for what: checked data, whether a rule or a model has written it. */
export const Plan = z.strictObject({
  goal: z.string().min(1).max(4_000).describe("What all of it is for"),
  nodes: z.array(PlanNode).min(1).max(mostNodes),
  fuse: z.enum(fuseMethods).optional().describe("How the results of the last nodes become one"),
  budget: z
    .partialRecord(z.enum(spendables), z.number().min(0))
    .optional()
    .describe("What all nodes together may use up"),
});
export type Plan = Readonly<z.output<typeof Plan>>;
export type PlanInput = z.input<typeof Plan>;

/**
 * A plan that can be run.
 * @throws {PlanError} Naming everything that is wrong with it: fields, ids given twice, unknown ids, circles with their way round.
 */
export function parsePlan(value: unknown): Plan {
  const parsed = Plan.safeParse(value);
  if (!parsed.success) {
    const issues = parsed.error.issues.slice(0, 10);
    throw new PlanError(
      `The plan does not fit its schema: ${issues.map((issue) => `${issue.path.join(".") || "plan"}: ${issue.message}`).join("; ")}.`,
    );
  }
  const problems = problemsOf(parsed.data.nodes);
  if (problems.length > 0) throw new PlanError(`The plan cannot be run: ${problems.join("; ")}.`);
  return parsed.data;
}

/** What to tell a model whose plan was refused; it gets one more try. */
export function planRepairHint(error: PlanError): string {
  return [
    error.message,
    "Send the whole plan again, as one JSON object that fits the schema and nothing else.",
    `Give each of the 1 to ${mostNodes} nodes an id of its own; "after" holds ids of other nodes of this plan; nothing may wait for itself, not by way of others either.`,
  ].join("\n");
}
