import { z } from "zod";
import type { RunContext } from "../../context.ts";
import { cacheKey } from "../../coordination/guard/cache.ts";
import {
  type Guard,
  type GuardDeps,
  type GuardOptions,
  createGuard,
} from "../../coordination/guard/guard.ts";
import type { ChatModel, ModelUsage, Prompt } from "../chat-model.ts";

/** What a model's provider is spared, and what a run is. */
const policy: GuardOptions = {
  name: "model",
  budget: { steps: 1 },
  // Models are asked at temperature 0: an equal question has an equal answer.
  cache: { maxEntries: 500, ttlMs: 24 * 3_600_000 },
  rate: { perSecond: 5, burst: 10 },
  bulkhead: { atOnce: 4, waiting: 64 },
  breaker: {
    opensAfter: { share: 0.5, leastCalls: 5, windowMs: 120_000 },
    openMs: 10_000,
    maxOpenMs: 300_000,
    probes: 3,
  },
  retry: { attempts: 3 },
  timeoutMs: 60_000,
};

/** English has four characters a token, other languages fewer. @see OpenAI, "What are tokens and how to count them?" */
const charactersPerToken = 3;
/** What an answer is reckoned with until the provider says what it was. */
const usualAnswerTokens = 500;

/** US dollars for a million tokens. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
}

/**
 * A chat model under a policy: counted on the run's budget, cached, paced, given up for a while when it fails, tried
 * again where that may help. Every call of a model goes through one of these.
 */
export class GuardedModel implements ChatModel {
  readonly name: string;
  readonly guard: Guard;
  readonly #model: ChatModel;
  readonly #price: ModelPrice;

  /** @param options.price Free unless given. @param options.policy What differs from the usual one. */
  constructor(
    model: ChatModel,
    deps: GuardDeps,
    options: { readonly price?: ModelPrice; readonly policy?: Partial<GuardOptions> } = {},
  ) {
    this.name = model.name;
    this.guard = createGuard({ ...policy, ...options.policy }, deps);
    this.#model = model;
    this.#price = options.price ?? { input: 0, output: 0 };
  }

  /** @throws {BudgetError} Before anything is asked, when the run has not enough left for it. */
  async ask<T>(
    prompt: Prompt,
    schema: z.ZodType<T>,
    context: RunContext,
    onUsage?: (usage: ModelUsage) => void,
  ): Promise<T> {
    const shape = JSON.stringify(z.toJSONSchema(schema));
    const expected: ModelUsage = {
      inputTokens: Math.ceil((prompt.rules.length + prompt.data.length + shape.length) / charactersPerToken),
      outputTokens: usualAnswerTokens,
    };
    const reckoned = this.#spendingOf(expected);
    return await this.guard.run(
      this.name,
      context,
      (context) =>
        this.#model.ask(prompt, schema, context, (usage) => {
          const real = this.#spendingOf(usage);
          context.budget.settle("tokens", real.tokens - reckoned.tokens);
          context.budget.settle("cost", real.cost - reckoned.cost);
          onUsage?.(usage);
        }),
      { cacheKey: cacheKey(this.name, prompt.rules, prompt.data, shape), costs: reckoned },
    );
  }

  #spendingOf({ inputTokens, outputTokens }: ModelUsage): { readonly tokens: number; readonly cost: number } {
    return {
      tokens: inputTokens + outputTokens,
      cost: (inputTokens * this.#price.input + outputTokens * this.#price.output) / 1_000_000,
    };
  }
}
