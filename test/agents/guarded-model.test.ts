import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AIMessageChunk } from "@langchain/core/messages";
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

/** A piece of a streamed answer that says what it used. */
function used(message: AIMessageChunk, input: number, output: number): AIMessageChunk {
  return Object.assign(message, {
    usage_metadata: { input_tokens: input, output_tokens: output, total_tokens: input + output },
  });
}

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
    const stop = new AbortController();
    const reason = new Error("left");
    const { guarded } = open(
      (_, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
          stop.abort(reason);
        }),
    );
    const asking = guarded.ask(prompt("hello"), Said, rootContext("test", stop.signal));
    await assert.rejects(asking, (error) => error === reason);
  });
});

describe("a guarded chat model that writes", () => {
  type Write = NonNullable<ChatModel["write"]>;
  const openWriter = (write: Write) => {
    const clock = new SettlingClock();
    let calls = 0;
    const model: ChatModel = {
      name: "fake:writer",
      ask: () => Promise.reject(new Error("It only writes.")),
      write(...given) {
        calls += 1;
        return write(...given);
      },
    };
    const guarded = new GuardedModel(
      model,
      { clock, random: () => 0.5 },
      { price: { input: 1, output: 10 } },
    );
    const told: string[] = [];
    return {
      guarded,
      clock,
      told,
      calls: () => calls,
      ask: (data = "hello", run = context) =>
        guarded.write?.(prompt(data), run, (piece) => told.push(piece)) ??
        Promise.reject(new Error("no write")),
    };
  };
  it("has no write where the model has none", () => {
    assert.equal(open().guarded.write, undefined);
  });

  it("is told its pieces, counted by what the provider reports, and asked the same once", async () => {
    const { ask, told, calls } = openWriter(async (_, __, onText, onUsage) => {
      onText("Lamps ");
      onText("burn.");
      onUsage?.({ inputTokens: 1_000, outputTokens: 200 });
      return "Lamps burn.";
    });
    const budget = new Budget("run", { steps: 2, tokens: 3_000 });
    const run = rootContext("test", undefined, budget);
    assert.equal(await ask("hello", run), "Lamps burn.");
    assert.deepEqual(told, ["Lamps ", "burn."]);
    assert.deepEqual([budget.spent("steps"), budget.spent("tokens")], [1, 1_200]);
    assert.equal(await ask("hello", run), "Lamps burn.");
    assert.equal(calls(), 1);
    await assert.rejects(ask("more", run), BudgetError);
  });

  it("is asked again as long as nothing was told", async () => {
    const { ask, told, calls } = openWriter(async (_, __, onText) => {
      if (calls() < 3) throw new ForagerError("model", "no answer", { retryable: true });
      onText("Lamps.");
      return "Lamps.";
    });
    assert.equal(await ask(), "Lamps.");
    assert.deepEqual([told, calls()], [["Lamps."], 3]);
  });

  it("is not asked again once a piece was told, and its failures open the breaker all the same", async () => {
    const { ask, told, calls } = openWriter(async (_, __, onText) => {
      onText("Lamps ");
      throw new ForagerError("model", "no answer", { retryable: true });
    });
    for (let i = 0; i < 5; i += 1) await assert.rejects(ask(`${i}`), /no answer/);
    assert.deepEqual([told.length, calls()], [5, 5]);
    await assert.rejects(ask("again"), BreakerOpenError);
  });

  it("ends when it takes too long, and what it writes then is not told", async (test) => {
    test.mock.timers.enable({ apis: ["setTimeout"] });
    const held = Promise.withResolvers<void>();
    const told: string[] = [];
    const guarded = new GuardedModel(
      {
        name: "fake:slow",
        ask: () => Promise.reject(new Error("It only writes.")),
        async write(_, __, onText) {
          onText("Lamps ");
          queueMicrotask(() => test.mock.timers.tick(5_000));
          await held.promise;
          onText("late");
          return "Lamps late";
        },
      },
      { clock: new SettlingClock(), random: () => 0.5 },
      { policy: { timeoutMs: 5_000 } },
    );
    const writing = guarded.write?.(prompt("hello"), context, (piece) => told.push(piece));
    await assert.rejects(writing ?? Promise.resolve(), /took too long/);
    held.resolve();
    await Promise.resolve();
    assert.deepEqual(told, ["Lamps "]);
  });
});

describe("a LangChain model that streams", () => {
  const clock = new SettlingClock();
  const streaming = (pieces: () => AsyncGenerator<AIMessageChunk>) =>
    new LangChainModel(
      "fake:stream",
      { invoke: async () => {}, stream: async () => pieces() } as never,
      clock,
    );

  it("adds up what its pieces say was used, also when it broke off", async () => {
    const told: string[] = [];
    const reported: ModelUsage[] = [];
    const model = streaming(async function* () {
      yield used(new AIMessageChunk("Lamps"), 10, 1);
      yield used(new AIMessageChunk(" burn."), 0, 4);
      throw new Error("ECONNRESET");
    });
    await assert.rejects(
      model.write(
        prompt("x"),
        context,
        (piece) => told.push(piece),
        (usage) => reported.push(usage),
      ),
      (error) => error instanceof ForagerError && !error.retryable && /broke off/.test(error.message),
    );
    assert.deepEqual(told, ["Lamps", " burn."]);
    assert.deepEqual(reported, [{ inputTokens: 10, outputTokens: 5 }]);
  });

  it("may be asked again when it fails before its first piece", async () => {
    const model = streaming(async function* () {
      yield new AIMessageChunk({ content: "" });
      throw Object.assign(new Error("busy"), { status: 429, headers: { "retry-after": "7" } });
    });
    await assert.rejects(
      model.write(prompt("x"), context, () => {}),
      (error) => error instanceof RetryLaterError && error.until - clock.now() === 7_000,
    );
  });

  it("ends with its caller's reason, and lets go of the provider", async () => {
    const stop = new AbortController();
    const reason = new Error("left");
    let isClosed = false;
    const model = streaming(async function* () {
      try {
        for (;;) yield new AIMessageChunk({ content: "and " });
      } finally {
        isClosed = true;
      }
    });
    const writing = model.write(prompt("x"), rootContext("test", stop.signal), () => stop.abort(reason));
    await assert.rejects(writing, (error) => error === reason);
    assert.ok(isClosed);
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
