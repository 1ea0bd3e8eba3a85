import type { Evidence } from "../agents/answer-extractor.ts";
import type { QuestionPlan, Turn } from "../agents/question-planner.ts";
import type { Lookup } from "../agents/researcher.ts";
import { type WrittenAnswer, shifted, textOf } from "../agents/written-answer.ts";
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
import { notFound } from "../rag/answering/answer.ts";
import type { Filter } from "../rag/filter.ts";
import type { Retrieval } from "../rag/retrieval/retrieve.ts";
import { SentenceOrder } from "./tell-sentences.ts";

/** What answering stands on: planner, researcher, extractor and validator. */
export interface AskFloor {
  readonly planner: AgentRef<{ question: string; history?: readonly Turn[] }, QuestionPlan>;
  readonly researcher: AgentRef<Lookup, Retrieval[]>;
  readonly extractor: AgentRef<Evidence, WrittenAnswer>;
  readonly validator: AgentRef<WrittenAnswer, WrittenAnswer>;
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

/** Below it, passages without a word of the question are those that nonsense finds: .14 to .40 on two manuals, with the shipped embedder. */
const leastNearCosine = 0.4;

export interface AskOptions {
  /** Only documents of which it holds. */
  readonly filter?: Filter | undefined;
  /** The conversation before, oldest first: the question may lean on it. */
  readonly history?: readonly Turn[] | undefined;
}

/**
 * Answers from the index: split, look up side by side, quote, write, check. Says so when it is not there. Each sentence is
 * an event as soon as it stands.
 */
export async function ask(
  floor: AskFloor,
  question: string,
  { filter, history }: AskOptions,
  context: RunContext,
): Promise<WrittenAnswer> {
  const {
    parts,
    wordings,
    notes = [],
  } = await floor.planner.run({ question, ...(history && history.length > 0 ? { history } : {}) }, context);
  const lookup = { parts, limit: passages, ...(wordings ? { wordings } : {}), ...(filter ? { filter } : {}) };
  const retrievals = await floor.researcher.run(lookup, context);
  const order = new SentenceOrder(parts.length, ({ part, text, numbers, citations }) =>
    floor.events.emit({
      type: "answer-sentence",
      question,
      part,
      text,
      sources: citations.map(({ url, title, quote }, at) => ({
        number: numbers[at] ?? 0,
        url,
        title,
        quote,
      })),
    }),
  );
  const answerPart = async (index: number, within: RunContext): Promise<WrittenAnswer> => {
    const part = parts[index] ?? question;
    const retrieval = retrievals[index];
    if (!retrieval) throw new ForagerError("ask", `Nothing was looked up for "${part}".`);
    const evidence: Evidence = {
      question: part,
      retrieval,
      show: (sentence) => order.add(index, sentence),
    };
    const checked = await floor.validator.run(await floor.extractor.run(evidence, within), within);
    const near = checked.abstained && !isAnythingNear(retrieval) ? { ...checked, citations: [] } : checked;
    const { corrections } = retrieval;
    const answer = corrections ? { ...near, corrections } : near;
    order.end(index, answer);
    return answer;
  };
  const answers =
    parts.length > 1
      ? await answerParts(floor, question, parts, answerPart, context)
      : [await answerPart(0, context)];
  for (const [index, answer] of answers.entries()) order.end(index, answer); // those that failed
  const joined = joinAnswers(question, answers);
  return { ...joined, notes: [...new Set([...notes, ...joined.notes])] };
}

/** The parts as a plan: in order where that is as good, side by side where it is worth it. A part that fails is missing from the answer, and named. */
async function answerParts(
  floor: AskFloor,
  question: string,
  parts: readonly string[],
  answerPart: (index: number, context: RunContext) => Promise<WrittenAnswer>,
  context: RunContext,
): Promise<readonly WrittenAnswer[]> {
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
    state === "done" ? (result as WrittenAnswer) : nothingOn(parts[index] ?? question),
  );
}

function nothingOn(question: string): WrittenAnswer {
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

/** Whether a passage has a word of the question, or a meaning that is not as far from it as from any other. */
function isAnythingNear({ hits }: Retrieval): boolean {
  return hits.some(
    ({ retrievers: { page, chunk, dense } }) =>
      page !== undefined || chunk !== undefined || (dense?.score ?? 0) >= leastNearCosine,
  );
}

/** One answer from those to its parts, their citations in one list; parts that found nothing lower the confidence and are named. */
export function joinAnswers(question: string, answers: readonly WrittenAnswer[]): WrittenAnswer {
  const [only] = answers;
  if (only && answers.length === 1) return { ...only, question };
  const found = answers.filter((answer) => !answer.abstained);
  const missing = answers.filter((answer) => answer.abstained);
  const placed = found.map((answer, index) => ({
    answer,
    offset: found.slice(0, index).reduce((sum, { citations }) => sum + citations.length, 0),
  }));
  const text = [
    ...placed.map(({ answer, offset }) => textOf(answer, offset)),
    ...(found.length > 0 ? missing.map((answer) => `${notFoundPart}${answer.question}`) : [notFound]),
  ];
  const corrected = answers.flatMap((answer) => answer.corrections ?? []);
  // A word may be misspelt in several parts alike.
  const corrections = [...new Map(corrected.map((one) => [`${one.written} ${one.read}`, one])).values()];
  const sentences = placed.flatMap(({ answer, offset }) =>
    (answer.sentences ?? []).map((sentence) => shifted(sentence, offset)),
  );
  return {
    question,
    answer: text.join("\n"),
    confidence: answers.reduce((sum, answer) => sum + answer.confidence, 0) / answers.length,
    abstained: found.length === 0,
    citations: (found.length > 0 ? found : answers).flatMap((answer) => answer.citations),
    ...(sentences.length > 0 ? { sentences } : {}),
    ...(corrections.length > 0 ? { corrections } : {}),
    conflicts: answers.flatMap((answer) => answer.conflicts),
    notes: [...new Set(answers.flatMap((answer) => answer.notes))],
  };
}

const notFoundPart = "Not found in the indexed pages: ";
