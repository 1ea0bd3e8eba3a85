import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { systemClock } from "../../src/clock.ts";
import { Answerer, notFound, type Answer } from "../../src/rag/answering/answer.ts";
import { AnswerOptions } from "../../src/rag/answering/answer-options.ts";
import type { Embedder } from "../../src/rag/embedder.ts";
import { HashingEmbedder } from "../../src/rag/embedders/hashing.ts";
import { Retriever } from "../../src/rag/retrieval/retrieve.ts";
import { RetrieveOptions } from "../../src/rag/retrieval/retrieve-options.ts";
import { SmallIndex, type SmallPage } from "./small-index.ts";

const pages: readonly SmallPage[] = [
  {
    url: "https://towers.test/iron",
    title: "The Iron Tower",
    passages: [
      { kind: "heading", text: "How tall is the Iron Tower" },
      "The Iron Tower stands by the river.  It was finished in 1889 by the engineer Anna Stahl. At the top the Iron Tower is 324 metres tall.",
      "Tickets are sold online. The lift closes at eleven.",
      { kind: "code", text: "tower.height = 324" },
    ],
  },
  {
    url: "https://towers.test/clock",
    title: "The Clock Tower",
    passages: [
      "The Clock Tower rings each hour. Its bell weighs 13 tonnes.",
      "Guides show the Clock Tower on Sundays.",
    ],
  },
  {
    url: "https://bread.test/",
    title: "Bread",
    passages: ["Bread needs flour, water and salt. Dough rests overnight."],
  },
];

async function ask(
  index: SmallIndex,
  question: string,
  { embedder, ...options }: Partial<AnswerOptions> & { readonly embedder?: Embedder } = {},
): Promise<Answer> {
  const retriever = new Retriever(
    { store: index.store, embedder, clock: systemClock },
    RetrieveOptions.parse({}),
  );
  const retrieval = await retriever.retrieve(question, { limit: 12 });
  return new Answerer({ store: index.store, embedder }, AnswerOptions.parse(options)).answer(
    question,
    retrieval,
  );
}

const quotesOf = ({ citations }: Answer) => citations.map(({ quote }) => quote);

function assertExact(index: SmallIndex, { citations }: Answer): void {
  for (const { url, quote, start, end, score } of citations) {
    assert.equal(index.archive.document(url)?.document.text.slice(start, end), quote);
    assert.ok(score >= 0 && score <= 1);
  }
}

for (const [name, embedder] of [
  ["words alone", undefined],
  ["an embedder", new HashingEmbedder({ dimensions: 512, isProven: true })],
] as const) {
  describe(`answering by ${name}`, () => {
    const options = embedder ? { embedder } : {};

    it("quotes the sentence that answers, at its exact place", async () => {
      using index = new SmallIndex(pages, embedder);
      const answer = await ask(index, "How tall is the Iron Tower?", options);
      assert.equal(answer.abstained, false);
      assert.ok(quotesOf(answer).includes("At the top the Iron Tower is 324 metres tall."));
      assert.match(answer.answer, /324 metres/);
      assert.ok(answer.confidence >= 0.4 && answer.confidence <= 1);
      assertExact(index, answer);
    });

    it("never quotes a heading, though it repeats the question", async () => {
      using index = new SmallIndex(pages, embedder);
      const answer = await ask(index, "How tall is the Iron Tower?", options);
      assert.ok(!quotesOf(answer).some((quote) => quote.startsWith("How tall")));
    });

    it("says that nothing was found, with the nearest sources, when the pages do not hold it", async () => {
      using index = new SmallIndex(pages, embedder);
      for (const question of [
        "Which spices go into a curry?",
        "Who composed the opera about the tower of London bridge?",
      ]) {
        const answer = await ask(index, question, options);
        assert.equal(answer.abstained, true, question);
        assert.equal(answer.answer, notFound);
        assert.ok(answer.confidence < 0.4);
        assertExact(index, answer);
      }
    });

    it("says that nothing was found in an empty index and for an empty question", async () => {
      using empty = new SmallIndex([], embedder);
      using index = new SmallIndex(pages, embedder);
      for (const answer of [await ask(empty, "How tall?", options), await ask(index, " ", options)]) {
        assert.equal(answer.abstained, true);
      }
    });

    it("gives no more sentences than asked for, and each once", async () => {
      using index = new SmallIndex(
        [...pages, { ...(pages[0] as SmallPage), url: "https://towers.test/mirror" }],
        embedder,
      );
      const question =
        "When was the Iron Tower finished, who built it and how tall is the Iron Tower at the top?";
      const one = await ask(index, question, { ...options, leastConfidence: 0, maxSentences: 1 });
      assert.equal(one.citations.length, 1);
      const more = await ask(index, question, { ...options, leastConfidence: 0 });
      assert.equal(new Set(quotesOf(more)).size, more.citations.length);
      assert.ok(more.citations.length <= 3);
    });

    it("adds a sentence that brings what the first lacks", async () => {
      using index = new SmallIndex(pages, embedder);
      const answer = await ask(
        index,
        "engineer Anna Stahl finished 1889 Iron Tower top 324 metres tall",
        options,
      );
      assert.match(answer.answer, /Anna Stahl/);
      assert.match(answer.answer, /324 metres/);
      assertExact(index, answer);
    });
  });
}

/** A page that says when the Iron Bridge opened. */
function town(url: string, year: number): SmallPage {
  return {
    url,
    title: "The Iron Bridge",
    passages: [`The Iron Bridge in Velden opened to traffic in ${year}.`, "Trams share it with cars."],
  };
}

/** Decides for the side that says 1961. */
async function forOld({ sides }: { readonly sides: readonly { readonly value: string }[] }): Promise<number> {
  return sides.findIndex(({ value }) => value === "1961");
}

function failing(): Promise<never> {
  return Promise.reject(new Error("no model"));
}

describe("sources that contradict each other", () => {
  const line: SmallPage = {
    url: "https://rail.test/iron",
    title: "Lines",
    passages: ["In 1964 the Iron Bridge in Velden opened, and line 3 has crossed it ever since."],
  };
  const question = "When did the Iron Bridge in Velden open?";

  it("are named, each side with its quotes, and the answer follows one of them", async () => {
    using index = new SmallIndex([
      town("https://gazette.test/bridge", 1961),
      town("https://atlas.test/bridge", 1964),
      line,
    ]);
    const answer = await ask(index, question);
    const [conflict] = answer.conflicts;
    assert.deepEqual(conflict?.sides.map(({ value }) => value).sort(), ["1961", "1964"]);
    assert.deepEqual([conflict?.by, conflict?.sides[conflict.chosen]?.value], ["majority", "1964"]);
    assert.match(answer.answer, /1964/);
    assert.doesNotMatch(answer.answer, /1961/);
    const cited = conflict?.sides.flatMap(({ citations }) => citations) ?? [];
    assert.equal(new Set(cited.map(({ url }) => url)).size, 3);
    assertExact(index, { ...answer, citations: cited });
  });

  it("leave less confidence than sources that agree", async () => {
    using agreed = new SmallIndex([
      town("https://gazette.test/bridge", 1964),
      town("https://atlas.test/b", 1964),
    ]);
    using torn = new SmallIndex([
      town("https://gazette.test/bridge", 1961),
      town("https://atlas.test/b", 1964),
    ]);
    const [sure, unsure] = [await ask(agreed, question), await ask(torn, question)];
    assert.deepEqual(sure.conflicts, []);
    assert.ok(unsure.confidence < sure.confidence);
  });

  it("are decided by whoever is asked to, and by rules where that fails", async () => {
    using index = new SmallIndex([
      town("https://gazette.test/bridge", 1961),
      town("https://atlas.test/bridge", 1964),
      line,
    ]);
    const retrieval = await new Retriever(
      { store: index.store, clock: systemClock },
      RetrieveOptions.parse({}),
    ).retrieve(question, { limit: 9 });
    const answerer = new Answerer({ store: index.store }, AnswerOptions.parse({}));
    const told = await answerer.answer(question, retrieval, undefined, { arbitrate: forOld });
    assert.deepEqual([told.conflicts[0]?.by, /1961/.test(told.answer)], ["arbitration", true]);
    const ruled = await answerer.answer(question, retrieval, undefined, { arbitrate: failing });
    assert.deepEqual([ruled.conflicts[0]?.by, /1964/.test(ruled.answer)], ["majority", true]);
  });
});

describe("answering", () => {
  it("quotes code when a page has nothing else", async () => {
    using index = new SmallIndex([
      {
        url: "https://code.test/",
        title: "Heights",
        passages: [{ kind: "code", text: "tower.height = 324" }],
      },
      ...pages.slice(2),
    ]);
    const answer = await ask(index, "tower height", { leastConfidence: 0 });
    assert.deepEqual(quotesOf(answer), ["tower.height = 324"]);
  });

  it("does not take an identifier that no page has for others that are made of its words", async () => {
    using index = new SmallIndex([
      {
        url: "https://codes.test/",
        title: "Result codes",
        passages: [
          "LAMP_BUSY means that the lamp is lit by another. Retry later.",
          "LAMP_RETRY means that the wick is short, and LAMP_LATER means that it is too early.",
        ],
      },
    ]);
    const known = await ask(index, "What does LAMP_BUSY mean?");
    assert.match(known.answer, /lit by another/);
    const unknown = await ask(index, "What does LAMP_RETRY_LATER mean?");
    assert.ok(unknown.confidence < known.confidence / 2, `${unknown.confidence} of ${known.confidence}`);
    assert.equal(unknown.abstained, true);
  });

  it("does not take an option that no page has for others that are made of its words", async () => {
    using index = new SmallIndex([
      {
        url: "https://options.test/",
        title: "Options",
        passages: [
          "--trim-wick=yes means that the wick is cut. The glass gets a polish each week.",
          "[no-]glass-check means that the glass is looked at.",
          "–wick-length means that the wick is as long as you say.",
        ],
      },
    ]);
    const known = await ask(index, "What does --trim-wick=no mean?");
    assert.match(known.answer, /wick is cut/);
    assert.equal((await ask(index, "What does --no-glass-check mean?")).abstained, false);
    for (const option of ["--trim", "--trim-glass", "--check-length"])
      assert.equal((await ask(index, `What does ${option} mean?`)).abstained, true, option);
  });

  it("takes an option's name for no question for what the name says", async () => {
    const text = "--wick-size=<number> [default: 16]\nThe wick is cut to so many threads before it is lit.";
    using index = new SmallIndex([
      { url: "https://options.test/", title: "Options", passages: [text, "A lamp has a wick, and oil."] },
    ]);
    const named = await ask(index, "What does --wick-size do?");
    assert.equal(named.abstained, false);
    assert.match(named.answer, /cut to so many threads/);
  });

  it("decides by words alone when the embedder is too slow for the sentences", async () => {
    const embedder = new HashingEmbedder({ dimensions: 512, isProven: true });
    using index = new SmallIndex(pages, embedder);
    await index.embed();
    embedder.embedTokens = () => new Promise(() => {});
    const answer = await ask(index, "How tall is the Iron Tower?", { embedder, compareBudgetMs: 30 });
    assert.match(answer.answer, /324 metres/);
    assert.match(answer.notes.join(), /^Words alone chose the quotes: Comparing passages/);
  });

  it("quotes a table's row where the question asks for a value", async () => {
    const page: SmallPage = {
      url: "https://db.test/limits",
      title: "Limits",
      passages: [
        "The limits are many, and a size is one of them.",
        { kind: "table", text: "Item\tUpper limit\nrelation size\t32 TB\nfield size\t1 GB" },
      ],
    };
    using index = new SmallIndex([page]);
    const answer = await ask(index, "What is the upper limit of the relation size?");
    assert.equal(answer.citations[0]?.quote, "relation size\t32 TB");
  });

  it("goes on to the value that the best sentence only introduces", async () => {
    const page: SmallPage = {
      url: "https://lamps.test/settings",
      title: "Settings",
      passages: [
        "The wick of a new lamp has its length from the factory. Longer ones burn brighter. It is 40 millimetres.",
      ],
    };
    using index = new SmallIndex([page]);
    const answer = await ask(index, "How long is the wick of a new lamp from the factory?", {
      leastConfidence: 0,
    });
    assert.match(answer.answer, /^The wick of a new lamp .* It is 40 millimetres\.$/);
    assertExact(index, answer);
  });

  it("joins a term with the sentence that says what it is", async () => {
    const glossary = [
      "Kiln\nAn oven in which clay is burned. It is hot.",
      "Loom\nA frame on which cloth is woven.",
    ];
    using index = new SmallIndex([
      { url: "https://craft.test/", title: "Words", passages: glossary },
      ...pages,
    ]);
    const answer = await ask(index, "What is a kiln?", { leastConfidence: 0, maxSentences: 1 });
    assert.deepEqual(quotesOf(answer), ["Kiln\nAn oven in which clay is burned."]);
    assert.equal(answer.answer, "Kiln An oven in which clay is burned.");
  });

  it("quotes to the letter whatever the pages hold", async () => {
    const piece = fc.constantFrom(
      "tower",
      "Tower.",
      "e.g. ",
      "3.14",
      "🦊",
      "東京。",
      "\n",
      "\n\n",
      " ",
      "“Quote!”",
      "naïve",
      "—",
      "\ud83e",
    );
    const passage = fc.array(piece, { minLength: 1, maxLength: 30 }).map((pieces) => `x${pieces.join(" ")}y`);
    await fc.assert(
      fc.asyncProperty(fc.array(passage, { minLength: 1, maxLength: 6 }), async (passages) => {
        using index = new SmallIndex([{ url: "https://odd.test/", title: "Odd tower", passages }]);
        const answer = await ask(index, "naïve tower 3.14 東京", { leastConfidence: 0 });
        assertExact(index, answer);
      }),
      { numRuns: 60 },
    );
  });
});
