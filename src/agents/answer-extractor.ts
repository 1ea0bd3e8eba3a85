import { z } from "zod";
import type { RunContext } from "../context.ts";
import type { Agent } from "../coordination/agent.ts";
import { ForagerError, messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Answerer } from "../rag/answering/answer.ts";
import type { ChunkStore } from "../rag/chunk-store.ts";
import type { Retrieval } from "../rag/retrieval/retrieve.ts";
import { arbitrateBy } from "./arbitrate.ts";
import type { ChatModel } from "./chat-model.ts";
import { type Passage, evidencePassages } from "./evidence-passages.ts";
import { type ShownSentence, writeAnswer } from "./write-answer.ts";
import type { WrittenAnswer } from "./written-answer.ts";

/** A part of a question and what was found for it. */
export interface Evidence {
  readonly question: string;
  readonly retrieval: Retrieval;
  /** Told each sentence of a written answer as soon as it stands. */
  readonly show?: (sentence: ShownSentence) => void;
}

const EvidenceSchema = z.custom<Evidence>(
  (value) => typeof value === "object" && value !== null && "retrieval" in value,
);
const AnswerSchema = z.custom<WrittenAnswer>(
  (value) => typeof value === "object" && value !== null && "citations" in value,
);

/** The extractor of answers: quotes the best supported sentences; a chat model, where there is one, writes from the passages around them. */
export function createAnswerExtractor(deps: {
  readonly answerer: Pick<Answerer, "answer">;
  readonly store: ChunkStore;
  readonly model: ChatModel | undefined;
  readonly log: Log;
}): Agent<Evidence, WrittenAnswer> {
  const { answerer, store, model, log } = deps;
  return {
    role: "extractor",
    input: EvidenceSchema,
    output: AnswerSchema,
    async run({ question, retrieval, show }, context) {
      const reasons: string[] = [];
      const arbitrate = model && arbitrateBy(model, context, (reason) => reasons.push(reason));
      const settled = await answerer.answer(question, retrieval, context.signal, { arbitrate });
      const decisions = reasons.map((reason) => `Sources disagree; the chat model decided: ${reason}`);
      const quoted = { ...settled, notes: [...settled.notes, ...decisions] };
      if (!model || quoted.abstained) return quoted;
      const passages = await readPassages(retrieval, store, context);
      try {
        return await writeAnswer({ quoted, passages }, { model, store }, context, show);
      } catch (error) {
        context.signal.throwIfAborted();
        if (!(error instanceof ForagerError)) throw error;
        log.warn("the model failed; the quotes are the answer", {
          model: model.name,
          error: messageOf(error),
        });
        return { ...quoted, notes: [...quoted.notes, "The chat model failed; these are quotes."] };
      }
    },
  };
}

async function readPassages(
  { hits }: Retrieval,
  store: ChunkStore,
  { signal }: RunContext,
): Promise<Passage[]> {
  const ids = [...new Set(hits.map(({ chunk }) => chunk.documentId))];
  const documents = await store.documents(ids, signal);
  return evidencePassages(hits, new Map(documents.map((document) => [document.id, document])));
}
