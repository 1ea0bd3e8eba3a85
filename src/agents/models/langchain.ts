import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { z } from "zod";
import { parseRetryAfter } from "../../browser/host-clock.ts";
import { type Clock, systemClock } from "../../clock.ts";
import type { RunContext } from "../../context.ts";
import { RetryLaterError } from "../../coordination/tasks.ts";
import { ForagerError, MissingError, messageOf } from "../../errors.ts";
import type { ChatModel, ModelUsage, Prompt } from "../chat-model.ts";

/**
 * Any chat model that LangChain knows, as `provider:model` (`openai:gpt-5-mini`, `ollama:qwen3`). The provider's own
 * package and key are the user's.
 */
export async function openLangChainModel(name: string): Promise<ChatModel> {
  const { initChatModel } = await import("langchain/chat_models/universal");
  try {
    // Retrying is the guard's: LangChain's own six tries would stand behind each of ours.
    return new LangChainModel(name, await initChatModel(name, { temperature: 0, maxRetries: 0 }));
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
  readonly #clock: Clock;

  constructor(name: string, model: Pick<BaseChatModel, "invoke">, clock: Clock = systemClock) {
    this.name = name;
    this.#model = model;
    this.#clock = clock;
  }

  async ask<T>(
    prompt: Prompt,
    schema: z.ZodType<T>,
    { signal }: RunContext,
    onUsage?: (usage: ModelUsage) => void,
  ): Promise<T> {
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
      const usage = Usage.safeParse(message.usage_metadata).data;
      if (usage) onUsage?.({ inputTokens: usage.input_tokens, outputTokens: usage.output_tokens });
    } catch (cause) {
      signal.throwIfAborted();
      throw this.#failure(cause);
    }
    const parsed = schema.safeParse(parseJson(answer));
    if (parsed.success) return parsed.data;
    throw new ForagerError("model", `The model ${this.name} gave an answer that does not fit the schema.`, {
      cause: parsed.error,
    });
  }

  /** Busy providers say when to come back; a request they refuse outright is refused the next time too. */
  #failure(cause: unknown): ForagerError {
    const message = `The model ${this.name} gave no answer: ${messageOf(cause)}`;
    const { status = 0, headers } = HttpFailure.safeParse(cause).data ?? {};
    const retryAfter = headers?.["retry-after"];
    const now = this.#clock.now();
    const waitMs = typeof retryAfter === "string" ? parseRetryAfter(retryAfter, now) : undefined;
    if (waitMs !== undefined) return new RetryLaterError(message, now + waitMs, cause);
    const isRefused = status >= 400 && status < 500 && status !== 408 && status !== 429;
    return new ForagerError("model", message, { cause, retryable: !isRefused });
  }
}

const Usage = z.object({ input_tokens: z.number().min(0), output_tokens: z.number().min(0) });

/** What the providers' clients put on their errors; LangChain hands them on. */
const HttpFailure = z.object({
  status: z.int(),
  headers: z
    .union([
      z.instanceof(Headers).transform((headers) => Object.fromEntries(headers)),
      z.record(z.string(), z.unknown()),
    ])
    .optional(),
});

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
