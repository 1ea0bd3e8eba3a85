import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { bootstrap, bootstrapDifference, bootstrapMean, mean } from "../../src/rag/evaluation/bootstrap.ts";
import {
  areaUnderRiskCoverage,
  areaUnderRoc,
  calibrationError,
  reliabilityBins,
  riskAt,
  riskCoverage,
} from "../../src/rag/evaluation/confidence-metrics.ts";
import { ndcg, scoreRanking } from "../../src/rag/evaluation/ranking-metrics.ts";
import { seededRandom } from "../../src/rag/evaluation/seeded-random.ts";

const close = (actual: number | undefined, expected: number, within = 1e-9) =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) <= within, `${actual} is not ${expected}`);

const names = Array.from({ length: 12 }, (_, i) => `d${i}`);
const ranking = fc.subarray(names).chain((some) => fc.shuffledSubarray(some, { minLength: some.length }));
const grades = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...names), fc.integer({ min: -1, max: 3 })), {
    selector: ([name]) => name,
  })
  .map((pairs) => new Map(pairs));

describe("metrics of rankings", () => {
  it("gives the figures that trec_eval gives", () => {
    // By hand, with linear gains: DCG = 1/log2(2) + 3/log2(4) + 2/log2(5), ideal = 3 + 2/log2(3) + 1/log2(4) + 1/log2(5).
    const scores = scoreRanking(
      ["a", "x", "b", "c", "y"],
      new Map([
        ["a", 1],
        ["b", 3],
        ["c", 2],
        ["d", 1],
        ["y", 0],
      ]),
    );
    close(scores?.ndcg10, 3.3613531161467862 / 5.192536065088143);
    close(scores?.recall5, 3 / 4);
    close(scores?.recall20, 3 / 4);
    close(scores?.mrr10, 1);
    close(scores?.averagePrecision, (1 / 1 + 2 / 3 + 3 / 4) / 4);
  });

  it("looks only as deep as it says", () => {
    const deep = Array.from({ length: 101 }, (_, i) => `d${i}`);
    const at = (rank: number) => scoreRanking(deep, new Map([[`d${rank - 1}`, 1]]));
    for (const [rank, expected] of [
      [5, [1, 1, 1, 1 / 5, 1 / Math.log2(6)]],
      [6, [0, 1, 1, 1 / 6, 1 / Math.log2(7)]],
      [10, [0, 1, 1, 1 / 10, 1 / Math.log2(11)]],
      [11, [0, 1, 1, 0, 0]],
      [20, [0, 1, 1, 0, 0]],
      [21, [0, 0, 1, 0, 0]],
      [100, [0, 0, 1, 0, 0]],
      [101, [0, 0, 0, 0, 0]],
    ] as const) {
      const { recall5, recall20, recall100, mrr10, ndcg10 } = at(rank) ?? assert.fail();
      assert.deepEqual([recall5, recall20, recall100, mrr10, ndcg10], expected, `rank ${rank}`);
    }
  });

  it("stays between 0 and 1 for nDCG, which is 1 exactly for an order by grade", () => {
    fc.assert(
      fc.property(ranking, grades, (ranked, judged) => {
        const value = ndcg(ranked, judged, 10);
        assert.ok(value >= 0 && value <= 1 + 1e-12, String(value));
        const gains = (list: readonly string[]) =>
          list.slice(0, 10).map((name) => Math.max(judged.get(name) ?? 0, 0));
        const ideal = [...judged.keys()].sort(
          (one, other) => (judged.get(other) ?? 0) - (judged.get(one) ?? 0),
        );
        const isIdeal = gains(ideal).every((gain, index) => gain === (gains(ranked)[index] ?? 0));
        if (gains(ideal).some((gain) => gain > 0)) {
          close(ndcg(ideal, judged, 10), 1);
          assert.equal(value > 1 - 1e-9, isIdeal);
        }
      }),
    );
  });

  it("gives a document credit once, and a repeated one no place", () => {
    fc.assert(
      fc.property(ranking, grades, fc.nat(), (ranked, judged, seed) => {
        const random = seededRandom(seed);
        const repeated = ranked.flatMap((name, index) =>
          random() < 0.5 ? [name] : [name, ranked[Math.floor(random() * (index + 1))] ?? name],
        );
        assert.deepEqual(scoreRanking(repeated, judged), scoreRanking(ranked, judged));
      }),
    );
  });

  it("never gets worse when a relevant document moves up", () => {
    fc.assert(
      fc.property(ranking, grades, fc.nat(), (ranked, judged, at) => {
        const index = 1 + (at % Math.max(ranked.length - 1, 1));
        const [before, here] = [ranked[index - 1], ranked[index]];
        if (before === undefined || here === undefined) return;
        if (Math.max(judged.get(here) ?? 0, 0) <= Math.max(judged.get(before) ?? 0, 0)) return;
        const better = ranked.with(index - 1, here).with(index, before);
        const [low, high] = [scoreRanking(ranked, judged), scoreRanking(better, judged)];
        for (const [metric, value] of Object.entries(low ?? {}))
          assert.ok((high?.[metric as "ndcg10"] ?? 0) >= value - 1e-12, metric);
      }),
    );
  });

  it("is perfect with ten relevant documents, however many more there are", () => {
    const many = Array.from({ length: 14 }, (_, i) => `d${i}`);
    const scores = scoreRanking(many.slice(0, 10), new Map(many.map((name) => [name, 2])));
    close(scores?.ndcg10, 1);
    close(scores?.recall100, 10 / 14);
  });

  it("has no figure where nothing is relevant", () => {
    assert.equal(scoreRanking(["a"], new Map([["a", 0]])), undefined);
  });
});

const onlyWithOne = (sample: readonly number[]) => (sample.includes(1) ? sample.length : undefined);

const stated = fc.array(
  fc.record({
    confidence: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.25, 0.5, 1)),
    isRight: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
);

describe("metrics of confidence", () => {
  it("has the AUC that comparing all pairs gives", () => {
    const values = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(values, values, (positives, negatives) => {
        const wins = positives.flatMap((high) =>
          negatives.map((low) => (high > low ? 1 : high === low ? 0.5 : 0)),
        );
        close(areaUnderRoc(positives, negatives), mean(wins) ?? Number.NaN);
      }),
    );
  });

  it("has no AUC without both kinds", () => {
    assert.equal(areaUnderRoc([], [1]), undefined);
    assert.equal(areaUnderRoc([1], []), undefined);
  });

  it("puts everything in one of ten bins, 1 in the last", () => {
    fc.assert(
      fc.property(stated, (answers) => {
        const bins = reliabilityBins(answers);
        assert.equal(bins.length, 10);
        assert.equal(
          bins.reduce((sum, { count }) => sum + count, 0),
          answers.length,
        );
        for (const { from, to, count, meanConfidence } of bins)
          if (count > 0) assert.ok(meanConfidence >= from - 1e-9 && meanConfidence <= to + 1e-9);
      }),
    );
    assert.equal(reliabilityBins([{ confidence: 1, isRight: true }])[9]?.count, 1);
  });

  it("has the calibration error of an example worked by hand", () => {
    const answers = [
      { confidence: 0.95, isRight: true },
      { confidence: 0.91, isRight: false },
      { confidence: 0.32, isRight: false },
      { confidence: 0.38, isRight: true },
    ];
    // |1 - 1.86| / 4 + |1 - .7| / 4
    close(calibrationError(answers), 0.29);
  });

  it("is off by .05 when no more than each bin begins with is right", () => {
    const answers = Array.from({ length: 100 }, (_, i) => {
      const tenth = Math.floor(i / 10);
      return { confidence: tenth / 10 + 0.05, isRight: i % 10 < tenth };
    });
    close(calibrationError(answers), 0.05);
  });

  it("draws a risk-coverage curve whose points are what a threshold gives", () => {
    fc.assert(
      fc.property(stated, (answers) => {
        const curve = riskCoverage(answers);
        for (const { threshold, coverage, risk } of curve) {
          const given = answers.filter(({ confidence }) => confidence >= threshold);
          close(coverage, given.length / answers.length);
          close(risk, given.filter(({ isRight }) => !isRight).length / given.length);
        }
        close(curve.at(-1)?.coverage, 1);
      }),
    );
  });

  it("does not depend on the order of what is given, ties or not", () => {
    fc.assert(
      fc.property(stated, (answers) => {
        close(areaUnderRiskCoverage(answers.toReversed()), areaUnderRiskCoverage(answers) ?? Number.NaN);
        close(riskAt(answers.toReversed(), 0.9), riskAt(answers, 0.9) ?? Number.NaN);
      }),
    );
  });

  it("has an area of the whole risk when all are equally sure, and the least with the right ones first", () => {
    const answers = [true, false, true, false].map((isRight) => ({ confidence: 0.5, isRight }));
    close(areaUnderRiskCoverage(answers), 0.5);
    const sorted = answers.map(({ isRight }) => ({ confidence: Number(isRight), isRight }));
    close(areaUnderRiskCoverage(sorted), (0 + 0 + 1 / 3 + 2 / 4) / 4);
  });

  it("takes the surest nine of ten for a coverage of .9", () => {
    const answers = Array.from({ length: 10 }, (_, i) => ({ confidence: i / 10, isRight: i > 0 }));
    close(riskAt(answers, 0.9), 0);
    close(riskAt(answers, 1), 0.1);
  });
});

describe("bootstrap", () => {
  it("gives the same for the same seed, and holds the value", () => {
    const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(values, fc.nat(), (given, seed) => {
        const { value, interval90, interval95 } = bootstrapMean(given, seed) ?? assert.fail();
        assert.deepEqual(bootstrapMean(given, seed), { value, interval90, interval95 });
        assert.ok(interval95[0] <= interval90[0] && interval90[1] <= interval95[1]);
        assert.ok(interval95[0] >= Math.min(...given) - 1e-9 && interval95[1] <= Math.max(...given) + 1e-9);
      }),
      { numRuns: 20 },
    );
  });

  it("ends its intervals of a mean where theory puts them: 1.960 and 1.645 standard errors away", () => {
    const random = seededRandom(8);
    const values = Array.from({ length: 400 }, random);
    const value = mean(values) ?? assert.fail();
    const variance = values.reduce((sum, each) => sum + (each - value) ** 2, 0) / values.length;
    const { interval95, interval90 } = bootstrapMean(values, 1) ?? assert.fail();
    const ends = [...interval95, ...interval90].map((end) => (end - value) / Math.sqrt(variance / 400));
    for (const [index, expected] of [-1.96, 1.96, -1.645, 1.645].entries()) close(ends[index], expected, 0.2);
  });

  it("covers the true mean about as often as it says", () => {
    const random = seededRandom(7);
    const covered = { interval90: 0, interval95: 0 };
    const rounds = 200;
    for (let round = 0; round < rounds; round += 1) {
      const estimate = bootstrapMean(
        Array.from({ length: 60 }, () => random() ** 2),
        round,
      );
      for (const interval of ["interval90", "interval95"] as const) {
        const [from, to] = estimate?.[interval] ?? assert.fail();
        covered[interval] += Number(from <= 1 / 3 && 1 / 3 <= to);
      }
    }
    // Three standard errors of a share of 200 draws: .064 and .046.
    assert.ok(Math.abs(covered.interval90 / rounds - 0.9) < 0.065, String(covered.interval90));
    assert.ok(Math.abs(covered.interval95 / rounds - 0.95) < 0.047, String(covered.interval95));
  });

  it("sees a small gain that every query has, which the queries' own spread would hide", () => {
    const random = seededRandom(3);
    const baseline = Array.from({ length: 50 }, () => random());
    const better = baseline.map((value) => value + 0.01 + 0.005 * random());
    const { interval95 } = bootstrapDifference(better, baseline, 1) ?? assert.fail();
    assert.ok(interval95[0] > 0.009);
    assert.ok((bootstrapMean(better, 1)?.interval95[0] ?? 1) < (mean(baseline) ?? 0));
  });

  it("leaves out samples that allow no figure, and has none for no items", () => {
    assert.equal(bootstrap([0, 0, 1], onlyWithOne, 1)?.interval95[0], 3);
    assert.equal(bootstrap([0], onlyWithOne, 1), undefined);
    assert.equal(bootstrapMean([], 1), undefined);
  });

  it("draws numbers evenly from 0 up to 1", () => {
    const random = seededRandom(42);
    const counts = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 20_000; i += 1) {
      const at = Math.floor(random() * 10);
      counts[at] = (counts[at] ?? 0) + 1;
    }
    // Chi-square with nine degrees of freedom: above 27.9 once in a thousand seeds.
    const chiSquare = counts.reduce((sum, count) => sum + (count - 2_000) ** 2 / 2_000, 0);
    assert.ok(chiSquare < 27.9, String(chiSquare));
  });
});
