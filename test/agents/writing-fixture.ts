import { createAnswerExtractor } from "../../src/agents/answer-extractor.ts";
import type { ChatModel, Prompt } from "../../src/agents/chat-model.ts";
import { createAnswerValidator } from "../../src/agents/ground-answer.ts";
import type { ShownSentence } from "../../src/agents/write-answer.ts";
import type { WrittenAnswer } from "../../src/agents/written-answer.ts";
import { systemClock } from "../../src/clock.ts";
import { type RunContext, rootContext } from "../../src/context.ts";
import { silentLog } from "../../src/log.ts";
import { AnswerOptions } from "../../src/rag/answering/answer-options.ts";
import { Answerer } from "../../src/rag/answering/answer.ts";
import { RetrieveOptions } from "../../src/rag/retrieval/retrieve-options.ts";
import { Retriever } from "../../src/rag/retrieval/retrieve.ts";
import { SmallIndex, type SmallPage } from "../rag/small-index.ts";

/** What came of one question to one model over some pages. */
export interface Written {
  readonly answer: WrittenAnswer;
  readonly shown: readonly ShownSentence[];
  /** Citations that are not in their pages to the letter. */
  readonly inexact: number;
}

/** Lets `model` answer from `pages`: retrieval by words, quotes, writing and the validator, all real. */
export async function writeFrom(
  pages: readonly SmallPage[],
  question: string,
  model: ChatModel,
  context: RunContext = rootContext("test"),
  onShown: (sentence: ShownSentence) => void = () => {},
): Promise<Written> {
  using index = new SmallIndex(pages);
  const { store } = index;
  const retriever = new Retriever({ store, clock: systemClock }, RetrieveOptions.parse({}));
  const answerer = new Answerer({ store }, AnswerOptions.parse({ leastConfidence: 0 }));
  const extractor = createAnswerExtractor({ answerer, store, model, log: silentLog });
  const validator = createAnswerValidator({ store });
  const shown: ShownSentence[] = [];
  const retrieval = await retriever.retrieve(question, { limit: 12 });
  const show = (sentence: ShownSentence) => {
    shown.push(sentence);
    onShown(sentence);
  };
  const answer = await validator.run(await extractor.run({ question, retrieval, show }, context), context);
  const cited = [...answer.citations, ...shown.flatMap(({ citations }) => citations)];
  const isExact = await Promise.all(
    cited.map(async ({ url, start, end, quote }) => {
      const page = await store.document(url);
      return page?.document.text.slice(start, end) === quote;
    }),
  );
  return { answer, shown, inexact: isExact.filter((exact) => !exact).length };
}

/** A model that writes what `reply` makes of the prompt, a few characters at a time. */
export function writingModel(
  reply: string | ((prompt: Prompt) => string),
): ChatModel & { readonly prompts: Prompt[] } {
  const prompts: Prompt[] = [];
  return {
    name: "fake:writer",
    prompts,
    ask: () => Promise.reject(new Error("This model only writes.")),
    async write(prompt, { signal }, onText) {
      prompts.push(prompt);
      const text = typeof reply === "string" ? reply : reply(prompt);
      for (let at = 0; at < text.length; at += 5) {
        await Promise.resolve();
        signal.throwIfAborted();
        onText(text.slice(at, at + 5));
      }
      return text;
    },
  };
}
