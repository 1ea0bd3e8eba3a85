import { z } from "zod";
import { spendables } from "../../budget.ts";
import { PlanError, priorities } from "../tasks.ts";
import { fuseMethods } from "./fuse-results.ts";
import { problemsOf } from "./plan-graph.ts";

/** Nodes of one plan: twice the largest of the levels in complexity.ts. More work than that belongs into a node's input. */
export const mostNodes = 200;

const nodeId = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, "an id is 1 to 64 letters, digits, dots, dashes and underscores");
const sharedName = z
  .string()
  .max(200)
  .regex(/^[a-z]+:\S+$/, 'a shared resource is written as "host:docs.example" or "file:report.md"');

/** One piece of work of a plan. */
export const PlanNode = z.strictObject({
  id: nodeId.describe("Unique in the plan"),
  role: z.string().min(1).max(64).describe("Who does it"),
  input: z.json().describe("What that role takes: small, references instead of contents"),
  after: z.array(nodeId).max(mostNodes).default([]).describe("Ids of nodes that must have ended first"),
  needs: z
    .array(z.string().min(1).max(64))
    .max(16)
    .default([])
    .describe("What its worker must be able to do"),
  priority: z.enum(priorities).default("normal").describe("Most urgent first"),
  onFailure: z
    .enum(["fail", "skip", "continue"])
    .default("skip")
    .describe("When it fails: end the plan, skip what waits for it, or go on without its result"),
  weightMs: z.number().min(0).max(86_400_000).optional().describe("How long it will take, if that is known"),
  uses: z.array(sharedName).max(16).default([]).describe("What no two nodes may use at the same time"),
  deadlineMs: z.int().min(1).max(86_400_000).optional().describe("From the start of the plan to its end"),
});
export type PlanNode = Readonly<z.output<typeof PlanNode>>;

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
