import type { Evidence } from "../agents/answer-extractor.ts";
import type { QuestionPlan } from "../agents/planner.ts";
import type { Lookup } from "../agents/researcher.ts";
import type { RunContext } from "../context.ts";
import type { AgentRef } from "../coordination/workforce.ts";
import type { Answer } from "../rag/answer.ts";
import type { Retrieval } from "../rag/retrieve.ts";

/** What answering stands on: planner, researcher, extractor and validator. */
export interface AskFloor {
  readonly planner: AgentRef<{ question: string }, QuestionPlan>;
  readonly researcher: AgentRef<Lookup, Retrieval[]>;
  readonly extractor: AgentRef<Evidence, Answer>;
  readonly validator: AgentRef<Answer, Answer>;
}

/** Passages looked at for each part of a question. */
const passages = 12;

/** Answers from the index: split, look up side by side, quote, check. Says so when it is not there. */
export async function ask(
  floor: AskFloor,
  question: string,
  options: { readonly host?: string },
  context: RunContext,
): Promise<Answer> {
  const { parts } = await floor.planner.run({ question }, context);
  const retrievals = await floor.researcher.run({ parts, limit: passages, ...options }, context);
  const answers = await Promise.all(
    retrievals.map(async (retrieval, i) => {
      const drafted = await floor.extractor.run({ question: parts[i] ?? question, retrieval }, context);
      return floor.validator.run(drafted, context);
    }),
  );
  return joinAnswers(question, answers);
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
  };
}
