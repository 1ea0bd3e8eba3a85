import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { answerSpan } from "../../src/rag/answering/answer-span.ts";
import { KindsAsked } from "../../src/rag/answering/kinds.ts";
import { chancesOf, countWords, likeliestRun, shortened } from "../../src/rag/answering/quote-run.ts";
import { lacksValue, missingNumbers } from "../../src/rag/answering/value-asked.ts";
import { leastSupport, meanSupport, supportOf } from "../../src/rag/answering/word-support.ts";
import { HashingEmbedder } from "../../src/rag/embedders/hashing.ts";

/** Sentences of a text, each with its chance. */
function page(parts: readonly (readonly [quote: string, chance: number])[], gap = " ") {
  const text = parts.map(([quote]) => quote).join(gap);
  const sentences = parts.map(([quote, chance]) => {
    const start = text.indexOf(quote);
    return { url: "a", start, end: start + quote.length, chance, isRow: false, opensEntry: false };
  });
  const run = (given = sentences) =>
    likeliestRun(given, () => text).map(({ start, end }) => text.slice(start, end));
  return { text, sentences, run };
}

describe("a run of sentences", () => {
  it("is the neighbours that together hold the answer most probably", () => {
    assert.deepEqual(
      page([
        ["One.", 0.01],
        ["Two.", 0.4],
        ["Three.", 0.3],
        ["Four.", 0.01],
      ]).run(),
      ["Two.", "Three."],
    );
  });

  it("does not go from the text of one entry into the next entry", () => {
    const { sentences, run } = page([
      ["Most columns. There may be 2,000.", 0.3],
      ["Fewer can be asked for.", 0.3],
      ["Longest statement. It has a million bytes.", 0.3],
    ]);
    const entries = sentences.map((sentence, at) => ({ ...sentence, opensEntry: at !== 1 }));
    assert.deepEqual(run(entries), ["Most columns. There may be 2,000.", "Fewer can be asked for."]);
  });

  it("counts two letters as a word where words are not parted", () => {
    assert.equal(countWords("複式簿記とは何ですか？"), 5);
    assert.equal(countWords("GnuCash で口座を開く。 Then save."), 6);
    assert.equal(countWords("one two, three"), 3);
  });

  it("leaves out a neighbour that is unlikely beside the best", () => {
    assert.deepEqual(
      page([
        ["One.", 0.01],
        ["Two.", 0.9],
        ["Three.", 0.02],
      ]).run(),
      ["Two."],
    );
  });

  it("reaches over no heading, no row and no more than 40 words", () => {
    assert.deepEqual(
      page(
        [
          ["One.", 0.5],
          ["Two.", 0.45],
        ],
        "\n\nHeading\n\n",
      ).run(),
      ["One."],
    );
    const { run, sentences } = page([
      ["One.", 0.5],
      ["Two.", 0.45],
    ]);
    assert.deepEqual(run(sentences.map((sentence) => ({ ...sentence, isRow: true }))), ["One."]);
    assert.deepEqual(
      page([
        ["word ".repeat(25) + "a.", 0.5],
        ["word ".repeat(25) + "b.", 0.45],
      ]).run().length,
      1,
    );
  });

  it("may be one long sentence, of which the part that is worth most is shown", () => {
    const long = `${"word ".repeat(30)}first, then the default is 20 metres, and ${"more ".repeat(30)}end.`;
    const { start, end } = shortened(long, { start: 0, end: long.length }, 40, (part) =>
      Number(part.includes("default")),
    );
    assert.ok(countWords(long.slice(start, end)) <= 40);
    assert.match(long.slice(start, end), /the default is 20 metres/);
  });

  it("is cut to a verbatim part of its own, whatever it holds", () => {
    const piece = fc.constantFrom("word", "a,", "b;", "(c)", "\n", "—", "東京。", " ");
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 200 }), fc.nat(20), (pieces, limit) => {
        const text = pieces.join(" ");
        const { start, end } = shortened(
          text,
          { start: 0, end: text.length },
          limit + 1,
          (part) => part.length % 7,
        );
        assert.ok(start >= 0 && end <= text.length && start <= end);
        assert.ok(countWords(text.slice(start, end)) <= limit + 1);
      }),
    );
  });

  it("has chances that make 1", () => {
    const chances = chancesOf([700, 699, -5]);
    assert.ok(Math.abs(chances.reduce((sum, chance) => sum + chance, 0) - 1) < 1e-9);
    assert.ok((chances[0] ?? 0) > (chances[1] ?? 0));
    assert.deepEqual(chancesOf([]), []);
  });
});

describe("the value in a quote", () => {
  const table: readonly [question: string, quote: string, value: string | undefined][] = [
    ["How tall is the tower?", "At the top the tower is 324 metres tall.", "324 metres"],
    ["What is the default of work_mem?", "The default value is four megabytes (4MB).", "four megabytes"],
    ["How many seconds is it by default?", "Default: KeepAliveTimeout 5", "KeepAliveTimeout 5"],
    ["What does GIL stand for?", "The GIL (global interpreter lock) is held.", "global interpreter lock"],
    ["Who wrote heapq?", "It was contributed by Kevin O'Connor in 2002.", "Kevin O'Connor"],
    ["When was Python 2.0 released?", "Python 2.0 was released in October 2000.", "2000"],
    ["Which option removes folders?", "With -D the cleaner only counts; use --purge for it.", "-D"],
    ["How many columns has table 7?", "Table 7 has 1,600 columns.", "1,600 columns"],
    ["What is a partial index?", "A partial index is built over a subset.", undefined],
    ["How many are there?", "There are many.", undefined],
    ["How long may .htaccess be?", "A line has 16 MiB at most. In .htaccess it is 8190.", "8190"],
    ["How many characters has the salt?", "The salt is in Base64, max 8 chars.", "8 chars"],
  ];
  for (const [question, quote, value] of table) {
    it(`is ${value ?? "not marked"} for "${question}"`, () => {
      const words = question.toLowerCase().match(/[\w.]+\w/gu) ?? [];
      const worthOf = (sentence: string) =>
        words.filter((word) => sentence.toLowerCase().includes(word)).length;
      const span = answerSpan(question, quote, worthOf);
      assert.equal(span && quote.slice(span.start, span.end), value);
    });
  }
});

describe("a quote on the subject", () => {
  it("lacks the value where a year, an amount or a person is asked for and it names none of its own", () => {
    for (const [question, quote, isLacking] of [
      ["In which year did 2.4 come out?", "As of 2.4 the interface is stable.", true],
      ["In which year did 2.4 come out?", "Version 2.4 came out in 2012.", false],
      ["How many workers can it run?", "It runs workers side by side.", true],
      ["How many workers can it run?", "It runs sixteen or 20 workers.", false],
      ["How many of the 20 workers wait?", "All 20 workers wait.", true],
      ["Who wrote the module?", "The module makes it easy to write programs.", true],
      ["Who wrote the module?", "The module was written by Ada Stahl.", false],
      ["How do I write a module?", "Nothing here.", false],
    ] as const) {
      assert.equal(lacksValue(question, quote), isLacking, `${question} ${quote}`);
    }
  });

  it("misses a number that the question gives and no text does", () => {
    assert.equal(missingNumbers("When was Python 3.14 released?", ["Python 3.1 and 14 others"]), 1);
    assert.equal(missingNumbers("When was Python 3.14 released?", ["", "Since Python 3.14."]), 0);
  });

  it("holds kinds of thing that are asked for, or lacks them", () => {
    const kinds = new KindsAsked("How many bytes does it take by default?");
    assert.deepEqual(kinds.heldBy("The default is 8."), { held: 2, lacking: 0 });
    assert.deepEqual(kinds.heldBy("It takes some."), { held: 0, lacking: 2 });
  });
});

describe("the support of a question's words", () => {
  const embedder = new HashingEmbedder({ dimensions: 256 });
  const compare = (words: readonly string[], passage: readonly string[]) =>
    supportOf(words, [passage], embedder.embedTokens.bind(embedder), new AbortController().signal);

  it("is that of the nearest word of a sentence, of sentence and heading, and of the whole passage", async () => {
    const [support] = await compare(
      ["tower", "bell?"],
      ["The tower", "Its bell rings.", "Tickets are sold."],
    );
    const [first, second] = support?.parts ?? [];
    assert.ok((first?.own[1] ?? 0) > 0.99 && (first?.own[0] ?? 1) < 0.9);
    assert.ok((first?.inPlace[0] ?? 0) > 0.99);
    assert.ok((second?.own[1] ?? 1) < 0.9);
    assert.ok(support?.whole.every((cosine) => (cosine ?? 0) > 0.99));
  });

  it("leaves out words and parts without pieces", async () => {
    const [support] = await compare(["tower", "—"], ["", "tower", "…"]);
    assert.equal(support?.whole[1], undefined);
    assert.equal(support?.parts[1], undefined);
    assert.ok(meanSupport(support?.whole ?? []) > 0.99);
    assert.equal(meanSupport([undefined]), 0);
  });

  it("is weighed by the words' weights, and the least is that of a word with a weight", () => {
    assert.ok(Math.abs(meanSupport([1, 0.5, undefined], [3, 1, 9]) - 0.875) < 1e-9);
    assert.equal(leastSupport([0.9, 0.2, 0.6], [1, 0, 1]), 0.6);
    assert.equal(leastSupport([], []), 0);
  });
});
