import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { murmur3 } from "../../src/rag/text/murmur3.ts";
import { deniesAlike, isGrounded } from "../../src/rag/answering/ground.ts";

const span = "The tower, finished in 1889, is 1,063.5 feet tall and was never meant to stay.";

describe("groundedness of a claim", () => {
  const cases: [string, string, boolean][] = [
    ["its own words", span, true],
    [
      "a paraphrase that keeps most words",
      "The tower was finished in 1889 and was never meant to stay",
      true,
    ],
    ["numbers written another way", "The tower, never meant to stay, is 1063.5 feet tall", true],
    ["a number the span lacks", "The tower, never meant to stay, was finished in 1890", false],
    ["part of a number", "The tower, never meant to stay, is 1063 feet tall", false],
    ["the opposite", "The tower, finished in 1889, was meant to stay", false],
    [
      "a part that a denial elsewhere does not touch",
      "The tower was finished in 1889, 1063.5 feet tall",
      true,
    ],
    ["a denial of what the span says", "The tower, finished in 1889, is not 1,063.5 feet tall", false],
    [
      "one denial more, of which the rest is denied in both",
      "The tower was never meant to stay and never finished in 1889",
      false,
    ],
    ["other words", "Paris attracts visitors and never sleeps", false],
    ["no words at all", "It is.", false],
  ];
  for (const [name, claim, expected] of cases) {
    it(`${expected ? "accepts" : "refuses"} ${name}`, () =>
      assert.equal(isGrounded(claim, [span]), expected));
  }

  const denials: [string, string, string, boolean][] = [
    [
      "the same denial",
      "It does not enforce such a limit.",
      "The server doesn't enforce any such limits.",
      true,
    ],
    [
      "the opposite of a denial",
      "It does enforce such a limit.",
      "It does not enforce any such limit.",
      false,
    ],
    [
      "a denial the span lacks",
      "A warning will not be emitted for it.",
      "A warning will be emitted for an address that cannot be opened.",
      false,
    ],
    [
      "a denial of something else",
      "It is supported on Linux.",
      "It is supported on Linux; files are not locked there.",
      true,
    ],
    [
      "a word that is denied elsewhere",
      "It is used for lamps.",
      "It is used for lamps and must not be used for gas.",
      true,
    ],
    [
      "part of what is denied",
      "It is supported on Windows.",
      "It is not supported on Windows or Solaris.",
      false,
    ],
  ];
  for (const [name, claim, span, expected] of denials)
    it(`takes ${name} for ${expected ? "agreement" : "contradiction"}`, () =>
      assert.equal(deniesAlike(claim, span), expected));

  it("asks one span to bear the whole claim", () => {
    assert.equal(isGrounded("red apples and green pears", ["red", "apples", "green", "pears"]), false);
  });

  it("weighs words by how rare they are", () => {
    const rare = Math.abs(murmur3("zylophon") | 0);
    const idf = (term: number) => (term === rare ? 20 : 1);
    assert.equal(isGrounded("zylophon music concert", ["a music concert tonight"], idf), false);
    assert.equal(isGrounded("zylophon music concert", ["the zylophon"], idf), true);
  });

  it("accepts nothing without a span", () => assert.equal(isGrounded(span, []), false));
});
