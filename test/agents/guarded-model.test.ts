import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import type { ChatModel, ModelUsage } from "../../src/agents/chat-model.ts";
import { GuardedModel } from "../../src/agents/models/guarded-model.ts";
import { LangChainModel } from "../../src/agents/models/langchain.ts";
import { Budget, BudgetError } from "../../src/budget.ts";
import { type RunContext, rootContext } from "../../src/context.ts";
import { BreakerOpenError } from "../../src/coordination/guard/breaker.ts";
import { RetryLaterError } from "../../src/coordination/tasks.ts";
import { ForagerError } from "../../src/errors.ts";
import { SettlingClock } from "../browser/settling-clock.ts";

const Said = z.strictObject({ said: z.string() });
const prompt = (data: string) => ({ rules: "Say it.", data });
const context = rootContext("test");
const down = () => Promise.reject(new ForagerError("model", "no answer", { retryable: true }));

/** A model that says what it is asked, unless it is told otherwise. */
function open(
  reply: (data: string, context: RunContext) => Promise<string> = async (data) => data,
  usage?: ModelUsage,
) {
  const clock = new SettlingClock();
  const asked: string[] = [];
  const model: ChatModel = {
    name: "fake:echo",
    async ask(prompt, schema, context, onUsage) {
      asked.push(prompt.data);
      const said = await reply(prompt.data, context);
      if (usage) onUsage?.(usage);
      return schema.parse({ said });
    },
  };
  const guarded = new GuardedModel(model, { clock, random: () => 0.5 }, { price: { input: 1, output: 10 } });
  return { guarded, clock, asked };
}

describe("a guarded chat model", () => {
  it("C33: is not asked the same twice, at once or later, but is asked when the schema differs", async () => {
    const { guarded, asked } = open();
    const ask = () => guarded.ask(prompt("hello"), Said, context);
    assert.deepEqual(await Promise.all([ask(), ask()]), [{ said: "hello" }, { said: "hello" }]);
    await ask();
    assert.equal(asked.length, 1);
    await guarded.ask(prompt("hello"), z.strictObject({ said: z.string().min(1) }), context);
    assert.equal(asked.length, 2);
  });

  it("C24: counts steps, tokens and cost on the run's budget, as the provider reports them", async () => {
    const { guarded } = open(undefined, { inputTokens: 1_000, outputTokens: 200 });
    const budget = new Budget("run", { steps: 2, cost: 1 });
    const run = rootContext("test", undefined, budget);
    await guarded.ask(prompt("one"), Said, run);
    assert.deepEqual([budget.spent("steps"), budget.spent("tokens")], [1, 1_200]);
    assert.ok(Math.abs(budget.spent("cost") - 0.003) < 1e-9);
    await guarded.ask(prompt("two"), Said, run);
    await assert.rejects(guarded.ask(prompt("three"), Said, run), BudgetError);
  });

  it("C24: asks nothing when the run has not enough tokens left for it", async () => {
    const { guarded, asked } = open();
    const run = rootContext("test", undefined, new Budget("run", { tokens: 400 }));
    await assert.rejects(guarded.ask(prompt("one"), Said, run), /may use 400 tokens/);
    assert.equal(asked.length, 0);
  });

  it("C24: asks again what may pass, and at once gives up what does not", async () => {
    let tries = 0;
    const { guarded } = open(async (data) => ((tries += 1) < 3 ? down() : data));
    assert.deepEqual(await guarded.ask(prompt("hello"), Said, context), { said: "hello" });
    const unfit = open(() => Promise.reject(new ForagerError("model", "does not fit")));
    await assert.rejects(unfit.guarded.ask(prompt("hello"), Said, context), /does not fit/);
    assert.equal(unfit.asked.length, 1);
  });

  it("C39: leaves a provider alone that is down, and asks it again later", async () => {
    let isUp = false;
    const { guarded, clock, asked } = open(async (data) => (isUp ? data : down()));
    for (let i = 0; i < 5; i += 1)
      await assert.rejects(guarded.ask(prompt(`${i}`), Said, context), /no answer/);
    await assert.rejects(guarded.ask(prompt("now"), Said, context), BreakerOpenError);
    assert.equal(asked.length, 15);
    isUp = true;
    clock.advance(10_000);
    assert.deepEqual(await guarded.ask(prompt("now"), Said, context), { said: "now" });
  });

  it("C15: is asked so often a second and no more", async () => {
    const { guarded, clock } = open();
    const start = clock.now();
    await Promise.all(Array.from({ length: 20 }, (_, i) => guarded.ask(prompt(`${i}`), Said, context)));
    assert.equal(clock.now() - start, 2_000);
  });

  it("C24: hands the caller's abort on to the provider, and its reason back", async () => {
    const { guarded } = open(
      (_, { signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    const stop = new AbortController();
    const asking = guarded.ask(prompt("hello"), Said, rootContext("test", stop.signal));
    const reason = new Error("left");
    setTimeout(() => stop.abort(reason), 1);
    await assert.rejects(asking, (error) => error === reason);
  });
});

describe("what a provider answers", () => {
  const clock = new SettlingClock();
  const failing = (thrown: object) => {
    const invoke = () => Promise.reject(thrown);
    return new LangChainModel("fake:http", { invoke }, clock).ask(prompt("hello"), Said, context);
  };
  const kindOf = (error: unknown) =>
    error instanceof RetryLaterError
      ? error.until - clock.now()
      : error instanceof ForagerError && error.retryable;

  const cases: readonly [string, object, number | boolean][] = [
    ["429 with Retry-After", { status: 429, headers: { "retry-after": "7" } }, 7_000],
    [
      "503 with headers as an object of fetch",
      { status: 503, headers: new Headers({ "retry-after": "2" }) },
      2_000,
    ],
    ["a bare 429", { status: 429 }, true],
    ["500", { status: 500, headers: {} }, true],
    ["a broken connection", new Error("ECONNRESET"), true],
    ["401: a wrong key", { status: 401 }, false],
    ["400: a request it does not take", { status: 400, headers: new Headers() }, false],
  ];
  for (const [name, error, expected] of cases)
    it(`C24: ${name} is ${typeof expected === "number" ? "waited for" : expected ? "tried again" : "final"}`, async () => {
      await assert.rejects(failing(error), (thrown) => kindOf(thrown) === expected);
    });
});
