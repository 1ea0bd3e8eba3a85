import { z } from "zod";
import type { RunContext } from "../context.ts";
import type { Agent } from "../coordination/agent.ts";
import { runWithin } from "../deadline.ts";
import { ForagerError, TimeoutError, messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import { standaloneQuestion } from "../rag/answering/follow-up.ts";
import type { ChatModel } from "./chat-model.ts";
import { markData } from "./prompt-data.ts";
import { fillPrompt } from "./prompt.ts";

/** More parts than this cost more than they find. */
const mostParts = 4;
/** Paraphrases of a part, and what each counts beside the part itself. */
const mostParaphrases = 2;
const paraphraseWeight = 0.4;
/** Whoever asks waits for the plan before anything is looked up. */
const planningMs = 10_000;
/** Of a conversation, what a follow-up may still lean on. */
const latestTurns = 5;
const mostAnswerCharacters = 600;
/** Longer than any question. */
export const mostQuestionCharacters = 4_000;

/** A question that was asked before, and what was answered. */
export const Turn = z.strictObject({ question: z.string(), answer: z.string() });
/** A question that was asked before, and what was answered. */
export type Turn = Readonly<z.output<typeof Turn>>;

const Question = z.strictObject({
  question: z.string().min(1).max(mostQuestionCharacters),
  /** The conversation before it, oldest first. */
  history: z.array(Turn).readonly().optional(),
});
const Wording = z.strictObject({ text: z.string().min(1), weight: z.number().min(0).max(1) });
export const QuestionPlan = z.strictObject({
  /** What is looked up, each on its own; the question itself when it asks for one thing. */
  parts: z.array(z.string().min(1)).min(1).max(mostParts),
  /** For each part, other words for it. */
  wordings: z.array(z.array(Wording)).optional(),
  /** What a reader should know: how a follow-up was understood, that a model failed. */
  notes: z.array(z.string()).optional(),
});
export type QuestionPlan = z.output<typeof QuestionPlan>;

/** What a model is to give. */
const Planned = z.strictObject({
  parts: z
    .array(
      z.strictObject({
        question: z.string().min(1).max(mostQuestionCharacters),
        paraphrases: z.array(z.string().max(mostQuestionCharacters)).default([]),
      }),
    )
    .min(1)
    .max(mostParts),
});

/** Makes a follow-up whole, splits a question into what can be looked up on its own and words it anew: by a model where there is one that answers, else by rules. */
export function createQuestionPlanner(deps: {
  readonly model: ChatModel | undefined;
  readonly log: Log;
}): Agent<z.input<typeof Question>, QuestionPlan> {
  const { model, log } = deps;
  return {
    role: "planner",
    input: Question,
    output: QuestionPlan,
    async run({ question, history = [] }, context) {
      const turns = history.slice(-latestTurns);
      const byRules = () => splitQuestion(turns.length > 0 ? standaloneQuestion(question, turns) : question);
      if (!model) return withNotes(question, turns, { parts: byRules() });
      try {
        return withNotes(question, turns, await planBy(model, question, turns, context));
      } catch (error) {
        context.signal.throwIfAborted();
        if (!(error instanceof ForagerError)) throw error;
        log.warn("the model failed; the question is split by rules", {
          model: model.name,
          error: messageOf(error),
        });
        const note = "The chat model failed to plan the question; rules did, without paraphrases.";
        return withNotes(question, turns, { parts: byRules(), notes: [note] });
      }
    },
  };
}

async function planBy(
  model: ChatModel,
  question: string,
  turns: readonly Turn[],
  context: RunContext,
): Promise<QuestionPlan> {
  const { mark, data } = markData([
    ...turns.flatMap(({ question, answer }, index) => [
      { name: `earlier question ${index + 1}`, text: question },
      { name: `earlier answer ${index + 1}`, text: answer.slice(0, mostAnswerCharacters) },
    ]),
    { name: "question", text: question },
  ]);
  const rules = fillPrompt("plan-question", { mark, most: mostParts });
  const limit = {
    timeoutMs: planningMs,
    trace: `${context.trace}/plan`,
    reason: () => new TimeoutError("Planning the question", planningMs),
  };
  const planned = await runWithin(context, limit, (context) => model.ask({ rules, data }, Planned, context));
  // The same part twice would be answered once.
  const parts = [...new Map(planned.parts.map((part) => [part.question.trim(), part])).values()];
  return {
    parts: parts.map((part) => part.question),
    wordings: parts.map(({ question, paraphrases }) =>
      [...new Set(paraphrases.map((text) => text.trim()))]
        .filter((text) => text !== "" && text !== question)
        .slice(0, mostParaphrases)
        .map((text) => ({ text, weight: paraphraseWeight })),
    ),
  };
}

/** Says how a follow-up was understood, where that is not what was asked. */
function withNotes(question: string, turns: readonly Turn[], plan: QuestionPlan): QuestionPlan {
  const understood = plan.parts.join(" ");
  const isAsAsked = turns.length === 0 || understood === splitQuestion(question).join(" ");
  const notes = [...(isAsAsked ? [] : [`Understood as: ${understood}`]), ...(plan.notes ?? [])];
  return notes.length > 0 ? { ...plan, notes } : plan;
}

/** A question's parts by its own marks: several question marks, or "and" before a question word. */
export function splitQuestion(question: string): string[] {
  const whole = question.trim();
  const parts = whole
    .split(/(?<=\?)\s+|,?\s+and\s+(?=(?:how|what|when|where|who|why|which)\b)/i)
    .map((part) => part.trim())
    .filter((part) => part.split(/\s+/).length >= 3);
  return parts.length > 1 ? parts.slice(0, mostParts) : [whole];
}
