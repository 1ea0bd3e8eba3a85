import { PlanError } from "../tasks.ts";
import type { Plan } from "./plan.ts";

/** How much a goal asks for; "trivial" is one agent and no plan. */
export const levels = ["trivial", "simple", "medium", "complex", "massive"] as const;
export type Level = (typeof levels)[number];

/** What a goal of a level gets at most. */
export interface Limits {
  readonly nodes: number;
  /** Nodes under way at once, whoever works on them. */
  readonly slots: number;
  /** Of these, agents that think with a language model: they cost some fifteen times the tokens of a chat. */
  readonly agents: number;
  readonly timeMs: number;
}

/**
 * Nodes, slots and time are the table of the seeds' 50-agent system, as upper bounds; reasoning agents are 1 by default,
 * 4 for parallel work, 5 at most.
 * @see Anthropic, "How we built our multi-agent research system", 2025: 1 agent for a fact, 2 to 4 for a comparison.
 */
export const limitsOf: Readonly<Record<Level, Limits>> = {
  trivial: { nodes: 1, slots: 1, agents: 1, timeMs: 30_000 },
  simple: { nodes: 5, slots: 2, agents: 1, timeMs: 30_000 },
  medium: { nodes: 20, slots: 10, agents: 3, timeMs: 120_000 },
  complex: { nodes: 50, slots: 25, agents: 4, timeMs: 300_000 },
  massive: { nodes: 100, slots: 50, agents: 5, timeMs: 600_000 },
};

/** What is known of a goal beside its words. */
export interface Known {
  /** Things it asks for, each on its own. */
  readonly parts?: number;
  /** Sites it names. */
  readonly sources?: number;
  /** Documents or addresses to go through. */
  readonly items?: number;
}

export interface Complexity {
  /** From 0 to 1. */
  readonly score: number;
  readonly level: Level;
  readonly limits: Limits;
}

/** Words that ask for more than looking something up. */
const analysing =
  /\b(?:compare|comparison|versus|vs|analy[sz]e|evaluate|assess|trade-?offs?|pros and cons|summari[sz]e|research|investigate|why|vergleiche|warum|analysiere|bewerte)\b/gi;

/** One thing in 1, five things with the one that joins them in .33, twenty in .55, fifty in .72, two hundred in .97. */
const perTenfold = 0.42;

/** How much a question or a goal asks for, by rules: how many things it goes through, and what it wants done with them. */
export function assessComplexity(goal: string, known: Known = {}): Complexity {
  const questions = goal.match(/\?(?=\s|$)/g)?.length ?? 0;
  const addresses = goal.match(/\bhttps?:\/\/\S+/gi)?.length ?? 0;
  const words = goal.match(/[\p{L}\p{N}]+/gu)?.length ?? 0;
  const fan = Math.max(known.parts ?? 0, questions, known.sources ?? 0, addresses, known.items ?? 0);
  const breadth = fan > 1 ? perTenfold * Math.log10(fan + 1) : 0;
  const depth = 0.1 * Math.min(3, goal.match(analysing)?.length ?? 0);
  const length = Math.min(0.1, words / 500);
  const score = Math.min(1, breadth + depth + length);
  const level = levelOf(score, words, fan + depth);
  return { score, level, limits: limitsOf[level] };
}

/** @throws {PlanError} When a plan is larger than what it is for deserves. */
export function checkSize(plan: Plan, { level, limits }: Complexity): void {
  if (plan.nodes.length > limits.nodes)
    throw new PlanError(
      `The plan has ${plan.nodes.length} nodes, and a ${level} goal gets ${limits.nodes} at most. Put several pieces of work into one node, or ask for more.`,
    );
}

function levelOf(score: number, words: number, asked: number): Level {
  // "Hello", a word looked up: nothing to share out.
  if (words <= 3 && asked === 0) return "trivial";
  if (score < 0.3) return "simple";
  if (score < 0.7) return "medium";
  return score < 0.9 ? "complex" : "massive";
}
