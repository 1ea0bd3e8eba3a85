import { z } from "zod";
import type { Agent } from "../coordination/agent.ts";
import { type Citation, type Conflict, notFound } from "../rag/answering/answer.ts";
import { quotedText } from "../rag/answering/quoted-text.ts";
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
      const ofSides = answer.conflicts.flatMap(({ sides }) => sides.flatMap(({ citations }) => citations));
      const urls = [...new Set([...answer.citations, ...ofSides].map(({ url }) => url))];
      const pages = await Promise.all(urls.map((url) => deps.store.document(url, context.signal)));
      const texts = new Map(pages.flatMap((page) => (page ? [[page.url, page.document.text]] : [])));
      const isSound = ({ url, quote, start, end }: Citation) => texts.get(url)?.slice(start, end) === quote;
      const sound = { ...answer, conflicts: answer.conflicts.flatMap((one) => soundConflict(one, isSound)) };
      const citations = answer.citations.filter(isSound);
      if (citations.length === answer.citations.length) return sound;
      const written = withoutUnsound(sound, isSound);
      if (written) return written;
      const { sentences: _, ...rest } = sound;
      if (citations.length === 0)
        return { ...rest, citations, abstained: true, confidence: 0, answer: notFound };
      return { ...rest, citations, answer: quotedText(citations) };
    },
  };
}

/** A contradiction of which every side can still be read; none otherwise. */
function soundConflict(conflict: Conflict, isSound: (citation: Citation) => boolean): Conflict[] {
  const sides = conflict.sides.map((side) => ({ ...side, citations: side.citations.filter(isSound) }));
  return sides.every(({ citations }) => citations.length > 0) ? [{ ...conflict, sides }] : [];
}
