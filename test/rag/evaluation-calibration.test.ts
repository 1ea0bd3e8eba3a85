import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { OptionsError } from "../../src/errors.ts";
import {
  chooseDenseWeight,
  denseWeights,
  leastJudgedQueries,
  provenWeight,
  unprovenWeight,
} from "../../src/rag/calibration/dense-weight.ts";
import { fitLogistic, fitPlatt, probabilityOf } from "../../src/rag/calibration/logistic.ts";
import { splitHalf } from "../../src/rag/calibration/split-half.ts";
import { ndcg } from "../../src/rag/evaluation/ranking-metrics.ts";
import { seededRandom } from "../../src/rag/evaluation/seeded-random.ts";
import type { RankedHit } from "../../src/rag/fusion.ts";
import { weighted } from "../../src/rag/fusions/weighted.ts";

const close = (actual: number | undefined, expected: number, within = 1e-6) =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) <= within, `${actual} is not ${expected}`);
const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));

describe("logistic regression", () => {
  it("finds the solution that two groups have in closed form", () => {
    // Without a ridge the fit gives each group its own share: 1 of 4 at x = 0, 3 of 5 at x = 1.
    const rows = [0, 0, 0, 0, 1, 1, 1, 1, 1].map((x) => [x]);
    const { intercept, weights } = fitLogistic(rows, [1, 0, 0, 0, 1, 1, 1, 0, 0], { ridge: 0 });
    close(intercept, Math.log(1 / 3));
    close(weights[0], Math.log(3 / 2) - Math.log(1 / 3));
  });

  it("stands where nothing can be gained: the gradient is nil", () => {
    const row = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 });
    const example = fc.tuple(row, fc.constantFrom(0, 0.2, 1));
    fc.assert(
      fc.property(
        fc.array(example, { minLength: 2, maxLength: 40 }),
        fc.double({ min: 0.01, max: 5, noNaN: true }),
        (examples, ridge) => {
          const rows = examples.map(([each]) => each);
          const labels = examples.map(([, label]) => label);
          if (new Set(labels).size < 2) return;
          const model = fitLogistic(rows, labels, { ridge });
          const errors = rows.map((each, index) => probabilityOf(model, each) - (labels[index] ?? 0));
          close(
            errors.reduce((sum, error) => sum + error, 0),
            0,
          );
          for (const [feature, weight] of model.weights.entries())
            close(
              errors.reduce(
                (sum, error, index) => sum + error * (rows[index]?.[feature] ?? 0),
                ridge * weight,
              ),
              0,
            );
        },
      ),
    );
  });

  it("finds again what it was drawn from", () => {
    const random = seededRandom(11);
    const rows = Array.from({ length: 20_000 }, () => [random() * 2 - 1, random() * 2 - 1]);
    const labels = rows.map(([x = 0, y = 0]) => Number(random() < sigmoid(0.5 + 2 * x - y)));
    const { intercept, weights } = fitLogistic(rows, labels, { ridge: 1 });
    close(intercept, 0.5, 0.08);
    close(weights[0], 2, 0.15);
    close(weights[1], -1, 0.1);
  });

  it("stays finite where a line tells the labels apart", () => {
    const { intercept, weights } = fitLogistic([[-100], [-50], [50], [100]], [0, 0, 1, 1], { ridge: 0.001 });
    assert.ok(Number.isFinite(intercept) && (weights[0] ?? 0) > 0);
  });

  for (const [what, rows, labels] of [
    ["no rows", [], []],
    ["a label too few", [[1], [2]], [1]],
    ["rows of several lengths", [[1], [2, 3]], [0, 1]],
    ["what is no number", [[Number.NaN], [1]], [0, 1]],
    ["one kind of label", [[1], [2]], [1, 1]],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => fitLogistic(rows, labels, { ridge: 1 }), OptionsError);
    });
  }

  it("scales scores to chances that rise with them and never claim certainty, by Platt", () => {
    const random = seededRandom(5);
    const scores = Array.from({ length: 400 }, () => random() * 10);
    const model = fitPlatt(
      scores,
      scores.map((score) => random() < sigmoid(score - 5)),
    );
    close(probabilityOf(model, [5]), 0.5, 0.1);
    close(probabilityOf(model, [7]), sigmoid(2), 0.1);
    const sure = fitPlatt([1, 2, 3, 4], [false, false, true, true]);
    assert.ok(probabilityOf(sure, [4]) > 0.6 && probabilityOf(sure, [4]) < 0.9);
    close(probabilityOf(fitPlatt([1, 2, 3], [true, true, true]), [2]), 4 / 5, 1e-3);
  });
});

describe("halves", () => {
  it("keeps everything once and groups together, the same for the same seed", () => {
    const items = fc.array(fc.record({ group: fc.constantFrom("a", "b", "c", "d", "e"), value: fc.nat() }));
    fc.assert(
      fc.property(items, fc.nat(), (given, seed) => {
        const [fit, report] = splitHalf(given, ({ group }) => group, seed);
        assert.deepEqual(new Set([...fit, ...report]), new Set(given));
        assert.equal(fit.length + report.length, given.length);
        const groupsOf = (half: typeof given) => new Set(half.map(({ group }) => group));
        assert.equal(groupsOf(given).size, groupsOf(fit).size + groupsOf(report).size);
        assert.ok([0, 1].includes(groupsOf(fit).size - groupsOf(report).size));
        assert.deepEqual(
          splitHalf(given, ({ group }) => group, seed),
          [fit, report],
        );
      }),
    );
  });

  it("differs with the seed", () => {
    const items = Array.from({ length: 12 }, (_, i) => String(i));
    const halves = [1, 2, 3, 4].map((seed) => splitHalf(items, (item) => item, seed)[0].join());
    assert.ok(new Set(halves).size > 1);
  });
});

function ranked(scoreOf: (id: number) => number): RankedHit[] {
  return Array.from({ length: 60 }, (_, id) => ({ id, score: scoreOf(id) }))
    .sort((one, other) => other.score - one.score)
    .slice(0, 30);
}

/** Queries over made-up documents: BM25 that finds the relevant ones, and vectors that are worth `strength`. */
function makeTrials(queries: number, strength: number, seed: number) {
  const random = seededRandom(seed);
  const drawn = Array.from({ length: queries }, () => {
    const grades = new Map(Array.from({ length: 3 }, () => [String(Math.floor(random() * 60)), 1]));
    const relevance = (id: number) => grades.get(String(id)) ?? 0;
    return {
      grades,
      words: ranked((id) => relevance(id) * 0.5 + random()),
      vectors: ranked((id) => relevance(id) * strength + random()),
    };
  });
  return denseWeights.map((weight) => ({
    weight,
    scores: drawn.map(({ grades, words, vectors }) => {
      const fused = weighted([
        { retriever: "words", weight: 1 - weight, hits: words },
        { retriever: "vectors", weight, hits: vectors },
      ]);
      return ndcg(
        fused.map(({ id }) => String(id)),
        grades,
        10,
      );
    }),
  }));
}

describe("the dense weight", () => {
  it("is 0 with vectors that are noise, in 95 of 100 draws of the queries at least", () => {
    const trials = makeTrials(300, 0, 1);
    const random = seededRandom(2);
    let wrong = 0;
    for (let draw = 0; draw < 200; draw += 1) {
      const picked = Array.from({ length: 60 }, () => Math.floor(random() * 300));
      const choice = chooseDenseWeight(
        trials.map(({ weight, scores }) => ({ weight, scores: picked.map((index) => scores[index] ?? 0) })),
      );
      assert.equal(choice.kind, "chosen");
      wrong += Number(choice.kind === "chosen" && choice.weight > 0);
    }
    assert.ok(wrong <= 10, `${wrong} of 200`);
  });

  it("rises with what the vectors are worth, and its gain can be counted on", () => {
    const weights = [0, 0.5, 2].map((strength) => {
      const choice = chooseDenseWeight(makeTrials(200, strength, 3));
      assert.ok(choice.kind === "chosen");
      assert.ok(choice.weight === 0 || choice.gain > choice.standardError);
      return choice.weight;
    });
    const [none = 1, some = 0, much = 0] = weights;
    assert.ok(none === 0 && some > none && much > some, String(weights));
  });

  it("takes the highest mean less one standard error, not the highest mean", () => {
    const words = Array.from({ length: 50 }, () => 0.5);
    const steady = words.map(() => 0.53);
    // A mean of .06 with a standard error of .034: surely above 0, but by less than .03.
    const wild = words.map((value, index) => (index < 3 ? value + 1 : value));
    const choice = chooseDenseWeight([
      { weight: 0, scores: words },
      { weight: 0.3, scores: steady },
      { weight: 0.6, scores: wild },
    ]);
    assert.ok(choice.kind === "chosen");
    assert.equal(choice.weight, 0.3);
    close(choice.gain, 0.03);
  });

  it("is not chosen from too few queries", () => {
    assert.deepEqual(chooseDenseWeight(makeTrials(49, 1, 1)), {
      kind: "too-few",
      queries: 49,
      needed: leastJudgedQueries,
    });
  });

  it("follows the ratio of pseudo-queries for an unproven embedder", () => {
    for (const [ratio, weight] of [
      [0, 0],
      [0.3, 0],
      [0.65, 0.2],
      [1, 0.4],
      [3, 0.4],
    ] as const)
      close(unprovenWeight(ratio), weight, 1e-12);
  });

  it("is only ever lowered by pseudo-queries for a proven one, and only below half", () => {
    for (const [ratio, weight] of [
      [0.1, 0],
      [0.44, 0.08],
      [0.5, 0.5],
      [2, 0.5],
    ] as const)
      close(provenWeight(ratio, 0.5), weight, 1e-12);
    close(provenWeight(0.44, 0.05), 0.05, 1e-12);
  });
});
