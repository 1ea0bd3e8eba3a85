import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { OptionsError, messageOf } from "../errors.ts";
import type { EvaluateOptions } from "../jobs/evaluate.ts";
import { makeFolder } from "../make-folder.ts";
import { describeReport } from "../rag/evaluation/describe-report.ts";
import { readJudgedQueries, type JudgedQuery, type TextFile } from "../rag/evaluation/judged-query.ts";
import { drawReliability } from "../rag/evaluation/reliability-diagram.ts";
import type { EvaluationReport } from "../rag/evaluation/report.ts";
import { drawRiskCoverage } from "../rag/evaluation/risk-coverage-diagram.ts";
import { addCommonFlags } from "./common-flags.ts";
import { flagsOf, parseFlags } from "./flags.ts";
import type { CommonFlags, Shell } from "./shell.ts";
import { identity } from "./version.ts";

const EvaluateFlags = z.strictObject({
  seed: z.int().min(0).max(0xffff_ffff).default(1).describe("Of the draws that the intervals come from"),
});
const FileFlags = z.strictObject({ queries: z.string(), qrels: z.string(), out: z.string() });

/** What can evaluate: a Forager. */
export interface Evaluator extends AsyncDisposable {
  evaluate(
    queries: readonly JudgedQuery[],
    options: EvaluateOptions,
    signal: AbortSignal,
  ): Promise<EvaluationReport>;
}

/** What the files with judged queries hold. */
export const judgedFilesHelp = `
The queries: one a line, plain (its id is the number of its line), or {"id", "query"}.
The qrels: TREC lines "id 0 document grade", or {"id", "relevant": [documents]} or {"id", "relevant": {document: grade}}.
A document is a URL, or the end of one: guide/setup.html. nDCG takes the grade as the gain, like trec_eval.
Either file may say "answerable": false, "expected" (a regular expression that right answers match) and "class".
Where "expected" is missing, an answer is right when its first quote is from a relevant page.
`;

/** `forager evaluate --queries FILE --qrels FILE` */
export function addEvaluate(program: Command, shell: Shell, open: (flags: CommonFlags) => Evaluator): void {
  const command = program
    .command("evaluate")
    .description("Measure search and answers on questions with known answers")
    .requiredOption("--queries <file>", "The queries")
    .option("--qrels <file>", "Which documents are relevant to which query")
    .option("--out <folder>", "Write report.json and the diagrams here")
    .addHelpText("after", judgedFilesHelp);
  for (const flag of flagsOf(EvaluateFlags)) command.addOption(flag);
  addCommonFlags(command).action(async (given: CommonFlags & Record<string, unknown>) => {
    const { seed = 1 } = parseFlags(EvaluateFlags, given);
    const { queries = "", qrels, out } = parseFlags(FileFlags.partial(), given);
    const judged = readJudgedQueries(
      await readText("--queries", queries),
      qrels === undefined ? undefined : await readText("--qrels", qrels),
    );
    if (out !== undefined) await writable(out, () => makeFolder(out));
    await using forager = open(given);
    const onQuery = (done: number, of: number) => {
      if (shell.isTerminal) process.stderr.write(`\r${done} of ${of} queries${done === of ? "\n" : ""}`);
    };
    const report = await forager.evaluate(judged, { seed, forager: identity(), onQuery }, shell.signal);
    if (out !== undefined) await writeReport(out, report);
    if (given.json) await shell.printJson(report);
    else await shell.print(describeReport(report));
  });
}

async function writeReport(folder: string, report: EvaluationReport): Promise<void> {
  const { abstention } = report;
  const files = {
    "report.json": `${JSON.stringify(report, null, 2)}\n`,
    ...(abstention
      ? { "reliability.svg": drawReliability(abstention), "risk-coverage.svg": drawRiskCoverage(abstention) }
      : {}),
  };
  await writable(folder, async () => {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  });
}

async function writable(folder: string, write: () => unknown): Promise<void> {
  try {
    await write();
  } catch (cause) {
    throw new OptionsError("--out", `${folder} cannot be written: ${messageOf(cause)}`, { cause });
  }
}

/** A file that a flag names. @throws {OptionsError} When it cannot be read. */
export async function readText(flag: string, path: string): Promise<TextFile> {
  try {
    return { path, text: await readFile(path, "utf8") };
  } catch (cause) {
    throw new OptionsError(flag, `${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
