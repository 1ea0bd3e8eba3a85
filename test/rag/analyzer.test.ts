import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { analyze, countTerms, termsOf } from "../../src/rag/text/analyzer.ts";
import { murmur3 } from "../../src/rag/text/murmur3.ts";
import { stopWords } from "../../src/rag/text/stop-words.ts";
import { ends } from "../ends.ts";

const signed = (word: string) => Math.abs(murmur3(word) | 0);

const letters = String.raw`[\p{Alphabetic}\p{M}]`;
const pairs = String.raw`[[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]&&${letters}]`;
const triples = String.raw`[[\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]&&${letters}]`;
const runs = new RegExp(
  `(?<two>${pairs}+)|(?<three>${triples}+)|[[\\p{Alphabetic}\\p{N}]--${pairs}--${triples}]+`,
  "gv",
);

/** The analyzer's rules as they are written down, one run of letters at a time. */
function plain(text: string): number[] {
  return [...text.matchAll(runs)].flatMap(({ 0: run, groups }) => {
    if (groups?.["two"] || groups?.["three"]) return grams(run, groups["two"] ? 2 : 3).map(signed);
    return stopWords.has(run.toLowerCase()) ? [] : [termsOf(run)[0] ?? -1];
  });
}

function grams(run: string, size: number): string[] {
  const characters = Array.from(run);
  if (characters.length <= size) return [run];
  return characters.slice(size - 1).map((_, at) => characters.slice(at, at + size).join(""));
}

describe("murmur3", () => {
  it("gives the ids that Qdrant gives to terms", () => {
    // Read off a Qdrant 1.18.3.
    const ids = {
      hello: 613153351,
      Hello: 316307400,
      run: 243905464,
      café: 605818632,
      привет: 993413998,
      "": 0,
    };
    for (const [word, id] of Object.entries(ids)) assert.equal(signed(word), id, word);
  });
});

describe("analyzer", () => {
  it("has the 179 stop words of NLTK", () => {
    assert.equal(stopWords.size, 179);
  });

  it("splits at all but letters and digits, drops stop words before stemming, and stems by Porter2", () => {
    const table: Readonly<Record<string, readonly string[]>> = {
      "The runners were running": ["runner", "run"],
      "snake_case-words, and.dots": ["snake", "case", "word", "dot"],
      "don't we'll it's": [],
      "STRASSE Straße": ["strass", "straße"],
      "version 3.14 of x86-64": ["version", "3", "14", "x86", "64"],
      "東京 привет 𝒳": ["東京", "привет", "𝒳"],
      // Scripts without spaces: every two letters, or every three where the script is an alphabet; one by itself as it is.
      "東京タワーの高さ、犬": ["東京", "京タ", "タワ", "ワー", "ーの", "の高", "高さ", "犬"],
      Node版は2024年まで: ["node", "版は", "2024", "年ま", "まで"],
      𠮷野家: ["𠮷野", "野家"],
      "วัดป่า ปี": ["วัด", "ัดป", "ดป่", "ป่า", "ปี"],
      "서울에서 만나요": ["서울에서", "만나요"],
      "a\u0000b\u200bc\ud800d": ["b", "c"],
      "": [],
    };
    for (const [text, terms] of Object.entries(table)) {
      assert.deepEqual(termsOf(text), terms.map(signed), text);
    }
  });

  it("gives the same counts as a plain reading of the rules", () => {
    // Any UTF-16, halves of pairs too.
    const units = fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes));
    fc.assert(
      fc.property(fc.oneof(units, fc.lorem()), (text) => {
        assert.deepEqual(termsOf(text), plain(text));
        assert.deepEqual(analyze(text), countTerms(plain(text)));
      }),
    );
    const mixed = fc.array(
      fc.constantFrom("東", "京", "の", "𠮷", "ー", "ป", "่", "ក", "서", "a", "Z", "7", " ", "、", "\ud842"),
    );
    fc.assert(
      fc.property(mixed, (characters) => {
        const text = characters.join("");
        assert.deepEqual(termsOf(text), plain(text));
      }),
    );
  });

  it("reads text of other scripts as Qdrant does: no term of it is a part of a word", () => {
    const scripts = fc.array(fc.constantFrom("ab", "É", "привет", "서울", "नमस्ते", "مرحبا", "9", " ", "-"));
    fc.assert(
      fc.property(scripts, (parts) => {
        const words = parts
          .join("")
          .split(/[^\p{Alphabetic}\p{N}]+/u)
          .filter((word) => word !== "");
        assert.equal(termsOf(parts.join("")).length, words.length);
      }),
    );
  });

  it("counts every term once, ids growing, and the length with repetitions", () => {
    const { ids, counts, length } = analyze("banana apple banana cherry BANANA the");
    assert.deepEqual(
      [...ids],
      [signed("appl"), signed("banana"), signed("cherri")].sort((a, b) => a - b),
    );
    assert.equal(counts[ids.indexOf(signed("banana"))], 3);
    assert.equal(length, 5);
  });

  it("gives ids and counts as recorded when it agreed with Qdrant 1.18.3 on all texts tried", () => {
    const recorded: Readonly<Record<string, Readonly<Record<number, number>>>> = {
      "Foragers gather berries; a forager who gathers shares what was gathered.": {
        732096411: 1,
        1158950729: 2,
        1181836714: 1,
        2099192796: 3,
      },
      "HTTP/3 isn’t TCP_based — QUIC streams are.": {
        264741300: 1,
        771713658: 1,
        884471572: 1,
        960218873: 1,
        1010104944: 1,
        1259712748: 1,
      },
    };
    for (const [text, counts] of Object.entries(recorded)) {
      const terms = analyze(text);
      assert.deepEqual(Object.fromEntries(Array.from(terms.ids, (id, at) => [id, terms.counts[at]])), counts);
    }
  });

  it("caps counts at what 16 bits hold", () => {
    const terms = countTerms(Array.from({ length: 70_000 }, () => 5));
    assert.deepEqual([...terms.counts], [65_535]);
    assert.equal(terms.length, 70_000);
  });

  it("reads a word of a million letters in linear time", () => {
    const word = "x".repeat(1_000_000);
    assert.equal(ends(() => termsOf(word)).length, 1);
  });
});
