import type { Evidence } from "../agents/answer-extractor.ts";
import type { QuestionPlan } from "../agents/planner.ts";
import type { Lookup } from "../agents/researcher.ts";
import type { Clock } from "../clock.ts";
import type { RunContext } from "../context.ts";
import type { CoordinationBackend } from "../coordination/backend.ts";
import type { NamedLocks } from "../coordination/plans/admission.ts";
import type { NodeContext, NodeHandler } from "../coordination/plans/node-handler.ts";
import { runPlan } from "../coordination/plans/run-plan.ts";
import { byPart } from "../coordination/plans/templates.ts";
import type { AgentRef } from "../coordination/workforce.ts";
import { ForagerError } from "../errors.ts";
import type { EventStream } from "../events.ts";
import { type Answer, notFound } from "../rag/answer.ts";
import type { Filter } from "../rag/filter.ts";
import type { Retrieval } from "../rag/retrieve.ts";

/** What answering stands on: planner, researcher, extractor and validator. */
export interface AskFloor {
  readonly planner: AgentRef<{ question: string }, QuestionPlan>;
  readonly researcher: AgentRef<Lookup, Retrieval[]>;
  readonly extractor: AgentRef<Evidence, Answer>;
  readonly validator: AgentRef<Answer, Answer>;
  /** Whether the extractor thinks with a chat model: slow, and worth doing side by side. */
  readonly isReasoning: boolean;
  /** A place for one plan that is gone with it: a question is asked again sooner than it is resumed. */
  readonly openWorkspace: () => CoordinationBackend & Disposable;
  readonly locks: NamedLocks;
  readonly clock: Clock;
  readonly events: EventStream;
}

/** Passages looked at for each part of a question. */
const passages = 12;
/** What answering one part takes, before anything was measured: quoting, and a chat model's few sentences. */
const quotingMs = 100;
const reasoningMs = 3_000;

/** Answers from the index: split, look up side by side, quote, check. Says so when it is not there. */
export async function ask(
  floor: AskFloor,
  question: string,
  options: { readonly filter?: Filter | undefined },
  context: RunContext,
): Promise<Answer> {
  const { parts } = await floor.planner.run({ question }, context);
  const retrievals = await floor.researcher.run({ parts, limit: passages, ...options }, context);
  const answerPart = async (index: number, within: RunContext): Promise<Answer> => {
    const part = parts[index] ?? question;
    const retrieval = retrievals[index];
    if (!retrieval) throw new ForagerError("ask", `Nothing was looked up for "${part}".`);
    return await floor.validator.run(
      await floor.extractor.run({ question: part, retrieval }, within),
      within,
    );
  };
  const answers =
    parts.length > 1 ? await answerParts(floor, question, parts, answerPart, context) : undefined;
  return joinAnswers(question, answers ?? [await answerPart(0, context)]);
}

/** The parts as a plan: in order where that is as good, side by side where it is worth it. A part that fails is missing from the answer, and named. */
async function answerParts(
  floor: AskFloor,
  question: string,
  parts: readonly string[],
  answerPart: (index: number, context: RunContext) => Promise<Answer>,
  context: RunContext,
): Promise<readonly Answer[]> {
  const plan = byPart(question, parts, (part) => ({ role: "answer", input: { index: parts.indexOf(part) } }));
  const answer: NodeHandler = (input, node: NodeContext) =>
    answerPart((input as { readonly index: number }).index, node);
  using workspace = floor.openWorkspace();
  const { tasks, memory } = workspace;
  const { locks, clock, events, isReasoning } = floor;
  const outcome = await runPlan(
    {
      tasks,
      memory,
      locks,
      clock,
      events,
      handlers: () => answer,
      estimate: () => (isReasoning ? reasoningMs : quotingMs),
    },
    plan,
    {
      run: 1,
      isReasoning: () => isReasoning,
      agents: parts.length,
      // A model takes seconds for each part, however few they are.
      ...(isReasoning ? { mode: "parallel" as const } : {}),
    },
    context,
  );
  const ended = [...outcome.nodes.values()];
  const failed = ended.find(({ state }) => state !== "done");
  if (failed && ended.every(({ state }) => state !== "done"))
    throw failed.cause ?? new ForagerError("ask", failed.error);
  return ended.map(({ state, result }, index) =>
    state === "done" ? (result as Answer) : nothingOn(parts[index] ?? question),
  );
}

function nothingOn(question: string): Answer {
  return {
    question,
    answer: notFound,
    confidence: 0,
    abstained: true,
    citations: [],
    conflicts: [],
    notes: [],
  };
}

/** One answer from those to its parts; parts that found nothing lower the confidence and are named. */
export function joinAnswers(question: string, answers: readonly Answer[]): Answer {
  const [only] = answers;
  if (only && answers.length === 1) return { ...only, question };
  const found = answers.filter((answer) => !answer.abstained);
  const missing = answers.filter((answer) => answer.abstained);
  const text = [
    ...found.map((answer) => answer.answer),
    ...(found.length > 0
      ? missing.map((answer) => `Not found in the indexed pages: ${answer.question}`)
      : ["Not found in the indexed pages."]),
  ];
  return {
    question,
    answer: text.join("\n"),
    confidence: answers.reduce((sum, answer) => sum + answer.confidence, 0) / answers.length,
    abstained: found.length === 0,
    citations: (found.length > 0 ? found : answers).flatMap((answer) => answer.citations),
    conflicts: answers.flatMap((answer) => answer.conflicts),
    notes: [...new Set(answers.flatMap((answer) => answer.notes))],
  };
}
