import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type JudgedAnswer, reportAbstention } from "../../src/rag/evaluation/abstention-report.ts";
import { describeReport } from "../../src/rag/evaluation/describe-report.ts";
import { scoreRanking } from "../../src/rag/evaluation/ranking-metrics.ts";
import { drawReliability } from "../../src/rag/evaluation/reliability-diagram.ts";
import { reportRetrieval } from "../../src/rag/evaluation/retrieval-report.ts";
import { drawRiskCoverage } from "../../src/rag/evaluation/risk-coverage-diagram.ts";

const scored = (id: string, words: readonly string[], vectors: readonly string[], group?: string) => {
  const grades = new Map([["good", 1]]);
  const bm25 = scoreRanking(words, grades);
  const dense = scoreRanking(vectors, grades);
  assert.ok(bm25 && dense);
  return { id, ...(group === undefined ? {} : { class: group }), scores: { bm25, dense } };
};
const queries = [
  scored("1", ["good"], ["bad", "good"], "short"),
  scored("2", ["bad"], ["good"], "long"),
  scored("3", ["bad", "good"], ["good"], "long"),
];

describe("the report on rankings", () => {
  it("has a row a strategy, with the mean difference to BM25 query by query", () => {
    const [bm25, dense] = reportRetrieval(["bm25", "dense"], queries, 1);
    const second = 1 / Math.log2(3);
    assert.equal(bm25?.difference, null);
    assert.equal(bm25?.ndcg10.value, (1 + 0 + second) / 3);
    assert.equal(dense?.ndcg10.value, (second + 1 + 1) / 3);
    const difference = dense.difference ?? assert.fail();
    assert.ok(Math.abs(difference.value - (dense.ndcg10.value - bm25.ndcg10.value)) < 1e-12);
    assert.equal(dense.queries, 3);
    assert.deepEqual(
      Object.entries(dense.classes).map(([name, { value }]) => [name, value]),
      [
        ["long", 1],
        ["short", second],
      ],
    );
  });

  it("leaves out a strategy that lacks a query, which could not be compared", () => {
    const partial = [...queries, { id: "4", scores: { bm25: queries[0]?.scores.bm25 ?? assert.fail() } }];
    assert.deepEqual(
      reportRetrieval(["bm25", "dense"], partial, 1).map(({ strategy }) => strategy),
      ["bm25"],
    );
    assert.deepEqual(reportRetrieval(["bm25"], [], 1), []);
  });
});

const answer = (
  confidence: number,
  isAnswerable: boolean,
  isRight: boolean,
  group?: string,
): JudgedAnswer => ({
  id: String(confidence),
  ...(group === undefined ? {} : { class: group }),
  confidence,
  abstained: confidence < 0.4,
  isAnswerable,
  isRight,
});
const answers = [
  answer(0.9, true, true),
  answer(0.8, true, false),
  answer(0.7, true, true),
  answer(0.3, true, true),
  answer(0.6, false, false, "near"),
  answer(0.1, false, false, "absent"),
  answer(0.2, false, false, "absent"),
];

describe("the report on answers", () => {
  it("tells answerable from unanswerable, wrong from right, and answered from refused", () => {
    const report = reportAbstention(answers, 1) ?? assert.fail();
    assert.equal(report.auc?.value, 11 / 12);
    assert.deepEqual(
      Object.entries(report.aucByClass).map(([name, { value }]) => [name, value]),
      [
        ["absent", 1],
        ["near", 3 / 4],
      ],
    );
    assert.equal(report.accuracyAt["100"], 1 - 4 / 7);
    assert.equal(report.accuracyAt["50"], 1 - 2 / 4);
    assert.equal(report.answeredShare, 4 / 7);
    assert.equal(report.answeredAccuracy, 1 / 2);
    assert.equal(report.falseAnswerRate?.value, 1 / 3);
    assert.equal(report.falseRefusalRate?.value, 1 / 4);
    assert.ok((report.aurc?.value ?? 0) >= (report.bestAurc ?? 1));
  });

  it("says null, and nothing wrong, where there is only one kind of question", () => {
    const report = reportAbstention(
      answers.filter(({ isAnswerable }) => isAnswerable),
      1,
    );
    assert.deepEqual([report?.auc, report?.falseAnswerRate], [null, null]);
    assert.equal(reportAbstention([], 1), undefined);
  });
});

const report = {
  forager: { version: "1.2.3", commit: "0123456789abcdef0123456789abcdef01234567" },
  seed: 5,
  resamples: 1_000,
  queries: { total: 9, judged: 9, scored: 3, asked: 7 },
  retrieval: reportRetrieval(["bm25", "dense"], queries, 5),
  abstention: reportAbstention(answers, 5) ?? null,
  notes: ["something to know"],
  rankings: queries,
  answers,
};

describe("the report for people", () => {
  it("is a table whose columns stand under their heads, and says how to get it again", () => {
    const lines = describeReport(report).split("\n");
    const [head = "", bm25 = "", dense = ""] = lines;
    assert.match(head, /^strategy +nDCG@10 +difference to BM25 +recall@5 +@20 +@100 +MRR@10 +queries$/);
    assert.match(bm25, /^BM25 +0\.544 \[0\.\d{3}, 1\.000\] +- +0\.667 +0\.667 +0\.667 +0\.500 +3$/);
    assert.match(dense, /^dense +0\.877 \[.*\] +\+0\.333 \[-0\.369, \+1\.000\] .* 3$/);
    assert.deepEqual(new Set([head.length, bm25.length, dense.length]).size, 1);
    assert.match(lines.at(-1) ?? "", /1000 .*seed 5; Forager 1\.2\.3, commit 0123456789ab\]$/);
    assert.ok(lines.includes("Note: something to know"));
  });

  it("tells in words what confidence is worth", () => {
    const text = describeReport(report);
    assert.match(text, /AUC of 0\.917 \[.*\] \(absent 1\.000 .*, near 0\.750 /);
    assert.match(text, /As configured 57 % are answered, 50 % of them right/);
    assert.match(text, /Of the unanswerable 33 % \[0 %, \d+ %\] get an answer all the same/);
  });

  it("does without what was not measured", () => {
    const text = describeReport({ ...report, retrieval: [], abstention: null, notes: [] });
    assert.match(text, /^\[95 % intervals/);
  });
});

const drawn = fc.array(
  fc.record({
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
    isRight: fc.boolean(),
    abstained: fc.boolean(),
    isAnswerable: fc.boolean(),
    id: fc.string(),
  }),
  { minLength: 1, maxLength: 12 },
);

describe("diagrams", () => {
  it("are well-formed, without a number that is none, and stay inside their frame", () => {
    fc.assert(
      fc.property(drawn, (given) => {
        const abstention = reportAbstention(given, 1) ?? assert.fail();
        for (const svg of [drawReliability(abstention), drawRiskCoverage(abstention)]) {
          assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
          assertBalanced(svg);
          for (const [, x, y] of svg.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)) {
            assert.ok(Number(x) >= 76 && Number(x) <= 476, x);
            assert.ok(Number(y) >= 84 && Number(y) <= 484, y);
          }
        }
      }),
      { numRuns: 8 },
    );
  });

  it("puts a bin's dot at what was stated and what was right, with its count below", () => {
    const svg = drawReliability(
      reportAbstention([answer(0.75, true, true), answer(0.75, true, false)], 1) ?? assert.fail(),
    );
    // 76 + .75 * 400, 84 + .5 * 400
    assert.match(svg, /<circle class="mark" cx="376" cy="284"/);
    assert.match(svg, /x="376" y="520">2<\/text>/);
  });

  it("puts the mark of the risk-coverage curve where the system stands", () => {
    const svg = drawRiskCoverage(reportAbstention(answers, 1) ?? assert.fail());
    // Four of seven answered, half of them wrong, on an axis that ends at .5.
    assert.match(svg, /<circle class="mark" cx="304.6" cy="\d+"/);
    assert.match(svg, /as configured/);
  });

  it("has colours for a dark page, and styles nothing but itself", () => {
    const svg = drawRiskCoverage(reportAbstention(answers, 1) ?? assert.fail());
    const [, style = ""] = /<style>(.*)<\/style>/s.exec(svg) ?? [];
    assert.match(style, /prefers-color-scheme: dark/);
    const selectors = [...style.matchAll(/^\s*([^\s@}][^{]*)\{/gm)].map(([, selector = ""]) => selector);
    assert.ok(selectors.length > 10 && selectors.every((selector) => selector.startsWith(".plot ")), style);
  });
});

/** Each element is closed, and by its own end: a strict parser would take it. */
function assertBalanced(svg: string): void {
  const open: string[] = [];
  for (const [, end, name = "", rest = ""] of svg.matchAll(/<(\/)?([a-z]+)([^<>]*)>/g)) {
    if (end) assert.equal(open.pop(), name);
    else if (!rest.endsWith("/")) open.push(name);
  }
  assert.deepEqual(open, []);
}
