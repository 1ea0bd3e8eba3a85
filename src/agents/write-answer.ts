import { z } from "zod";
import type { RunContext } from "../context.ts";
import type { Answer } from "../rag/answer.ts";
import { isGrounded } from "../rag/ground.ts";
import type { ChatModel } from "./chat-model.ts";
import { fillPrompt } from "./prompt.ts";

const Written = z.strictObject({
  sentences: z
    .array(z.strictObject({ text: z.string().min(1), quotes: z.array(z.int().min(1)).min(1) }))
    .max(4),
});

/**
 * Lets a model put the extractor's quotes into words. A sentence that its quotes do not bear out is dropped; when
 * none is left, or the model fails, the quotes themselves stay the answer.
 */
export async function writeAnswer(quoted: Answer, model: ChatModel, context: RunContext): Promise<Answer> {
  if (quoted.abstained) return quoted;
  const quotes = quoted.citations
    .map((citation, i) => `[${i + 1}] ${citation.title}: ${citation.quote}`)
    .join("\n");
  const written = await model.ask(
    { rules: fillPrompt("write-answer", {}), data: `Question: ${quoted.question}\n\nQuotes:\n${quotes}` },
    Written,
    context,
  );
  const sound = written.sentences.filter(({ text, quotes: numbers }) => {
    const spans = numbers.flatMap((number) => quoted.citations[number - 1]?.quote ?? []);
    return isGrounded(text, spans);
  });
  if (sound.length === 0) return quoted;
  return {
    ...quoted,
    answer: sound
      .map(({ text, quotes: numbers }) => `${text} ${numbers.map((number) => `[${number}]`).join("")}`)
      .join(" "),
  };
}
