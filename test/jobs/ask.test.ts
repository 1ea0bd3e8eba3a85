import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { rootContext } from "../../src/context.ts";
import { systemClock } from "../../src/clock.ts";
import { NamedLocks } from "../../src/coordination/plans/admission.ts";
import { EventStream } from "../../src/events.ts";
import { type AskFloor, ask } from "../../src/jobs/ask.ts";
import type { Citation } from "../../src/rag/answering/answer.ts";
import type { Hit } from "../../src/rag/retrieval/hits.ts";
import type { Retrieval } from "../../src/rag/retrieval/retrieve.ts";
import { openBackend } from "../coordination/open-backend.ts";

const context = rootContext("test");
const found = (question: string) => ({
  question,
  answer: `About ${question}`,
  confidence: 0.8,
  abstained: false,
  citations: [],
  conflicts: [],
  notes: [],
});

/**
 * Answers parts of a question; those called "bad" break their extractor. Parts that take a model's seconds each wait until
 * all are under way. `most` is how many were so together.
 */
function openFloor(parts: readonly string[], isReasoning: boolean) {
  let underWay = 0;
  const all = Promise.withResolvers<void>();
  const seen = { most: 0, modes: [] as string[] };
  const events = new EventStream();
  events.subscribe((event) => {
    if (event.type === "plan-started") seen.modes.push(event.mode);
  });
  const floor: AskFloor = {
    planner: { run: async () => ({ parts: [...parts] }) },
    researcher: { run: async () => parts.map((query) => ({ query, hits: [] }) as unknown as Retrieval) },
    extractor: {
      async run({ question }) {
        seen.most = Math.max(seen.most, (underWay += 1));
        if (underWay === parts.length) all.resolve();
        await (isReasoning ? all.promise : nextTurn());
        underWay -= 1;
        if (question.startsWith("bad")) throw new Error(`${question} broke`);
        return found(question);
      },
    },
    validator: { run: async (answer) => answer },
    isReasoning,
    openWorkspace: () => openBackend(),
    locks: new NamedLocks(),
    clock: systemClock,
    events,
  };
  return { floor, seen };
}

describe("asking", () => {
  it("C28: a question of one part starts no plan", async () => {
    const { floor, seen } = openFloor(["one"], true);
    assert.equal((await ask(floor, "one?", {}, context)).answer, "About one");
    assert.deepEqual(seen.modes, []);
  });

  it("C28: parts that take a model's seconds are answered side by side, quick ones in order", async () => {
    for (const [isReasoning, mode, most] of [
      [true, "parallel", 3],
      [false, "sequential", 1],
    ] as const) {
      const { floor, seen } = openFloor(["one", "two", "three"], isReasoning);
      const answer = await ask(floor, "all?", {}, context);
      assert.equal(answer.answer, "About one\nAbout two\nAbout three");
      assert.deepEqual(seen, { most, modes: [mode] });
    }
  });

  it("names a part that could not be answered, and fails when none could", async () => {
    const { floor } = openFloor(["one", "bad part"], true);
    const answer = await ask(floor, "all?", {}, context);
    assert.equal(answer.answer, "About one\nNot found in the indexed pages: bad part");
    assert.equal(answer.confidence, 0.4);
    await assert.rejects(ask(openFloor(["bad 1", "bad 2"], true).floor, "all?", {}, context), /bad 1 broke/);
  });
});

/** What is told of an answer while it is written: part, text, and its sources with their numbers. */
function tellings(floor: AskFloor): string[] {
  const told: string[] = [];
  floor.events.subscribe((event) => {
    if (event.type !== "answer-sentence") return;
    const sources = event.sources.map(({ number, url }) => `${number}=${url}`).join(" ");
    told.push(`${event.part}: ${event.text} ${sources}`);
  });
  return told;
}

function citation(url: string): Citation {
  return { url, title: "T", quote: `quote of ${url}`, start: 0, end: 1, score: 0.9 };
}

describe("an answer that was not found", () => {
  const nearest = [{ url: "https://a.example/", title: "A", quote: "It burns.", start: 0, end: 9, score: 0 }];
  const cases: readonly [what: string, retrievers: Hit["retrievers"], citations: number][] = [
    ["a word of the question was found", { chunk: { rank: 1, score: 2 }, dense: { rank: 1, score: 0.1 } }, 1],
    ["a word of it was found on the page", { page: { rank: 1, score: 2 } }, 1],
    ["its meaning was", { dense: { rank: 1, score: 0.6 } }, 1],
    ["nothing of it was", { dense: { rank: 1, score: 0.25 } }, 0],
  ];
  for (const [what, retrievers, citations] of cases) {
    it(`names ${citations === 0 ? "no page" : "the nearest page"} where ${what}`, async () => {
      const { floor } = openFloor(["xqzv"], false);
      const retrieval = { query: "xqzv", hits: [{ retrievers }] } as unknown as Retrieval;
      const answer = await ask(
        {
          ...floor,
          researcher: { run: async () => [retrieval] },
          extractor: { run: async () => ({ ...found("xqzv"), abstained: true, citations: nearest }) },
        },
        "xqzv",
        {},
        context,
      );
      assert.equal(answer.citations.length, citations);
    });
  }
});

/** A part writes two sentences from two quotes; the one called "slow" once the "quick" one has. */
function writing(): AskFloor["extractor"] {
  const quick = Promise.withResolvers<void>();
  return {
    async run({ question, show }) {
      const citations = [citation(`${question}/a`), citation(`${question}/b`)];
      const sentences = citations.map((_, at) => ({ text: `${question} ${at}.`, numbers: [at + 1] }));
      if (question === "slow") await quick.promise;
      for (const [at, sentence] of sentences.entries()) {
        show?.({ ...sentence, citations: citations.slice(at, at + 1) });
        await nextTurn();
      }
      quick.resolve();
      return { ...found(question), answer: "written", citations, sentences };
    },
  };
}

describe("sentences of an answer, as they are written", () => {
  it("are told in the order of the parts, with the numbers of the whole answer", async () => {
    const { floor } = openFloor(["slow", "quick"], true);
    const told = tellings(floor);
    const answer = await ask({ ...floor, extractor: writing() }, "all?", {}, context);
    assert.deepEqual(told, [
      "0: slow 0. [1] 1=slow/a",
      "0: slow 1. [2] 2=slow/b",
      "1: quick 0. [3] 3=quick/a",
      "1: quick 1. [4] 4=quick/b",
    ]);
    assert.equal(answer.answer, "slow 0. [1] slow 1. [2]\nquick 0. [3] quick 1. [4]");
    assert.equal(answer.citations[2]?.url, "quick/a");
  });

  it("of a part wait for no part that failed", async () => {
    const { floor } = openFloor(["bad", "quick"], true);
    const told = tellings(floor);
    const good = writing();
    const extractor: AskFloor["extractor"] = {
      run: (evidence, context) =>
        evidence.question === "bad" ? Promise.reject(new Error("broke")) : good.run(evidence, context),
    };
    await ask({ ...floor, extractor }, "all?", {}, context);
    assert.deepEqual(told, ["1: quick 0. [1] 1=quick/a", "1: quick 1. [2] 2=quick/b"]);
  });

  it("are the quotes, where no model writes", async () => {
    const { floor } = openFloor(["one"], false);
    const told = tellings(floor);
    await ask(floor, "one?", {}, context);
    assert.deepEqual(told, ["0: About one "]);
  });
});

describe("asking on", () => {
  it("hands the conversation to the planner, its wordings to the researcher, its notes to the reader", async () => {
    const { floor } = openFloor(["one"], false);
    const seen: unknown[] = [];
    const history = [{ question: "What is one?", answer: "One is one." }];
    const answer = await ask(
      {
        ...floor,
        planner: {
          async run(input) {
            seen.push(input);
            return {
              parts: ["one"],
              wordings: [[{ text: "uno", weight: 0.4 }]],
              notes: ["Understood as: one"],
            };
          },
        },
        researcher: {
          async run(lookup, context) {
            seen.push(lookup.wordings);
            return floor.researcher.run(lookup, context);
          },
        },
      },
      "and it?",
      { history },
      context,
    );
    assert.deepEqual(seen, [{ question: "and it?", history }, [[{ text: "uno", weight: 0.4 }]]]);
    assert.deepEqual(answer.notes, ["Understood as: one"]);
  });
});
