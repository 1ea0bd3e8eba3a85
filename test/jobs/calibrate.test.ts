import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Command } from "commander";
import { addCalibrate } from "../../src/cli/calibrate.ts";
import { Shell } from "../../src/cli/shell.ts";
import { systemClock } from "../../src/clock.ts";
import { rootContext } from "../../src/context.ts";
import { OptionsError, StoreError, TimeoutError } from "../../src/errors.ts";
import type { CalibrateOptions, CalibrationFloor } from "../../src/jobs/calibration-floor.ts";
import { calibrate, type CalibrationReport } from "../../src/jobs/calibrate.ts";
import type { Answer } from "../../src/rag/answering/answer.ts";
import { type Calibration, readCalibration } from "../../src/rag/calibration/calibration.ts";
import type { JudgedQuery } from "../../src/rag/evaluation/judged-query.ts";
import type { Reranker } from "../../src/rag/reranker.ts";
import { RetrieveOptions } from "../../src/rag/retrieval/retrieve-options.ts";
import { temporaryFolder } from "../cli/run-forager.ts";
import { embedderKinds, MadeUpEmbedder, makeUpCollection } from "../rag/made-up-collection.ts";
import { SmallIndex } from "../rag/small-index.ts";

const collection = makeUpCollection("topics", {
  topics: 60,
  pagesPerTopic: 3,
  passages: 1,
  sameWord: 0.4,
  seed: 2,
});
const judged = collection.queries.map(({ text, relevant }, at): JudgedQuery => ({
  id: String(at),
  text,
  grades: new Map([...relevant].map((url) => [url, 1])),
}));
const options: CalibrateOptions = { seed: 1, timeoutMs: 600_000 };
const good = (isProven: boolean) =>
  Object.assign(new MadeUpEmbedder("good", embedderKinds.good), { isProven });

/** An embedded index to calibrate, and what was kept of it. */
async function floorOf(
  embedder: MadeUpEmbedder,
  more: Partial<CalibrationFloor> = {},
): Promise<CalibrationFloor & Disposable & { readonly kept: Calibration[] }> {
  const index = new SmallIndex(collection.pages, embedder);
  await index.embed();
  const kept: Calibration[] = [];
  return {
    archive: index.archive,
    store: index.store,
    embedder,
    clock: systemClock,
    retrieve: RetrieveOptions.parse({}),
    keep: async (calibration) => kept.push(calibration),
    kept,
    ...more,
    [Symbol.dispose]: () => index[Symbol.dispose](),
  };
}

/** Claims .9 throughout for what it can answer and .6 for what it cannot. */
const ask = async (question: string): Promise<Answer> => ({
  question,
  answer: "it",
  confidence: Number(question.slice(1)) % 3 > 0 ? 0.9 : 0.6,
  abstained: false,
  citations: [{ url: "https://topics.test/0", title: "", quote: "it", start: 0, end: 2, score: 1 }],
  conflicts: [],
  notes: [],
});

describe("calibrating", () => {
  it("measures an embedder of unknown strength by the pages, keeps the result, and comes to it again", async () => {
    using floor = await floorOf(good(false));
    const first = await calibrate(floor, options, rootContext("test"));
    assert.equal(first.basis, "pseudo-queries");
    assert.ok(first.queries >= 150 && (first.rho ?? 0) > 0.5);
    assert.ok(first.denseWeight > 0.1 && first.denseWeight <= 0.4);
    assert.match(first.reasons.join(" "), /mean reciprocal rank .* embedder of unknown strength/);
    const again = await calibrate(floor, options, rootContext("test"));
    assert.deepEqual({ ...again, chosenAt: 0 }, { ...first, chosenAt: 0 });
    assert.deepEqual(readCalibration(structuredClone(floor.kept[0]), "good"), floor.kept[0]);
  });

  it("leaves a proven embedder its half by the pages, unless it finds less than half as well", async () => {
    using floor = await floorOf(good(true));
    assert.equal((await calibrate(floor, options, rootContext("test"))).denseWeight, 0.5);
    const noise = Object.assign(new MadeUpEmbedder("noise", embedderKinds.noise), { isProven: true });
    using bad = await floorOf(noise);
    const report = await calibrate(bad, options, rootContext("test"));
    assert.equal(report.denseWeight, 0);
    assert.match(report.reasons.join(" "), /0 % of the weight, less than the usual 50 %/);
  });

  it("goes by judged queries where there are enough", async () => {
    using floor = await floorOf(good(false));
    const report = await calibrate(floor, { ...options, queries: judged }, rootContext("test"));
    assert.equal(report.basis, "labels");
    assert.equal(report.queries, 60);
    assert.ok(report.denseWeight >= 0.4, String(report.denseWeight));
    assert.ok((report.gain?.mean ?? 0) > 0.1);
  });

  it("asks the pages where too few queries are judged, and says so", async () => {
    using floor = await floorOf(good(false));
    const report = await calibrate(floor, { ...options, queries: judged.slice(0, 49) }, rootContext("test"));
    assert.equal(report.basis, "pseudo-queries");
    assert.match(report.reasons[0] ?? "", /49 of the queries tell a relevant page, 50 are needed/);
  });

  it("leaves a reranker out that gains nothing, and keeps one that does", async () => {
    const titles = new Map(collection.pages.map(({ url, title }) => [url, title]));
    const knowing: Reranker = {
      id: "knowing",
      score: async (query, texts) => {
        const urls = [...(judged.find(({ text }) => text === query)?.grades.keys() ?? [])];
        return texts.map((text) => (urls.some((url) => text.startsWith(titles.get(url) ?? "-")) ? 9 : -9));
      },
      async [Symbol.asyncDispose]() {},
    };
    const idle: Reranker = { ...knowing, id: "idle", score: async (_query, texts) => texts.map(() => 0) };
    for (const [reranker, isUsed] of [
      [knowing, true],
      [idle, false],
    ] as const) {
      using floor = await floorOf(good(true), { reranker });
      const report = await calibrate(
        floor,
        { ...options, queries: judged.slice(0, 50) },
        rootContext("test"),
      );
      assert.deepEqual(report.reranker, { id: reranker.id, isUsed });
    }
  });

  it("corrects the confidence by a hundred answers of which it is known whether they are right", async () => {
    const labelled = Array.from({ length: 150 }, (_, at): JudgedQuery => ({
      id: `q${at}`,
      text: `q${at}`,
      grades: new Map(),
      isAnswerable: at % 3 > 0,
    }));
    using floor = await floorOf(good(true), { ask });
    const report = await calibrate(floor, { ...options, queries: labelled }, rootContext("test"));
    assert.ok(report.confidence && report.confidence.slope > 1);
    assert.match(report.reasons.join(" "), /confidence of answers is corrected by 150/);
    const few = await calibrate(floor, { ...options, queries: labelled.slice(0, 20) }, rootContext("test"));
    assert.equal(few.confidence, undefined);
    assert.match(few.reasons.join(" "), /20 queries say whether they can be answered, 100 are needed/);
  });

  it("refuses an index that is empty, or of which little has vectors", async () => {
    using empty = new SmallIndex([], good(true));
    using floor = await floorOf(good(true));
    const nothing = { ...floor, archive: empty.archive };
    await assert.rejects(calibrate(nothing, options, rootContext("test")), /crawl something first/);
    using bare = new SmallIndex(collection.pages, good(true));
    const unembedded = calibrate({ ...floor, archive: bare.archive }, options, rootContext("test"));
    await assert.rejects(
      unembedded,
      (error) => error instanceof OptionsError && /forager embed/.test(error.message),
    );
  });

  it("keeps nothing when it is stopped, when its time is over, or when a part of the search fails", async () => {
    using floor = await floorOf(good(true));
    const reason = new Error("enough");
    const stopper = new AbortController();
    const stopping = calibrate(
      floor,
      { ...options, queries: judged, onProgress: () => stopper.abort(reason) },
      rootContext("test", stopper.signal),
    );
    await assert.rejects(stopping, (error) => error === reason);
    const late = calibrate(floor, { ...options, timeoutMs: 1 }, rootContext("test"));
    await assert.rejects(late, TimeoutError);
    const store = new Proxy(floor.store, {
      get(target, key) {
        if (key === "searchVectors") return () => Promise.reject(new Error("cut off"));
        const value: unknown = Reflect.get(target, key);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const failing = calibrate({ ...floor, store }, { ...options, queries: judged }, rootContext("test"));
    await assert.rejects(failing, (error) => error instanceof StoreError && /cut off/.test(error.message));
    assert.deepEqual(floor.kept, []);
  });
});

/** A terminal that keeps what is printed. */
class KeepingShell extends Shell {
  readonly lines: string[] = [];

  override print(text: string): Promise<void> {
    this.lines.push(text);
    return Promise.resolve();
  }
}

describe("forager calibrate", () => {
  const report: CalibrationReport = {
    embedder: "a",
    denseWeight: 0.5,
    basis: "labels",
    queries: 60,
    chosenAt: 1,
    reasons: ["Because of this.", "And that."],
  };
  const run = async (...words: readonly string[]) => {
    const shell = new KeepingShell();
    const asked: CalibrateOptions[] = [];
    const program = new Command().exitOverride();
    addCalibrate(program, shell, () => ({
      calibrate: async (given) => {
        asked.push(given);
        return report;
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }));
    await program.parseAsync(["calibrate", ...words], { from: "user" });
    return { lines: shell.lines, asked };
  };

  it("prints what was decided and why, or one object", async () => {
    const { lines, asked } = await run("--within", "30", "--seed", "4");
    assert.deepEqual(lines, ["Because of this.", "And that."]);
    assert.deepEqual([asked[0]?.seed, asked[0]?.timeoutMs, asked[0]?.queries], [4, 30_000, undefined]);
    assert.deepEqual(JSON.parse((await run("--json")).lines.join("\n")), report);
  });

  it("reads judged queries, and wants queries where there are qrels", async () => {
    await using folder = await temporaryFolder();
    const [queries, qrels] = [join(folder.path, "queries.jsonl"), join(folder.path, "qrels.txt")];
    await writeFile(queries, '{"id": "1", "query": "a"}\n');
    await writeFile(qrels, "1 0 docs/a 1\n");
    const { asked } = await run("--queries", queries, "--qrels", qrels);
    assert.deepEqual(asked[0]?.queries?.[0]?.grades, new Map([["docs/a", 1]]));
    await assert.rejects(run("--qrels", qrels), /give --queries too/);
    await assert.rejects(run("--queries", "/nowhere"), /cannot be read/);
  });
});
