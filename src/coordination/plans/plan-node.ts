import { z } from "zod";
import { priorities } from "../new-task.ts";

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
