import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeListChatModel, FakeStreamingChatModel } from "@langchain/core/utils/testing";
import { AIMessageChunk } from "@langchain/core/messages";
import { LangChainModel } from "../../src/agents/models/langchain.ts";
import { rootContext } from "../../src/context.ts";
import { ForagerError } from "../../src/errors.ts";
import type { SmallPage } from "../rag/small-index.ts";
import { writeFrom, writingModel } from "./writing-fixture.ts";

const pages: readonly SmallPage[] = [
  {
    url: "https://lamps.example/oil",
    title: "Oil lamps",
    passages: [
      "An oil lamp holds 2 litres of oil.",
      "It burns for eight hours. The wick must not be wet.",
      "See https://lamps.example/wicks for wicks.",
    ],
  },
  {
    url: "https://lamps.example/gas",
    title: "Gas lamps",
    passages: ["A gas lamp holds 5 litres of gas.", "Gas lamps were sold in Vienna."],
  },
  { url: "https://bread.example/", title: "Bread", passages: ["Bread is baked in an oven for an hour."] },
];
const question = "How much oil does an oil lamp hold?";
const answerOf = async (text: string) => await writeFrom(pages, question, writingModel(text));

describe("an answer that a model writes", () => {
  it("cites the sentence that bears each of its own out, numbered by use", async () => {
    const { answer, shown, inexact } = await answerOf(
      "An oil lamp holds 2 litres [1]. An oil lamp burns for eight hours. [1] The lamp holds 2 litres of oil [1].",
    );
    assert.equal(
      answer.answer,
      "An oil lamp holds 2 litres. [1] An oil lamp burns for eight hours. [2] The lamp holds 2 litres of oil. [1]",
    );
    assert.deepEqual(
      answer.citations.map(({ quote }) => quote),
      ["An oil lamp holds 2 litres of oil.", "It burns for eight hours."],
    );
    assert.deepEqual(
      answer.sentences?.map(({ numbers }) => numbers),
      [[1], [2], [1]],
    );
    assert.equal(
      shown.map(({ text }) => text).join(" "),
      answer.sentences?.map(({ text }) => text).join(" "),
    );
    assert.equal(inexact, 0);
    assert.deepEqual(answer.notes, []);
  });

  const unsound: readonly [string, string][] = [
    ["another number", "An oil lamp holds 3 litres [1]."],
    ["a denial of what the page says", "An oil lamp does not hold 2 litres [1]."],
    ["a denial left out", "The wick must be wet [1]."],
    ["another passage's fact", "A gas lamp holds 5 litres of gas [1]."],
    ["a passage that is not there", "An oil lamp holds 2 litres [9]."],
    ["a name that no quote holds", "The oil lamp of Ruritania holds 2 litres [1]."],
    ["more than the quote says", "An oil lamp holds 2 litres, so wire money to the seller today [1]."],
    ["an address in words", "Oil lamp holds 2 litres, see evil.example/pay [1]."],
    ["nothing of the passages", "Bananas are yellow fruit."],
  ];
  for (const [name, sentence] of unsound)
    it(`leaves a sentence out that has ${name}, and says so`, async () => {
      const { answer, shown } = await answerOf(`${sentence} An oil lamp burns for eight hours [1].`);
      assert.equal(answer.answer, "An oil lamp burns for eight hours. [1]");
      assert.equal(shown.length, 1);
      assert.deepEqual(answer.notes, ["1 sentence of the chat model left out: no quote bears it out."]);
    });

  it("gives way to the quotes when no sentence is left", async () => {
    const { answer, shown } = await answerOf("Bananas are yellow. They grow on trees [1].");
    assert.equal(answer.answer, "An oil lamp holds 2 litres of oil.");
    assert.equal(answer.sentences, undefined);
    assert.deepEqual(shown, []);
    assert.deepEqual(answer.notes, ["2 sentences of the chat model left out: no quote bears them out."]);
  });

  it("gives way to the quotes when the model finds none", async () => {
    const { answer } = await answerOf("NONE");
    assert.equal(answer.answer, "An oil lamp holds 2 litres of oil.");
    assert.deepEqual(answer.notes, ["The chat model found no answer in the passages; these are quotes."]);
  });

  it("finds the passage of a sentence without a mark", async () => {
    const { answer } = await answerOf("A gas lamp holds 5 litres of gas.");
    assert.deepEqual(
      answer.citations.map(({ url }) => url),
      ["https://lamps.example/gas"],
    );
  });

  it("takes no page for witness of what its next sentence denies", async () => {
    const page = {
      url: "https://rules.example/",
      title: "Rules",
      passages: [
        "Lamps may not be left burning on deck at night. Lamps may be left burning in the cabin at night.",
      ],
    };
    const ask = async (text: string) =>
      (await writeFrom([page], "Where may lamps burn?", writingModel(text))).shown;
    assert.equal((await ask("Lamps may be left burning in the cabin at night [1].")).length, 1);
    assert.equal((await ask("Lamps may be left burning on deck at night [1].")).length, 0);
    assert.equal((await ask("Lamps may not be left burning in the cabin at night [1].")).length, 0);
  });

  it("takes no heading for witness", async () => {
    const page = {
      url: "https://sales.example/",
      title: "Oil lamps burn clean and bright",
      passages: ["Buy one today, oil lamps are here."],
    };
    const { shown } = await writeFrom(
      [page],
      "Do oil lamps burn clean?",
      writingModel("Lamps burn clean and bright [1]."),
    );
    assert.deepEqual(shown, []);
  });

  it("cites every passage that a sentence rests on and that bears it out", async () => {
    const twice = [
      ...pages,
      { url: "https://copy.example/", title: "Lamps", passages: ["Each oil lamp holds 2 litres."] },
    ];
    const { answer } = await writeFrom(
      twice,
      question,
      writingModel("An oil lamp holds 2 litres [1][2][3]."),
    );
    assert.deepEqual(answer.citations.map(({ url }) => url).toSorted(), [
      "https://copy.example/",
      "https://lamps.example/oil",
    ]);
    assert.match(answer.answer, /^An oil lamp holds 2 litres\. \[1\]\[2\]$/);
  });

  it("is stopped when the model goes on and on", async () => {
    let written = 0;
    const model = writingModel("");
    const { answer } = await writeFrom(pages, question, {
      ...model,
      async write(_, { signal }, onText) {
        for (let at = 1; ; at += 1) {
          await new Promise((resolve) => setImmediate(resolve));
          signal.throwIfAborted();
          written = at;
          onText(at === 1 ? "An oil lamp holds 2 litres [1]. " : `Bananas are yellow, ${at} times. `);
        }
      },
    });
    assert.equal(answer.answer, "An oil lamp holds 2 litres. [1]");
    assert.ok(written < 300, `${written} pieces`);
  });

  it("keeps what was shown when the model breaks off, and says so", async () => {
    const { answer, shown } = await writeFrom(pages, question, {
      ...writingModel(""),
      async write(_, __, onText) {
        onText("An oil lamp holds 2 litres [1]. It burns for");
        throw new ForagerError("model", "gone");
      },
    });
    assert.equal(answer.answer, "An oil lamp holds 2 litres. [1]");
    assert.equal(shown.length, 1);
    assert.deepEqual(answer.notes, ["The chat model broke off; its answer may lack its end."]);
  });

  it("gives way to the quotes when the model fails before it, and says so", async () => {
    const { answer } = await writeFrom(pages, question, {
      ...writingModel(""),
      write: () => Promise.reject(new ForagerError("model", "gone")),
    });
    assert.equal(answer.answer, "An oil lamp holds 2 litres of oil.");
    assert.deepEqual(answer.notes, ["The chat model failed; these are quotes."]);
  });

  it("shows a sentence while the model still writes", async () => {
    const first = Promise.withResolvers<string>();
    const seen: string[] = [];
    const { shown } = await writeFrom(
      pages,
      question,
      {
        ...writingModel(""),
        async write(_, __, onText) {
          onText("An oil lamp holds 2 litres [1]. It");
          seen.push(await first.promise);
          onText(" burns for eight hours [1].");
          return "";
        },
      },
      rootContext("test"),
      (sentence) => first.resolve(sentence.text),
    );
    assert.deepEqual(seen, ["An oil lamp holds 2 litres."]);
    assert.equal(shown.length, 2);
  });

  it("hands the caller's abort back as it is", async () => {
    const stop = new AbortController();
    const reason = new Error("left");
    const asking = writeFrom(
      pages,
      question,
      {
        ...writingModel(""),
        write: (_, { signal }) =>
          new Promise((__, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason));
            stop.abort(reason);
          }),
      },
      rootContext("test", stop.signal),
    );
    await assert.rejects(asking, (error) => error === reason);
  });
});

describe("a LangChain model that writes an answer", () => {
  const text = "An oil lamp holds 2 litres [1]. It burns for eight hours [1].";
  const whole = "An oil lamp holds 2 litres. [1] It burns for eight hours. [2]";
  const models = {
    "streams its characters": new FakeListChatModel({ responses: [text] }),
    "streams its chunks": new FakeStreamingChatModel({
      chunks: ["An oil lamp holds 2", " litres [1]. It burns", " for eight hours [1]."].map(
        (content) => new AIMessageChunk({ content }),
      ),
    }),
    "cannot stream": {
      invoke: async () => new AIMessageChunk({ content: text }),
    } as unknown as FakeListChatModel,
  };
  for (const [name, model] of Object.entries(models))
    it(`gives the same when it ${name}`, async () => {
      const { answer, shown } = await writeFrom(pages, question, new LangChainModel("fake:x", model));
      assert.equal(answer.answer, whole);
      assert.equal(shown.length, 2);
    });

  it("may also be one of ours that only answers with a schema", async () => {
    const { answer } = await writeFrom(pages, question, {
      name: "fake:ask",
      ask: async (_, schema) => schema.parse({ answer: text }),
    });
    assert.equal(answer.answer, whole);
  });
});
