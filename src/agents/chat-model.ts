import type { z } from "zod";

/** A language model. None is needed: planner and extractor have rules for every step it can improve. */
export interface ChatModel {
  /** As configured, `provider:model`. */
  readonly name: string;
  /**
   * Asks once and gives an answer that fits `schema`.
   * @throws {ForagerError} `model` when there is no answer, or none that fits.
   */
  ask<T>(prompt: Prompt, schema: z.ZodType<T>, signal: AbortSignal): Promise<T>;
}

/** What is asked: the rules, and the data they apply to. Page text only ever stands in `data`. */
export interface Prompt {
  readonly rules: string;
  readonly data: string;
}
