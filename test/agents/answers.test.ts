import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createAnswerValidator } from "../../src/agents/ground-answer.ts";
import { readSeeds } from "../../src/agents/planner.ts";
import { fillPrompt } from "../../src/agents/prompt.ts";
import type { WrittenAnswer } from "../../src/agents/written-answer.ts";
import { rootContext } from "../../src/context.ts";
import { joinAnswers } from "../../src/jobs/ask.ts";
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
const answer = (over: Partial<WrittenAnswer> = {}): WrittenAnswer => ({
  question: "How much does a lamp hold?",
  answer: "A lamp holds 2 litres.",
  confidence: 0.9,
  abstained: false,
  citations: [cite("A lamp holds 2 litres.")],
  conflicts: [],
  notes: [],
  ...over,
});

describe("planning a crawl", () => {
  it("names a crawl by its seeds, in whatever order they stand", () => {
    assert.equal(
      readSeeds(["example.org", "https://EXAMPLE.com/a#b"]).key,
      readSeeds(["https://example.com/a", "https://example.org/"]).key,
    );
    assert.throws(() => readSeeds(["ftp://example.org/"]), /ftp/);
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

  it("drops the sentences of a written answer that rest on such quotes alone, and numbers the rest anew", async () => {
    const gone = { ...cite("It is not sold abroad."), url: "https://example.org/gone" };
    const checked = await validator.run(
      answer({
        citations: [gone, cite("Lamps burn oil."), cite("A lamp holds 2 litres.")],
        sentences: [
          { text: "It is not sold.", numbers: [1] },
          { text: "A lamp holds 2 litres.", numbers: [3] },
          { text: "Lamps burn oil.", numbers: [1, 2] },
        ],
      }),
      context,
    );
    assert.equal(checked.answer, "A lamp holds 2 litres. [1] Lamps burn oil. [2]");
    assert.deepEqual(
      checked.citations.map(({ quote }) => quote),
      ["A lamp holds 2 litres.", "Lamps burn oil."],
    );
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

  it("keep each its sentences with their quotes, numbered through", () => {
    const one = answer({ sentences: [{ text: "A lamp holds 2 litres.", numbers: [1] }] });
    const quoted = answer({
      answer: "Lamps burn oil.",
      citations: [cite("Lamps burn oil."), cite("A lamp")],
    });
    const joined = joinAnswers("all", [one, answer({ abstained: true }), quoted, one]);
    assert.equal(
      joined.answer,
      "A lamp holds 2 litres. [1]\nLamps burn oil.\nA lamp holds 2 litres. [4]\nNot found in the indexed pages: How much does a lamp hold?",
    );
    assert.equal(joined.citations[3]?.quote, "A lamp holds 2 litres.");
    assert.deepEqual(
      joined.sentences?.map(({ numbers }) => numbers),
      [[1], [4]],
    );
  });

  it("tell each misspelt word once", () => {
    const lapm = { written: "lapm", read: "lamp", kind: "spelling" } as const;
    const oli = { written: "oli", read: "oil", kind: "spelling" } as const;
    const parts = [answer({ corrections: [lapm] }), answer({ corrections: [oli, lapm] })];
    assert.deepEqual(joinAnswers("both", parts).corrections, [lapm, oli]);
  });

  it("are none when no part found anything", () => {
    const lost = answer({ abstained: true });
    assert.equal(joinAnswers("both", [lost, lost]).abstained, true);
  });
});

describe("prompts", () => {
  it("fill their fields and leave none open", () => {
    const prompts = [
      fillPrompt("plan-question", { mark: "abc", most: 4 }),
      fillPrompt("write-answer", { mark: "abc", most: 4 }),
      fillPrompt("arbitrate", { mark: "abc" }),
    ];
    assert.match(prompts[0] ?? "", /at most 4 parts/);
    for (const prompt of prompts) {
      assert.match(prompt, /the mark abc\b/);
      assert.doesNotMatch(prompt, /\{\{/);
    }
  });
});
