import { z } from "zod";
import type { RunContext } from "../../context.ts";
import { cacheKey } from "../../coordination/guard/cache.ts";
import {
  type Guard,
  type GuardDeps,
  type GuardOptions,
  createGuard,
} from "../../coordination/guard/guard.ts";
import { ForagerError } from "../../errors.ts";
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

/** What became of a text; one that broke off is the provider's failure, but not tried again. */
type Written = { readonly text: string } | { readonly brokenOff: unknown };

interface ReckonedCosts {
  readonly tokens: number;
  readonly cost: number;
}

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
  /** There where the model has it. */
  readonly write?: NonNullable<ChatModel["write"]>;
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
    const { write } = model;
    if (write)
      this.write = (prompt, context, onText, onUsage) =>
        this.#write(write.bind(model), prompt, context, onText, onUsage);
  }

  /** @throws {BudgetError} Before anything is asked, when the run has not enough left for it. */
  async ask<T>(
    prompt: Prompt,
    schema: z.ZodType<T>,
    context: RunContext,
    onUsage?: (usage: ModelUsage) => void,
  ): Promise<T> {
    const shape = JSON.stringify(z.toJSONSchema(schema));
    const call = this.#callOf(prompt, shape);
    return await this.guard.run(
      this.name,
      context,
      (context) => this.#model.ask(prompt, schema, context, this.#settling(call.costs, context, onUsage)),
      call,
    );
  }

  /** As {@link ask}; but once a piece was told, the call is not made again. */
  async #write(
    write: NonNullable<ChatModel["write"]>,
    prompt: Prompt,
    context: RunContext,
    onText: (piece: string) => void,
    onUsage?: (usage: ModelUsage) => void,
  ): Promise<string> {
    const call = this.#callOf(prompt, "text");
    let isTold = false;
    const outcome = await this.guard.run<Written>(
      this.name,
      context,
      async (context) => {
        // The try before this one was given up when its time was over.
        if (isTold) return { brokenOff: new ForagerError("model", `The model ${this.name} took too long.`) };
        const tell = (piece: string) => {
          if (context.signal.aborted) return; // a try that was given up writes on
          isTold = true;
          onText(piece);
        };
        try {
          return {
            text: await write(prompt, context, tell, this.#settling(call.costs, context, onUsage)),
          };
        } catch (error) {
          context.signal.throwIfAborted();
          if (!isTold) throw error;
          return { brokenOff: error };
        }
      },
      { ...call, isFailure: (outcome) => "brokenOff" in outcome },
    );
    if ("brokenOff" in outcome) throw outcome.brokenOff;
    return outcome.text;
  }

  /** Equal questions are one call; what it will cost is reckoned by their length. */
  #callOf(prompt: Prompt, shape: string): { readonly cacheKey: string; readonly costs: ReckonedCosts } {
    const length = prompt.rules.length + prompt.data.length + shape.length;
    const expected = {
      inputTokens: Math.ceil(length / charactersPerToken),
      outputTokens: usualAnswerTokens,
    };
    return {
      cacheKey: cacheKey(this.name, prompt.rules, prompt.data, shape),
      costs: this.#spendingOf(expected),
    };
  }

  /** Puts what a call really used in place of what it was reckoned with. */
  #settling(
    reckoned: ReckonedCosts,
    { budget }: RunContext,
    onUsage: ((usage: ModelUsage) => void) | undefined,
  ): (usage: ModelUsage) => void {
    return (usage) => {
      const real = this.#spendingOf(usage);
      budget.settle("tokens", real.tokens - reckoned.tokens);
      budget.settle("cost", real.cost - reckoned.cost);
      onUsage?.(usage);
    };
  }

  #spendingOf({ inputTokens, outputTokens }: ModelUsage): ReckonedCosts {
    return {
      tokens: inputTokens + outputTokens,
      cost: (inputTokens * this.#price.input + outputTokens * this.#price.output) / 1_000_000,
    };
  }
}
