import { z } from "zod";
import type { Agent } from "../coordination/agent.ts";
import type { Answer } from "../rag/answer.ts";
import type { ChunkStore } from "../rag/chunk-store.ts";

const AnswerSchema = z.custom<Answer>(
  (value) => typeof value === "object" && value !== null && "citations" in value && "abstained" in value,
);

/**
 * The validator of answers: every citation must stand, to the letter, in the page it names. One that does not is
 * dropped, and an answer left without any is no answer.
 */
export function createAnswerValidator(deps: { readonly store: ChunkStore }): Agent<Answer, Answer> {
  return {
    role: "validator",
    input: AnswerSchema,
    output: AnswerSchema,
    async run(answer, context) {
      const urls = [...new Set(answer.citations.map(({ url }) => url))];
      const pages = await Promise.all(urls.map((url) => deps.store.document(url, context.signal)));
      const texts = new Map(pages.flatMap((page) => (page ? [[page.url, page.document.text]] : [])));
      const citations = answer.citations.filter(
        ({ url, quote, start, end }) => texts.get(url)?.slice(start, end) === quote,
      );
      if (citations.length === answer.citations.length) return answer;
      if (citations.length === 0)
        return {
          ...answer,
          citations,
          abstained: true,
          confidence: 0,
          answer: "Not found in the indexed pages.",
        };
      return { ...answer, citations, answer: citations.map((citation) => citation.quote).join(" ") };
    },
  };
}
