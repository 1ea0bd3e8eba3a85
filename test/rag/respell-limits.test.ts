import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Respelling } from "../../src/rag/retrieval/respell.ts";

const letters = "abcdefghijklmnopqrstuvwxyz";

/** Words that no index has, each of so many letters. */
function unknownWords(count: number, length: number): string {
  return Array.from({ length: count }, (_none, at) =>
    Array.from({ length }, (_letter, place) => letters[(at * 7 + place * 11) % 26]).join(""),
  ).join(" ");
}

/** Of how many words one search asked the index, where it has none of them. */
async function lookedUp(question: string, pages: readonly string[] = []): Promise<number> {
  let count = 0;
  const respelling = new Respelling(question, {
    lookUp: async (terms) => {
      count += terms.length;
      return new Set();
    },
    isWord: async () => false,
  });
  await respelling.isWorthATry();
  count = 0;
  assert.equal(await respelling.by(pages), undefined);
  return count;
}

describe("a misspelt question", () => {
  it("has eight such words at most: of more none is looked for", async () => {
    assert.ok((await lookedUp(unknownWords(8, 9))) > 0);
    assert.equal(await lookedUp(unknownWords(9, 9)), 0);
  });

  it("has words that somebody can have typed", async () => {
    assert.ok((await lookedUp(unknownWords(1, 32))) > 0);
    assert.equal(await lookedUp(unknownWords(1, 4_000)), 0);
  });

  it("is not looked for with the letters of a script that has thousands of them", async () => {
    const syllables = Array.from({ length: 11_172 }, (_none, at) => String.fromCharCode(0xac00 + at)).join(
      "",
    );
    const word = unknownWords(1, 12);
    assert.equal(await lookedUp(word, [syllables]), await lookedUp(word));
    assert.equal(await lookedUp(syllables.slice(0, 12), [syllables]), 0);
    assert.ok((await lookedUp(word, ["Ðð Þþ"])) > (await lookedUp(word)));
  });
});
