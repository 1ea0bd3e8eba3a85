import { z } from "zod";
import type { Agent } from "../coordination/agent.ts";
import { type Citation, notFound } from "../rag/answer.ts";
import type { ChunkStore } from "../rag/chunk-store.ts";
import { type WrittenAnswer, withoutUnsound } from "./written-answer.ts";

const AnswerSchema = z.custom<WrittenAnswer>(
  (value) => typeof value === "object" && value !== null && "citations" in value && "abstained" in value,
);

/**
 * The validator of answers: every citation must stand, to the letter, in the page it names. One that does not is
 * dropped with the sentences that rest on it alone, and an answer left without any is no answer.
 */
export function createAnswerValidator(deps: {
  readonly store: ChunkStore;
}): Agent<WrittenAnswer, WrittenAnswer> {
  return {
    role: "validator",
    input: AnswerSchema,
    output: AnswerSchema,
    async run(answer, context) {
      const urls = [...new Set(answer.citations.map(({ url }) => url))];
      const pages = await Promise.all(urls.map((url) => deps.store.document(url, context.signal)));
      const texts = new Map(pages.flatMap((page) => (page ? [[page.url, page.document.text]] : [])));
      const isSound = ({ url, quote, start, end }: Citation) => texts.get(url)?.slice(start, end) === quote;
      const citations = answer.citations.filter(isSound);
      if (citations.length === answer.citations.length) return answer;
      const written = withoutUnsound(answer, isSound);
      if (written) return written;
      const { sentences: _, ...rest } = answer;
      if (citations.length === 0)
        return { ...rest, citations, abstained: true, confidence: 0, answer: notFound };
      return { ...rest, citations, answer: citations.map((citation) => citation.quote).join(" ") };
    },
  };
}
