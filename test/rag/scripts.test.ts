import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mainScript } from "../../src/rag/text/scripts.ts";

describe("the main script of a text", () => {
  const table: Readonly<Record<string, string | undefined>> = {
    "Wie groß ist das Mühlrad?": "Latin",
    "What does 設定 mean?": "Latin",
    APIの設定はどこですか: "Ideographic",
    ソフトウェア: "Ideographic",
    "Какой высоты маяк?": "Cyrillic",
    "달빛 찻집": "Hangul",
    วัดป่าบัวทอง: "Thai",
    გამარჯობა: "other",
    "3.14 + 2": undefined,
    "": undefined,
  };
  for (const [text, script] of Object.entries(table))
    it(`is ${script ?? "none"} for ${JSON.stringify(text)}`, () => assert.equal(mainScript(text), script));
});
