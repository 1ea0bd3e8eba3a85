import { z } from "zod";
import type { Agent } from "../coordination/agent.ts";
import { ForagerError, messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Answer, Answerer } from "../rag/answer.ts";
import type { Retrieval } from "../rag/retrieve.ts";
import type { ChatModel } from "./chat-model.ts";
import { writeAnswer } from "./write-answer.ts";

/** A part of a question and what was found for it. */
export interface Evidence {
  readonly question: string;
  readonly retrieval: Retrieval;
}

const EvidenceSchema = z.custom<Evidence>(
  (value) => typeof value === "object" && value !== null && "retrieval" in value,
);
const AnswerSchema = z.custom<Answer>(
  (value) => typeof value === "object" && value !== null && "citations" in value,
);

/** The extractor of answers: quotes the best supported sentences; a chat model, where there is one, puts them into words. */
export function createAnswerExtractor(deps: {
  readonly answerer: Answerer;
  readonly model: ChatModel | undefined;
  readonly log: Log;
}): Agent<Evidence, Answer> {
  return {
    role: "extractor",
    input: EvidenceSchema,
    output: AnswerSchema,
    async run({ question, retrieval }, context) {
      const quoted = await deps.answerer.answer(question, retrieval, context.signal);
      if (!deps.model) return quoted;
      try {
        return await writeAnswer(quoted, deps.model, context);
      } catch (error) {
        context.signal.throwIfAborted();
        if (!(error instanceof ForagerError)) throw error;
        deps.log.warn("the model failed; the quotes are the answer", {
          model: deps.model.name,
          error: messageOf(error),
        });
        return quoted;
      }
    },
  };
}
