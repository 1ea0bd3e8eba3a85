import type { z } from "zod";
import type { RunContext } from "../context.ts";

/** A language model. None is needed: planner and extractor have rules for every step it can improve. */
export interface ChatModel {
  /** As configured, `provider:model`. */
  readonly name: string;
  /**
   * Asks once and gives an answer that fits `schema`. Ends when `context.signal` aborts.
   * @param onUsage Told what the call used, where the provider says so; also when the answer fits no schema.
   * @throws {ForagerError} `model` when there is no answer, or none that fits; retryable when asking again may help.
   * @throws {RetryLaterError} When the provider asks to come back later.
   */
  ask<T>(
    prompt: Prompt,
    schema: z.ZodType<T>,
    context: RunContext,
    onUsage?: (usage: ModelUsage) => void,
  ): Promise<T>;
  /**
   * Asks once for plain text. Ends when `context.signal` aborts.
   * @param onText Told each piece as soon as it is written; of an answer that was kept from before, nothing.
   * @param onUsage Told what the call used, where the provider says so; also when it broke off.
   * @returns The whole text.
   * @throws As {@link ask}. When pieces were told before, the error is not retryable: they cannot be taken back.
   */
  readonly write?: (
    prompt: Prompt,
    context: RunContext,
    onText: (piece: string) => void,
    onUsage?: (usage: ModelUsage) => void,
  ) => Promise<string>;
}

/** What is asked: the rules, and the data they apply to. Page text only ever stands in `data`. */
export interface Prompt {
  readonly rules: string;
  readonly data: string;
}

/** What one call used up. */
export interface ModelUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}
