import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { z } from "zod";
import { ForagerError, MissingError, messageOf } from "../../errors.ts";
import type { ChatModel, Prompt } from "../chat-model.ts";

/**
 * Any chat model that LangChain knows, as `provider:model` (`openai:gpt-5-mini`, `ollama:qwen3`). The provider's own
 * package and key are the user's.
 */
export async function openLangChainModel(name: string): Promise<ChatModel> {
  const { initChatModel } = await import("langchain/chat_models/universal");
  try {
    return new LangChainModel(name, await initChatModel(name, { temperature: 0 }));
  } catch (cause) {
    throw new MissingError(
      `The chat model "${name}" could not be opened (${messageOf(cause)}).`,
      "Install the provider's package (for openai: npm install @langchain/openai) and set its key, or leave the model out.",
      cause,
    );
  }
}

/** A LangChain chat model behind our port; usable with any `BaseChatModel` a caller has. */
export class LangChainModel implements ChatModel {
  readonly name: string;
  readonly #model: Pick<BaseChatModel, "invoke">;

  constructor(name: string, model: Pick<BaseChatModel, "invoke">) {
    this.name = name;
    this.#model = model;
  }

  async ask<T>(prompt: Prompt, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    const shape = JSON.stringify(z.toJSONSchema(schema));
    let answer: string;
    try {
      const message = await this.#model.invoke(
        [
          {
            role: "system",
            content: `${prompt.rules}\n\nAnswer with one JSON object of this JSON Schema and nothing else:\n${shape}`,
          },
          { role: "user", content: prompt.data },
        ],
        { signal },
      );
      answer = message.text;
    } catch (cause) {
      signal.throwIfAborted();
      throw new ForagerError("model", `The model ${this.name} gave no answer: ${messageOf(cause)}`, {
        cause,
        retryable: true,
      });
    }
    const parsed = schema.safeParse(parseJson(answer));
    if (parsed.success) return parsed.data;
    throw new ForagerError("model", `The model ${this.name} gave an answer that does not fit the schema.`, {
      cause: parsed.error,
    });
  }
}

/** Models like to wrap JSON in prose or a code fence: the outermost braces are what counts. */
function parseJson(answer: string): unknown {
  const start = answer.indexOf("{");
  const end = answer.lastIndexOf("}");
  try {
    return JSON.parse(answer.slice(start, end + 1));
  } catch {
    return undefined; // the schema refuses it, with a message of its own
  }
}
