import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import type { ChatModel, Prompt } from "../../src/agents/chat-model.ts";
import { LangChainModel } from "../../src/agents/models/langchain.ts";
import { createQuestionPlanner, splitQuestion } from "../../src/agents/question-planner.ts";
import { createIndexResearcher } from "../../src/agents/researcher.ts";
import { rootContext } from "../../src/context.ts";
import { ForagerError } from "../../src/errors.ts";
import { silentLog } from "../../src/log.ts";
import type { Retrieval, RetrieveRequest, Retriever } from "../../src/rag/retrieval/retrieve.ts";

const context = rootContext("test");
const log = silentLog;
const listed = (...responses: string[]) =>
  new LangChainModel("fake:list", new FakeListChatModel({ responses }));
const history = [{ question: "How much oil does a lamp hold?", answer: "A lamp holds 2 litres." }];

describe("planning a question", () => {
  const cases: readonly [string, string[]][] = [
    ["How do lamps burn?", ["How do lamps burn?"]],
    ["What is a lamp and how does it burn?", ["What is a lamp", "how does it burn?"]],
    ["Who made it? When was it made?", ["Who made it?", "When was it made?"]],
    ["Bread and butter prices in May", ["Bread and butter prices in May"]],
  ];
  for (const [question, parts] of cases)
    it(`splits "${question}"`, () => assert.deepEqual(splitQuestion(question), parts));

  it("lets a model split it where there is one, and word each part anew", async () => {
    const answer = {
      parts: [
        {
          question: "What is a lamp?",
          paraphrases: ["Definition of a lamp", " ", "What is a lamp?", "Lamp meaning", "Lamp"],
        },
        { question: "What does a lamp cost?", paraphrases: [] },
        { question: "What is a lamp?", paraphrases: [] },
      ].toReversed(),
    };
    const planner = createQuestionPlanner({ model: listed(`Sure: ${JSON.stringify(answer)}`), log });
    assert.deepEqual(await planner.run({ question: "What is it and what does it cost?" }, context), {
      parts: ["What is a lamp?", "What does a lamp cost?"],
      wordings: [
        [
          { text: "Definition of a lamp", weight: 0.4 },
          { text: "Lamp meaning", weight: 0.4 },
        ],
        [],
      ],
    });
  });

  it("C40: splits it by rules, and says so, when the model fails", async () => {
    const warnings: string[] = [];
    const planner = createQuestionPlanner({
      model: listed("no JSON at all", "nor here"),
      log: { ...silentLog, warn: (message: string) => void warnings.push(message) },
    });
    assert.deepEqual(await planner.run({ question: "What is it and what does it cost?" }, context), {
      parts: splitQuestion("What is it and what does it cost?"),
      notes: ["The chat model failed to plan the question; rules did, without paraphrases."],
    });
    assert.deepEqual(warnings, ["the model failed; the question is split by rules"]);
  });

  it("does not wait for a model that hangs", async (test) => {
    test.mock.timers.enable({ apis: ["setTimeout"] });
    const model: ChatModel = {
      name: "fake:hangs",
      ask: () => {
        queueMicrotask(() => test.mock.timers.tick(10_000));
        return new Promise(() => {});
      },
    };
    const planner = createQuestionPlanner({ model, log });
    const { parts, notes } = await planner.run({ question: "How do lamps burn?" }, context);
    assert.deepEqual([parts, notes?.length], [["How do lamps burn?"], 1]);
  });
});

describe("planning a follow-up", () => {
  it("makes it whole by rules where there is no model, and says how it was understood", async () => {
    const planner = createQuestionPlanner({ model: undefined, log });
    const { parts, notes } = await planner.run({ question: "And how long does it burn?", history }, context);
    assert.match(parts.join(" "), /lamp/);
    assert.deepEqual(notes, [`Understood as: ${parts.join(" ")}`]);
  });

  it("shows a model the conversation, as data", async () => {
    const prompts: Prompt[] = [];
    const model: ChatModel = {
      name: "fake:planner",
      async ask(prompt, schema) {
        prompts.push(prompt);
        return schema.parse({ parts: [{ question: "How long does a lamp burn?" }] });
      },
    };
    const planner = createQuestionPlanner({ model, log });
    const plan = await planner.run({ question: "And how long does it burn?", history }, context);
    assert.deepEqual(plan, {
      parts: ["How long does a lamp burn?"],
      wordings: [[]],
      notes: ["Understood as: How long does a lamp burn?"],
    });
    assert.match(prompts[0]?.data ?? "", /earlier answer 1[^]*A lamp holds 2 litres/);
    assert.doesNotMatch(prompts[0]?.rules ?? "", /litres|how long does it burn/);
  });

  it("makes it whole by rules when the model fails", async () => {
    const model: ChatModel = {
      name: "fake:down",
      ask: () => Promise.reject(new ForagerError("model", "down")),
    };
    const planner = createQuestionPlanner({ model, log });
    const { parts, notes } = await planner.run({ question: "And how long does it burn?", history }, context);
    assert.match(parts.join(" "), /lamp/);
    assert.equal(notes?.length, 2);
  });

  it("leaves a question that stands on its own as it is", async () => {
    const planner = createQuestionPlanner({ model: undefined, log });
    const question = "What is bread baked in?";
    assert.deepEqual(await planner.run({ question, history }, context), { parts: [question] });
  });
});

describe("looking a question up", () => {
  it("asks each part in all its wordings", async () => {
    const asked: [string, RetrieveRequest["wordings"]][] = [];
    const retriever = {
      async retrieve(part: string, { wordings }: RetrieveRequest) {
        asked.push([part, wordings]);
        return { hits: [], notes: [] } as unknown as Retrieval;
      },
    } as unknown as Retriever;
    const wording = { text: "uno", weight: 0.4 };
    await createIndexResearcher({ retriever }).run(
      { parts: ["one", "two"], wordings: [[wording], []], limit: 3 },
      context,
    );
    assert.deepEqual(asked, [
      ["one", [wording]],
      ["two", []],
    ]);
  });
});
