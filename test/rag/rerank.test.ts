import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { rerank } from "../../src/rag/retrieval/rerank.ts";
import type { Reranker } from "../../src/rag/reranker.ts";
import { RetrieveOptions } from "../../src/rag/retrieval/retrieve-options.ts";
import { Retriever } from "../../src/rag/retrieval/retrieve.ts";
import { SmallIndex } from "./small-index.ts";

/** Says by a rule how well a text fits. */
function reranker(rule: (text: string) => number): Reranker & { readonly asked: string[][] } {
  const asked: string[][] = [];
  return {
    id: "by rule",
    asked,
    async score(_query, texts) {
      asked.push([...texts]);
      return texts.map(rule);
    },
    async [Symbol.asyncDispose]() {},
  };
}

const hits = [0.9, 0.8, 0.7, 0.2].map((score, id) => ({ id, score, parts: {} }));

describe("reranking", () => {
  it("takes half of the joined score and half of the reranker's chance", async () => {
    const order = await rerank(
      "q",
      hits,
      ["a", "b", "c"],
      reranker((text) => (text === "c" ? 9 : -9)),
      undefined,
    );
    assert.deepEqual(
      order.map(({ id }) => id),
      [2, 0, 1, 3],
    );
    assert.ok(Math.abs((order[0]?.score ?? 0) - (0.35 + 0.5 / (1 + Math.exp(-9)))) < 1e-12);
  });

  it("keeps what was not read behind what was, whatever their scores", async () => {
    const order = await rerank(
      "q",
      hits,
      ["a"],
      reranker(() => -20),
      undefined,
    );
    assert.deepEqual(
      order.map(({ id }) => id),
      [0, 1, 2, 3],
    );
    assert.ok(order.every(({ score }, at) => score <= (order[at - 1]?.score ?? 1)));
  });

  it("leaves the joined score to a passage that has gone", async () => {
    const order = await rerank(
      "q",
      hits,
      ["a", undefined, "c"],
      reranker(() => 0),
      undefined,
    );
    assert.deepEqual(
      order.map(({ id, score }) => [id, score.toFixed(2)]),
      [
        [1, "0.80"],
        [0, "0.70"],
        [2, "0.60"],
        [3, "0.20"],
      ],
    );
  });

  it("refuses scores that are not one number a text", async () => {
    for (const broken of [[1], [1, Number.NaN, 2]]) {
      const bad: Reranker = { ...reranker(() => 0), score: async () => broken };
      await assert.rejects(rerank("q", hits, ["a", "b", "c"], bad, undefined), /a number a text/);
    }
  });
});

const find = (index: SmallIndex, own: Reranker, options: Partial<RetrieveOptions> = {}) =>
  new Retriever({ store: index.store, clock: systemClock, reranker: own }, RetrieveOptions.parse(options));

describe("the retriever with a reranker", () => {
  const pages = [
    { url: "https://zoo.test/1", title: "One", passages: ["Lions hunt zebras at night, lions do."] },
    { url: "https://zoo.test/2", title: "Two", passages: ["Zebras sleep standing."] },
  ];

  it("shows it heading and passage, and follows it", async () => {
    using index = new SmallIndex(pages);
    const own = reranker((text) => (text.includes("sleep") ? 8 : -8));
    const { hits: found, notes } = await find(index, own).retrieve("lions zebras", { limit: 2 });
    assert.equal(found[0]?.chunk.title, "Two");
    assert.ok(own.asked[0]?.includes("Two\nZebras sleep standing."));
    assert.deepEqual(notes, []);
  });

  it("does without one that fails or is late, and says so", async () => {
    using index = new SmallIndex(pages);
    const broken: Reranker = { ...reranker(() => 0), score: () => Promise.reject(new Error("no model")) };
    const found = await find(index, broken).retrieve("lions", { limit: 2 });
    assert.equal(found.hits[0]?.chunk.title, "One");
    assert.deepEqual(found.notes, ["no model"]);
    const late: Reranker = { ...reranker(() => 0), score: () => new Promise(() => {}) };
    const { notes } = await find(index, late, { rerankTimeoutMs: 20 }).retrieve("lions", { limit: 2 });
    assert.match(notes[0] ?? "", /longer than 20 ms/);
  });

  it("hands an abort's reason back unchanged", async () => {
    using index = new SmallIndex(pages);
    const controller = new AbortController();
    const reason = new Error("enough");
    const left: Reranker = {
      ...reranker(() => 0),
      score: () => {
        controller.abort(reason);
        return new Promise(() => {});
      },
    };
    const work = find(index, left).retrieve("lions", { limit: 2 }, controller.signal);
    await assert.rejects(work, reason);
  });
});
