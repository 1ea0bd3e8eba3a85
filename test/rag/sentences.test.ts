import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { sentenceRanges } from "../../src/rag/text/sentences.ts";
import { ends } from "../ends.ts";

const sentencesOf = (text: string) => sentenceRanges(text).map(({ start, end }) => text.slice(start, end));

describe("sentences", () => {
  const table: Readonly<Record<string, readonly string[]>> = {
    "One ends. Two ends! Three?": ["One ends.", "Two ends!", "Three?"],
    "Dr. Smith met J. R. Jones. They spoke.": ["Dr. Smith met J. R. Jones.", "They spoke."],
    "Use a tool, e.g. Hammer, in the U.S. Army. It costs 3.50 euros.": [
      "Use a tool, e.g. Hammer, in the U.S. Army.",
      "It costs 3.50 euros.",
    ],
    "See node.js v1.2.3. Then go on.": ["See node.js v1.2.3.", "Then go on."],
    'He said "Stop." Then he left.': ['He said "Stop."', "Then he left."],
    "Really?! Yes (at last). Good…": ["Really?!", "Yes (at last).", "Good…"],
    "今日は晴れ。明日は雨！「本当？」そう。": ["今日は晴れ。", "明日は雨！", "「本当？」", "そう。"],
    "दुकान बंद है। कल खुलेगी। کب کھلے گی؟ کل۔ ဆိုင်ပိတ်သည်။ ហាងបិទ។": [
      "दुकान बंद है।",
      "कल खुलेगी।",
      "کب کھلے گی؟",
      "کل۔",
      "ဆိုင်ပိတ်သည်။",
      "ហាងបិទ។",
    ],
    "A title\nA first sentence that follows it.": ["A title", "A first sentence that follows it."],
    "This line was wrapped by hand since it would be too long for\nthe screen. Next.": [
      "This line was wrapped by hand since it would be too long for\nthe screen.",
      "Next.",
    ],
    "35.3.1. Creating an object\n35.3.2. Reading it": ["35.3.1. Creating an object", "35.3.2. Reading it"],
    "This parameter can only be set when the server is started.\nwork_mem (integer)\nSets it.": [
      "This parameter can only be set when the server is started.",
      "work_mem (integer)",
      "Sets it.",
    ],
    "  \n ": [],
    "": [],
  };
  for (const [text, expected] of Object.entries(table)) {
    it(`cuts ${JSON.stringify(text)}`, () => assert.deepEqual(sentencesOf(text), expected));
  }

  it("covers all but white space, in order, each once, within the part asked for", () => {
    const text = fc.string({
      unit: fc.constantFrom("a", "b", " ", "A", ".", "!", "\n", "。", "」", '"', "1"),
    });
    const holds = fc.property(text, fc.nat(20), fc.nat(40), (text, first, length) => {
      const from = Math.min(first, text.length);
      const to = Math.min(from + length, text.length);
      let at = from;
      for (const { start, end } of sentenceRanges(text, from, to)) {
        assert.ok(start >= at && end > start && end <= to);
        assert.equal(text.slice(at, start).trim(), "");
        assert.equal(text.slice(start, end).trim(), text.slice(start, end));
        at = end;
      }
      assert.equal(text.slice(at, to).trim(), "");
    });
    fc.assert(holds);
  });

  it("reads three million characters without an end, and comes to one itself", () => {
    const text = "a, ".repeat(1_000_000);
    assert.equal(ends(() => sentenceRanges(text)).length, 1);
  });
});
