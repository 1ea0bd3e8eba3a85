import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { OptionsError } from "../../src/errors.ts";
import { DocumentNames } from "../../src/rag/evaluation/document-names.ts";
import { readJudgedQueries } from "../../src/rag/evaluation/judged-query.ts";

const file = (path: string, ...lines: readonly string[]) => ({ path, text: lines.join("\n") });

describe("queries and qrels", () => {
  it("takes TREC lines and JSON lines, and adds up what both files say", () => {
    const queries = file(
      "queries.jsonl",
      '\uFEFF{"id": 1, "query": "one", "class": "short"}',
      "",
      "two words\r",
      '{"question": "four?", "answerable": false}',
      '{"id": "five", "query": "5?", "expected": "^5$"}',
    );
    const qrels = file(
      "qrels.txt",
      "1 0 a.html 2",
      "1\t0\tb.html\t0",
      '{"id": "3", "relevant": ["c", 7]}',
      '{"id": "five", "relevant": {"https://example.org/d": 3}, "answerable": true}',
    );
    assert.deepEqual(readJudgedQueries(queries, qrels), [
      {
        id: "1",
        text: "one",
        class: "short",
        grades: new Map([
          ["a.html", 2],
          ["b.html", 0],
        ]),
      },
      {
        id: "3",
        text: "two words",
        grades: new Map([
          ["c", 1],
          ["7", 1],
        ]),
      },
      { id: "4", text: "four?", grades: new Map(), isAnswerable: false },
      {
        id: "five",
        text: "5?",
        grades: new Map([["https://example.org/d", 3]]),
        isAnswerable: true,
        expected: /^5$/u,
      },
    ]);
  });

  const one = file("q", '{"id": "1", "query": "one"}', '{"id": "2", "query": "two"}');
  for (const [what, queries, qrels, message] of [
    ["a query that is no JSON", file("q", "fine", "{no"), undefined, /^q, line 2: not JSON/],
    ["a line without a query", file("q", '{"id": 1}'), undefined, /^q, line 1: a query is/],
    [
      "an id that comes twice",
      file("q", '{"id": 2, "query": "a"}', "b"),
      undefined,
      /^q, line 2: .*"2" already/,
    ],
    ["a file without queries", file("q", "", " "), undefined, /^q: holds no query/],
    ["queries without any judgement", one, undefined, /^q: nothing says/],
    ["a TREC line with too few columns", one, file("r", "1 0 a"), /^r, line 1: it is neither/],
    ["a TREC line with too many columns", one, file("r", "1 0 a 1 x"), /^r, line 1: it is neither/],
    ["a grade that is no number", one, file("r", "1 0 a 1", "2 0 a yes"), /^r, line 2: it is neither/],
    [
      "qrels of an unknown query",
      one,
      file("r", "1 0 a 1", "", "9 0 a 1"),
      /^r, line 3: .*no query "9" in q/,
    ],
    ["qrels without an id", one, file("r", '{"relevant": ["a"]}'), /^r, line 1: the "id"/],
    ["two grades of one document", one, file("r", "1 0 a 1", "1 0 a 2"), /^r, line 2: "a" has the grade 1/],
    ["a wrong type", one, file("r", '{"id": 1, "relevant": "a"}'), /^r, line 1: relevant/],
    ["a broken pattern", one, file("r", '{"id": 1, "expected": "("}'), /^r, line 1: "expected" is no/],
    [
      "an expected answer to an unanswerable question",
      one,
      file("r", '{"id": 1, "expected": "x"}', '{"id": 1, "answerable": false}'),
      /^r, line 2: query "1" cannot/,
    ],
  ] as const) {
    it(`names file and line of ${what}`, () => {
      assert.throws(
        () => readJudgedQueries(queries, qrels),
        (error) => error instanceof OptionsError && message.test(error.message),
      );
    });
  }

  it("reads, or says what is wrong with, anything", () => {
    const line = fc.oneof(fc.string(), fc.json(), fc.constantFrom("1 0 a 1", '{"id":"1","query":"x"}'));
    const text = fc.array(line).map((lines) => lines.join("\n"));
    fc.assert(
      fc.property(text, text, (queries, qrels) => {
        try {
          for (const { id, grades } of readJudgedQueries(file("q", queries), file("r", qrels)))
            assert.ok(id !== "" && grades instanceof Map);
        } catch (error) {
          assert.ok(error instanceof OptionsError, String(error));
        }
      }),
    );
  });
});

/** The scheme and the host's case do not matter here. */
const keyOf = (url: string) => url.toLowerCase().replace(/#.*/, "");
const namesOver = (names: readonly string[], urls: readonly string[]) => {
  const known = new DocumentNames(names, keyOf);
  for (const url of urls) known.add(url);
  return known;
};
const urls = [
  "http://h.org/guide/setup.html",
  "http://h.org/guide/setup-more.html",
  "http://h.org/api/setup.html",
  "http://h.org/12.htm",
  "http://h.org/112.htm",
];

describe("names of documents", () => {
  for (const [name, fitting] of [
    ["HTTP://H.org/guide/setup.html#top", [0]],
    ["http://h.org/guide/setup", []],
    ["guide/setup.html", [0]],
    ["/guide/setup", [0]],
    ["./guide/setup", [0]],
    ["h.org/guide/setup.html", [0]],
    ["setup", [0, 2]],
    ["uide/setup", []],
    ["12", [3]],
    ["setup-more.html", [1]],
  ] as const) {
    it(`finds ${fitting.length} page(s) for ${name}`, () => {
      const known = namesOver([name], urls);
      const { ranking, grades } = known.align(urls, new Map([[name, 1]]));
      assert.deepEqual(
        ranking.flatMap((document, index) => (grades.has(document) ? [index] : [])),
        fitting,
      );
      assert.deepEqual(known.missing, fitting.length === 0 ? [name] : []);
      assert.deepEqual(known.ambiguous, fitting.length > 1 ? [name] : []);
    });
  }

  it("takes two names of one page for one document, with the higher grade", () => {
    const [url = ""] = urls;
    const judged = new Map([
      ["guide/setup", 1],
      [url, 3],
    ]);
    const { ranking, grades } = namesOver([...judged.keys()], urls).align([url], judged);
    assert.deepEqual([...grades.values()], [3]);
    assert.equal(grades.get(ranking[0] ?? ""), 3);
  });

  it("never takes an unjudged page for a judged document", () => {
    const { ranking, grades } = namesOver(["12"], urls).align(
      ["12", "http://h.org/112.htm"],
      new Map([["12", 1]]),
    );
    assert.ok(ranking.every((document) => !grades.has(document)));
  });
});
