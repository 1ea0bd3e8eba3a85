import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Block } from "../../src/document.ts";
import { calibrated, chooseCurve, type KnownAnswer } from "../../src/rag/calibration/confidence-curve.ts";
import { readCalibration } from "../../src/rag/calibration/calibration.ts";
import { PseudoQueries, type SourcePage } from "../../src/rag/calibration/pseudo-queries.ts";
import { seededRandom } from "../../src/rag/evaluation/seeded-random.ts";
import { ends } from "../ends.ts";

const body =
  "Every worker handles one request at a time, and the server starts as many workers as it needs for them. ".repeat(
    3,
  );

function page(
  url: string,
  parts: readonly (readonly [Block["kind"], string, number?])[],
  markdown = "",
): SourcePage {
  let text = "";
  const blocks = parts.map(([kind, words, level = 0]): Block => {
    if (text !== "") text += "\n\n";
    const start = text.length;
    text += words;
    return { kind, start, end: text.length, level };
  });
  return { url, document: { text, blocks, markdown } };
}

const take = (pages: readonly SourcePage[], least = 0, seed = 1) => {
  const made = new PseudoQueries((url) => url.replace(/#.*$/u, ""), seed);
  for (const each of pages) made.add(each);
  const urls = new Set(pages.map(({ url }) => url));
  return made.take((url) => urls.has(url), least);
};

describe("pseudo-queries", () => {
  it("ask the texts of links for the pages they lead to, and only for pages that are indexed", () => {
    const markdown =
      "[Worker processes](https://a.test/workers#top) and [here](https://a.test/workers), ![a picture of workers](https://a.test/p.png), " +
      "[Log files explained](https://elsewhere.test/logs), [This same page](https://a.test/) [\\*Request\\* `handling` rules](https://a.test/workers)";
    const queries = take([page("https://a.test/", [], markdown), page("https://a.test/workers", [])]);
    assert.deepEqual(queries.map(({ kind, text, url }) => `${kind} ${text} ${url}`).sort(), [
      "anchor Request handling rules https://a.test/workers",
      "anchor Worker processes https://a.test/workers",
    ]);
  });

  it("ask headings for their section, up to the next of their level, without number and without the heading itself", () => {
    const source = page("https://a.test/", [
      ["heading", "4.2. Worker processes", 2],
      ["paragraph", body],
      ["heading", "Inner workings told", 3],
      ["paragraph", body],
      ["heading", "Log files", 2],
      ["paragraph", "Short."],
    ]);
    const queries = take([source]);
    const { text } = source.document;
    assert.deepEqual(
      new Map(queries.map((query) => [query.text, text.slice(query.start, query.end).trim()])),
      new Map([
        ["Worker processes", text.slice("4.2. Worker processes".length, text.indexOf("Log files")).trim()],
        ["Inner workings told", body.trim()],
      ]),
    );
    assert.ok(queries.every(({ start, text: words }) => !text.slice(start, start + 30).includes(words)));
  });

  it("fill up with words of sentences only where there are too few others", () => {
    const source = page("https://a.test/", [["paragraph", body]]);
    assert.deepEqual(take([source]), []);
    const [query] = take([source], 1);
    assert.equal(query?.kind, "sentence");
    const words = query.text.split(" ");
    assert.ok(words.length >= 2 && words.length <= 6);
    assert.ok(query.start > 0 && words.every((word) => body.includes(word)));
  });

  it("are the same for the same seed, others for another, and bounded however many pages there are", () => {
    const pages = Array.from({ length: 900 }, (_, at) =>
      page(`https://a.test/${at}`, [
        ["heading", `Workers chapter${at}`, 1],
        ["paragraph", body],
      ]),
    );
    const queries = take(pages, 150);
    assert.deepEqual(take(pages, 150), queries);
    assert.notDeepEqual(take(pages, 150, 2), queries);
    assert.equal(queries.length, 300);
    assert.ok(new Set(queries.map(({ url }) => Math.floor(Number(url.slice(15)) / 100))).size === 9);
  });

  it("never break on what pages hold", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), fc.string(), (text, markdown) => {
        const source: SourcePage = {
          url: "https://a.test/",
          document: { text, markdown, blocks: [{ kind: "heading", start: 0, end: text.length, level: 1 }] },
        };
        for (const query of take([source], 5)) assert.ok(query.start <= query.end);
      }),
    );
    const hostile = page("https://a.test/", [], "[".repeat(600_000));
    ends(() => take([hostile]));
  });
});

describe("the confidence curve", () => {
  const random = seededRandom(3);
  /** Answers that are right as often as `chance` of their confidence says. */
  const answers = (count: number, chance: (confidence: number) => number): KnownAnswer[] =>
    Array.from({ length: count }, (_, at) => {
      const confidence = random();
      return { id: String(at), confidence, isRight: random() < chance(confidence) };
    });

  it("leaves a confidence alone that says what it means, and 1 and 0 as they are", () => {
    assert.equal(
      chooseCurve(
        answers(400, (confidence) => confidence),
        1,
      ).kind,
      "kept",
    );
    assert.ok(Math.abs(calibrated({ slope: 1, intercept: 0 }, 0.3) - 0.3) < 1e-12);
  });

  it("corrects one that claims too much", () => {
    const choice = chooseCurve(
      answers(600, (confidence) => confidence ** 3),
      1,
    );
    assert.equal(choice.kind, "chosen");
    assert.ok(choice.kind === "chosen" && Math.abs(calibrated(choice.curve, 0.8) - 0.51) < 0.1);
  });

  it("is not taken from few answers, nor where it would trust the less sure more", () => {
    assert.equal(
      chooseCurve(
        answers(99, (confidence) => confidence),
        1,
      ).kind,
      "too-few",
    );
    assert.equal(
      chooseCurve(
        answers(300, () => 0.99),
        1,
      ).kind,
      "too-few",
    );
    assert.equal(
      chooseCurve(
        answers(600, (confidence) => 1 - confidence),
        1,
      ).kind,
      "kept",
    );
  });
});

describe("a kept calibration", () => {
  const kept = { embedder: "a", denseWeight: 0.4, basis: "labels", queries: 60, chosenAt: 5 };

  it("counts for the vectors it was measured with, and only where it can be read", () => {
    assert.equal(readCalibration(kept, "a")?.denseWeight, 0.4);
    assert.equal(readCalibration(kept, "b"), undefined);
    for (const broken of [undefined, 7, {}, { ...kept, denseWeight: 2 }, { ...kept, more: 1 }])
      assert.equal(readCalibration(broken, "a"), undefined);
  });
});
