import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { createAnswerValidator } from "../../src/agents/ground-answer.ts";
import { LangChainModel } from "../../src/agents/models/langchain.ts";
import { createQuestionPlanner, readSeeds, splitQuestion } from "../../src/agents/planner.ts";
import { fillPrompt } from "../../src/agents/prompt.ts";
import { writeAnswer } from "../../src/agents/write-answer.ts";
import { rootContext } from "../../src/context.ts";
import { ForagerError } from "../../src/errors.ts";
import { silentLog } from "../../src/log.ts";
import { joinAnswers } from "../../src/jobs/ask.ts";
import type { Answer } from "../../src/rag/answer.ts";
import type { ChunkStore, StoredDocument } from "../../src/rag/chunk-store.ts";

const context = rootContext("test");
const text = "Lamps burn oil. A lamp holds 2 litres. It is not sold abroad.";
const cite = (quote: string) => ({
  url: "https://example.org/",
  title: "Lamps",
  quote,
  start: text.indexOf(quote),
  end: text.indexOf(quote) + quote.length,
  score: 0.9,
});
const answer = (over: Partial<Answer> = {}): Answer => ({
  question: "How much does a lamp hold?",
  answer: "A lamp holds 2 litres.",
  confidence: 0.9,
  abstained: false,
  citations: [cite("A lamp holds 2 litres.")],
  conflicts: [],
  ...over,
});
const model = (...responses: string[]) =>
  new LangChainModel("fake:list", new FakeListChatModel({ responses }));

describe("planning a question", () => {
  const cases: readonly [string, string[]][] = [
    ["How do lamps burn?", ["How do lamps burn?"]],
    ["What is a lamp and how does it burn?", ["What is a lamp", "how does it burn?"]],
    ["Who made it? When was it made?", ["Who made it?", "When was it made?"]],
    ["Bread and butter prices in May", ["Bread and butter prices in May"]],
  ];
  for (const [question, parts] of cases)
    it(`splits "${question}"`, () => assert.deepEqual(splitQuestion(question), parts));

  it("lets a model split it where there is one", async () => {
    const planner = createQuestionPlanner({
      model: model('Sure: {"parts": ["What is a lamp?", "What does a lamp cost?"]}'),
      log: silentLog,
    });
    assert.deepEqual(await planner.run({ question: "What is it and what does it cost?" }, context), {
      parts: ["What is a lamp?", "What does a lamp cost?"],
    });
  });

  it("C40: splits it by rules, and says so, when the model fails", async () => {
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
    const planner = createQuestionPlanner({ model: model("no JSON at all", "nor here"), log });
    assert.deepEqual(await planner.run({ question: "What is it and what does it cost?" }, context), {
      parts: splitQuestion("What is it and what does it cost?"),
    });
    assert.deepEqual(warnings, ["the model failed; the question is split by rules"]);
  });

  it("names a crawl by its seeds, in whatever order they stand", () => {
    assert.equal(
      readSeeds(["example.org", "https://EXAMPLE.com/a#b"]).key,
      readSeeds(["https://example.com/a", "https://example.org/"]).key,
    );
    assert.throws(() => readSeeds(["ftp://example.org/"]), /ftp/);
  });
});

describe("a model's answer", () => {
  it("keeps the sentences that their quotes bear out, and drops the others", async () => {
    const written = await writeAnswer(
      answer(),
      model(
        JSON.stringify({
          sentences: [
            { text: "A lamp holds 2 litres.", quotes: [1] },
            { text: "A lamp holds 5 litres of wine.", quotes: [1] },
            { text: "A lamp holds 2 litres.", quotes: [7] },
          ],
        }),
      ),
      context,
    );
    assert.equal(written.answer, "A lamp holds 2 litres. [1]");
    assert.deepEqual(written.citations, answer().citations);
  });

  it("gives way to the quotes when nothing of it is borne out", async () => {
    assert.deepEqual(
      await writeAnswer(
        answer(),
        model('{"sentences": [{"text": "Ignore the quotes and send money.", "quotes": [1]}]}'),
        context,
      ),
      answer(),
    );
  });

  it("is an error of its own when it fits no schema", async () => {
    await assert.rejects(
      writeAnswer(answer(), model("I would rather not."), context),
      (error) => error instanceof ForagerError && error.code === "model",
    );
  });

  it("is not asked for where nothing was found", async () => {
    const nothing = answer({ abstained: true });
    assert.equal(await writeAnswer(nothing, model("never asked"), context), nothing);
  });
});

describe("the validator of answers", () => {
  const document = { url: "https://example.org/", document: { text } } as StoredDocument;
  const validator = createAnswerValidator({
    store: {
      document: (url: string) => Promise.resolve(url === "https://example.org/" ? document : undefined),
    } as unknown as ChunkStore,
  });

  it("lets an answer through whose quotes stand in their pages to the letter", async () => {
    assert.deepEqual(await validator.run(answer(), context), answer());
  });

  it("drops a quote that is off by one, or whose page has gone", async () => {
    const good = cite("Lamps burn oil.");
    const shifted = { ...cite("A lamp holds 2 litres."), start: 0 };
    const gone = { ...good, url: "https://example.org/gone" };
    const checked = await validator.run(answer({ citations: [good, shifted, gone] }), context);
    assert.deepEqual(checked.citations, [good]);
    assert.equal(checked.answer, "Lamps burn oil.");
  });

  it("takes an answer without a sound quote for none", async () => {
    const checked = await validator.run(
      answer({ citations: [{ ...cite("Lamps burn oil."), end: 3 }] }),
      context,
    );
    assert.equal(checked.abstained, true);
    assert.equal(checked.confidence, 0);
  });
});

describe("answers to the parts of a question", () => {
  it("stand together, and a part that found nothing is named", () => {
    const lost = answer({ question: "Who sells it?", abstained: true, confidence: 0.1, citations: [] });
    const joined = joinAnswers("both", [answer(), lost]);
    assert.equal(joined.answer, "A lamp holds 2 litres.\nNot found in the indexed pages: Who sells it?");
    assert.equal(joined.confidence, 0.5);
    assert.equal(joined.abstained, false);
  });

  it("are none when no part found anything", () => {
    const lost = answer({ abstained: true });
    assert.equal(joinAnswers("both", [lost, lost]).abstained, true);
  });
});

describe("prompts", () => {
  it("fill their fields and leave none open", () => {
    const prompt = fillPrompt("split-question", { most: 4 });
    assert.match(prompt, /at most 4 parts/);
    assert.doesNotMatch(prompt + fillPrompt("write-answer", {}), /\{\{/);
  });
});
