import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isSpeltOut } from "../../src/rag/answering/spelt-out.ts";

const texts: readonly (readonly [abbreviation: string, text: string, isSpelt: boolean])[] = [
  ["WAL", "It has a write-ahead log.", true],
  ["MVCC", "Multiversion concurrency control lets many read.", true],
  ["POS", "A point of the sale is meant.", true],
  ["OTA", "Over the air, that is.", true],
  ["SQL", "postgreSQL", false],
  ["WAL", "rewrite ahead log", false],
  ["WAL", "write, ahead log", false],
  ["WAL", "write ahead l", false],
  ["WAL", "write 2 ahead logs", false],
];

describe("an abbreviation", () => {
  for (const [abbreviation, text, isSpelt] of texts) {
    it(`${abbreviation} is ${isSpelt ? "" : "not "}written out by "${text}"`, () => {
      assert.equal(isSpeltOut(abbreviation, text), isSpelt);
    });
  }

  it("is looked for once in a word that can be parted in a thousand million ways", () => {
    assert.equal(isSpeltOut("AAAAAB", "a".repeat(200_000)), false);
  });
});
