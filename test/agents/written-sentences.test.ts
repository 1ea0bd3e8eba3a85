import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type DraftSentence, SentenceReader } from "../../src/agents/written-sentences.ts";

/** Reads a text in pieces of one length. */
function read(text: string, size = text.length): DraftSentence[] {
  const reader = new SentenceReader();
  const sentences: DraftSentence[] = [];
  for (let at = 0; at < text.length; at += size) sentences.push(...reader.push(text.slice(at, at + size)));
  return [...sentences, ...reader.end()];
}

function wordsOf(sentences: readonly DraftSentence[]): readonly string[] {
  return (
    sentences
      .map(({ text }) => text)
      .join(" ")
      .match(/\p{L}+/gu) ?? []
  );
}

const two = [
  { text: "A lamp holds 2 litres.", cited: [1] },
  { text: "It burns oil.", cited: [2] },
];

describe("a model's text, cut into sentences", () => {
  const forms: readonly [string, string, readonly DraftSentence[]][] = [
    ["marks before the full stop", "A lamp holds 2 litres [1]. It burns oil [2].", two],
    ["marks behind it", "A lamp holds 2 litres. [1] It burns oil. [2]", two],
    ["marks without a space", "A lamp holds 2 litres.[1] It burns oil.[2]", two],
    [
      "a list",
      "- A lamp holds 2 litres [1]\n- It burns oil [2]",
      [
        { text: "A lamp holds 2 litres", cited: [1] },
        { text: "It burns oil", cited: [2] },
      ],
    ],
    [
      "a heading and numbers",
      "## Lamps\n1. A lamp holds 2 litres. [1]\n2. It burns oil. [2]",
      [{ text: "Lamps", cited: [] }, ...two],
    ],
    [
      "several marks",
      "It burns [1][3], and shines [2, 5] [7-9].",
      [{ text: "It burns, and shines.", cited: [1, 3, 2, 5, 7, 8, 9] }],
    ],
    [
      "marks of other models",
      "It burns 【4†source】. It shines [^2].",
      [
        { text: "It burns.", cited: [4] },
        { text: "It shines.", cited: [2] },
      ],
    ],
    [
      "thinking aloud",
      "<think>It holds 3 litres [1]. Or not.</think>\nA lamp holds 2 litres [1].",
      [{ text: "A lamp holds 2 litres.", cited: [1] }],
    ],
    ["thinking without end", "<think>It holds 3 litres [1]. It", []],
    [
      "brackets that cite nothing",
      "Use list[0] or [x]. Then a[b",
      [
        { text: "Use list[0] or [x].", cited: [] },
        { text: "Then a[b", cited: [] },
      ],
    ],
    [
      "a sentence that begins with a name in code",
      "Dots end it, e.g. here [1]. jsonb holds keys, approx. 9 of them [2]. work_mem is set [3].",
      [
        { text: "Dots end it, e.g. here.", cited: [1] },
        { text: "jsonb holds keys, approx. 9 of them.", cited: [2] },
        { text: "work_mem is set.", cited: [3] },
      ],
    ],
    ["no sentence", " [1] \n--- \n", []],
  ];
  for (const [name, text, sentences] of forms)
    it(`reads ${name}`, () => {
      for (const size of [1, 2, 7, text.length]) assert.deepEqual(read(text, size), sentences, `by ${size}`);
    });

  it("gives a sentence as soon as the next has begun, and not before", () => {
    const reader = new SentenceReader();
    assert.deepEqual(reader.push("A lamp holds 2 litres."), []);
    assert.deepEqual(reader.push(" [1"), []);
    assert.deepEqual(reader.push("] "), []);
    assert.deepEqual(reader.push("It"), [two[0]]);
  });

  it("is the same however it comes", () => {
    const word = fc.constantFrom(
      "lamp",
      "2.5",
      "e.g. oil",
      "[1]",
      "[2, 3]",
      ".",
      ". ",
      "?",
      "\n",
      " ",
      "- ",
      "[",
      "]",
      "<",
    );
    const holds = fc.property(
      fc.array(word, { maxLength: 30 }),
      fc.integer({ min: 1, max: 9 }),
      (words, size) => {
        const text = words.join("");
        assert.deepEqual(wordsOf(read(text, size)), wordsOf(read(text)));
      },
    );
    fc.assert(holds);
  });
});
