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

/** As much of a LangChain model as is used. */
type AnyChatModel = Pick<BaseChatModel, "invoke"> & Partial<Pick<BaseChatModel, "stream">>;

/** A LangChain chat model behind our port; usable with any `BaseChatModel` a caller has. */
export class LangChainModel implements ChatModel {
  readonly name: string;
  readonly #model: AnyChatModel;
  readonly #clock: Clock;

  constructor(name: string, model: AnyChatModel, clock: Clock = systemClock) {
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
      const usage = usageOf(message);
      if (usage) onUsage?.(usage);
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

  async write(
    prompt: Prompt,
    { signal }: RunContext,
    onText: (piece: string) => void,
    onUsage?: (usage: ModelUsage) => void,
  ): Promise<string> {
    const messages = [
      { role: "system", content: prompt.rules },
      { role: "user", content: prompt.data },
    ];
    let text = "";
    const used = { inputTokens: 0, outputTokens: 0 };
    try {
      // Models that cannot stream give it whole.
      const pieces = this.#model.stream
        ? await this.#model.stream(messages, { signal })
        : [await this.#model.invoke(messages, { signal })];
      for await (const message of pieces) {
        signal.throwIfAborted();
        // Providers put what was used on the last piece, or spread it over several.
        const usage = usageOf(message);
        used.inputTokens += usage?.inputTokens ?? 0;
        used.outputTokens += usage?.outputTokens ?? 0;
        if (message.text === "") continue;
        text += message.text;
        onText(message.text);
      }
      return text;
    } catch (cause) {
      signal.throwIfAborted();
      if (text === "") throw this.#failure(cause);
      throw new ForagerError("model", `The model ${this.name} broke off: ${messageOf(cause)}`, { cause });
    } finally {
      if (used.inputTokens + used.outputTokens > 0) onUsage?.(used);
    }
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

function usageOf(message: { readonly usage_metadata?: unknown }): ModelUsage | undefined {
  const usage = Usage.safeParse(message.usage_metadata).data;
  return usage && { inputTokens: usage.input_tokens, outputTokens: usage.output_tokens };
}

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
