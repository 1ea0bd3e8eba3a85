import { z } from "zod";
import type { RunContext } from "../../context.ts";
import type { ChatModel, Prompt } from "../chat-model.ts";

const Written = z.strictObject({ answer: z.string() });

/**
 * Plain text from any model: as it is written where the model can, else whole.
 * @param onText Told every piece, in order; together they are the text.
 */
export async function writeText(
  model: ChatModel,
  prompt: Prompt,
  context: RunContext,
  onText: (piece: string) => void,
): Promise<void> {
  if (!model.write) {
    onText((await model.ask(prompt, Written, context)).answer);
    return;
  }
  let told = 0;
  const text = await model.write(prompt, context, (piece) => {
    told += piece.length;
    onText(piece);
  });
  if (told < text.length) onText(text.slice(told)); // it was kept from an equal question
}
