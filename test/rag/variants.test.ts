import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { variantNames, variantsOf, type VariantName } from "../../src/rag/retrieval/variants.ts";

const textsOf = (question: string, ...names: readonly VariantName[]) =>
  variantsOf(question, names).map(({ text }) => text);

describe("wordings by rule", () => {
  for (const [name, question, expected] of [
    [
      "sentences",
      "How are good titles made for scientific articles? Which problems arise with approximate titles?",
      ["How are good titles made for scientific articles?", "Which problems arise with approximate titles?"],
    ],
    [
      "sentences",
      "Which methods retrieve scientific articles automatically? Give definitions where possible.",
      [],
    ],
    ["sentences", "How long is a line of a file?", []],
    ["keywords", "How do I set the size of a page?", ["set size page"]],
    ["statement", "How can I test my configuration?", ["To test my configuration"]],
    ["statement", "What is a worker?", ["a worker is"]],
    ["statement", "Why does the server stop?", ["the server stop because"]],
    ["statement", "First this? Then that?", []],
    ["identifiers", "What does DocumentRoot set?", ["What does Document Root set?"]],
    ["identifiers", "What does max_connections set?", []],
    ["phrases", 'Where does "out of memory" come from?', ["out of memory"]],
  ] as const) {
    it(`${name}: ${question}`, () => assert.deepEqual(textsOf(question, name), expected));
  }

  it("are few, each once, never the question itself, and light beside it", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (question) => {
        const made = variantsOf(question, variantNames);
        assert.ok(made.length <= 6);
        assert.equal(new Set(made.map(({ text }) => text)).size, made.length);
        assert.ok(
          made.every(({ text, weight }) => text.trim() !== "" && text !== question.trim() && weight < 1),
        );
      }),
    );
  });
});
