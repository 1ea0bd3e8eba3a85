import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Command } from "commander";
import { addEvaluate } from "../../src/cli/evaluate.ts";
import { Shell } from "../../src/cli/shell.ts";
import { rootContext } from "../../src/context.ts";
import { OptionsError } from "../../src/errors.ts";
import { evaluate, type EvaluationFloor } from "../../src/jobs/evaluate.ts";
import type { Answer } from "../../src/rag/answering/answer.ts";
import { readJudgedQueries } from "../../src/rag/evaluation/judged-query.ts";
import type { EvaluationReport } from "../../src/rag/evaluation/report.ts";
import { temporaryFolder } from "../cli/run-forager.ts";

const origin = "http://site.test";
const urlOf = (name: string) => `${origin}/docs/${name}.html`;

/** An index of three pages: words find the first letter, vectors everything. */
const floor: EvaluationFloor = {
  strategies: ["bm25", "dense"],
  search: (query, strategy) =>
    Promise.resolve(
      strategy === "bm25"
        ? { urls: [urlOf("c"), urlOf("c"), `${urlOf(query[0] ?? "")}#part`], notes: [] }
        : { urls: [urlOf(query[0] ?? "")], notes: ["late"] },
    ),
  ask: (question) =>
    Promise.resolve(
      question.startsWith("x")
        ? answerOf(question, 0.2, "c", "nothing of the kind")
        : answerOf(question, 0.8, question[0] ?? "", `It is ${question}.`),
    ),
  pages: () => ["a", "b", "c"].map(urlOf),
};

function answerOf(question: string, confidence: number, page: string, quote: string): Answer {
  const citation = { url: urlOf(page), title: page, quote, start: 0, end: quote.length, score: confidence };
  const abstained = confidence < 0.4;
  const answer = abstained ? "Not found in the indexed pages." : quote;
  return { question, answer, confidence, abstained, citations: [citation], conflicts: [], notes: [] };
}

const queries = {
  path: "queries",
  text: [
    '{"id": "1", "query": "a"}',
    '{"id": "2", "query": "b", "expected": "It is b"}',
    '{"id": "3", "query": "c", "expected": "something else"}',
    '{"id": "4", "query": "x", "answerable": false}',
    '{"id": "5", "query": "unjudged"}',
  ].join("\n"),
};
const qrels = {
  path: "qrels",
  text: "1 0 docs/a 1\n2 0 http://site.test:80/docs/b.html 2\n2 0 gone.html 1\n",
};
const options = { seed: 1, forager: { version: "0" } };

describe("evaluating", () => {
  it("scores each strategy on the pages, and the answers on what is expected", async () => {
    const told: number[] = [];
    const report = await evaluate(
      floor,
      readJudgedQueries(queries, qrels),
      { ...options, onQuery: (done) => told.push(done) },
      rootContext("test"),
    );
    assert.deepEqual(report.queries, { total: 5, judged: 4, scored: 2, asked: 4 });
    const second = 1 / Math.log2(3);
    const ideal = 2 + second;
    assert.deepEqual(
      report.retrieval.map(({ strategy, ndcg10 }) => [strategy, ndcg10.value]),
      [
        ["bm25", (second + (2 * second) / ideal) / 2],
        ["dense", (1 + 2 / ideal) / 2],
      ],
    );
    assert.deepEqual(
      report.answers.map(({ id, isAnswerable, isRight, abstained }) => [
        id,
        isAnswerable,
        isRight,
        abstained,
      ]),
      [
        ["1", true, true, false],
        ["2", true, true, false],
        ["3", true, false, false],
        ["4", false, false, true],
      ],
    );
    assert.equal(report.abstention?.auc?.value, 1);
    assert.deepEqual(report.notes, [
      "not compared here: RRF, DBSF, the default, ACF",
      "1 of 5 queries have no judgement and were left out",
      "1 judged documents are not in the index and count as not found: gone.html",
      "of 1 questions no expected answer is given: right is an answer whose first quote is from a relevant page",
      "dense: late (2 queries)",
    ]);
    assert.deepEqual(told, [1, 2, 3, 4]);
  });

  it("takes of an answer any quote, and of one that was held back only the nearest", async () => {
    const said = ["It is no answer.", "It is b."];
    const rightness = [0.8, 0.2].map(async (confidence) => {
      const answer = answerOf("b", confidence, "b", said.join(" "));
      const citations = said.flatMap((quote) => answerOf("b", confidence, "b", quote).citations);
      const ask = () => Promise.resolve({ ...answer, citations });
      const judged = readJudgedQueries({ path: "q", text: '{"query": "b", "expected": "^It is b"}' });
      const report = await evaluate({ ...floor, ask }, judged, options, rootContext("test"));
      return report.answers[0]?.isRight;
    });
    assert.deepEqual(await Promise.all(rightness), [true, false]);
  });

  it("stops when its caller says so, with the caller's reason", async () => {
    const reason = new Error("enough");
    const stopper = new AbortController();
    const onQuery = () => stopper.abort(reason);
    const judged = readJudgedQueries(queries, qrels);
    const work = evaluate(floor, judged, { ...options, onQuery }, rootContext("test", stopper.signal));
    await assert.rejects(work, (error) => error === reason);
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

async function run(...words: readonly string[]): Promise<string> {
  const shell = new KeepingShell();
  const program = new Command().exitOverride();
  addEvaluate(program, shell, () => ({
    evaluate: (given, how, signal) => evaluate(floor, given, how, rootContext("test", signal)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }));
  await program.parseAsync(["evaluate", ...words], { from: "user" });
  return shell.lines.join("\n");
}

describe("forager evaluate", () => {
  it("prints a table, or one object, and writes the report with its diagrams", async () => {
    await using folder = await temporaryFolder();
    const [queriesFile, qrelsFile, out] = ["queries.jsonl", "qrels.txt", "out/first"].map((name) =>
      join(folder.path, name),
    ) as [string, string, string];
    await writeFile(queriesFile, queries.text);
    await writeFile(qrelsFile, qrels.text);
    const given = ["--queries", queriesFile, "--qrels", qrelsFile, "--seed", "7"];
    const text = await run(...given);
    assert.match(text, /^strategy .*\nBM25 .*\ndense /);
    assert.match(text, /seed 7; Forager \d+\.\d+\.\d+/);
    const printed = JSON.parse(await run(...given, "--json", "--out", out)) as EvaluationReport;
    assert.equal(printed.seed, 7);
    assert.deepEqual(JSON.parse(await readFile(join(out, "report.json"), "utf8")), printed);
    for (const name of ["reliability.svg", "risk-coverage.svg"])
      assert.match(await readFile(join(out, name), "utf8"), /^<svg /);
  });

  it("names a file that is not there", async () => {
    await assert.rejects(
      run("--queries", "/nowhere/queries.jsonl"),
      (error) =>
        error instanceof OptionsError &&
        /--queries: \/nowhere\/queries\.jsonl cannot be read/.test(error.message),
    );
  });
});
