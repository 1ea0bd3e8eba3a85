import type { Command } from "commander";
import { z } from "zod";
import { OptionsError } from "../errors.ts";
import type { CalibrateOptions, CalibrationProgress } from "../jobs/calibration-floor.ts";
import type { CalibrationReport } from "../jobs/calibrate.ts";
import { readJudgedQueries } from "../rag/evaluation/judged-query.ts";
import { addCommonFlags } from "./common-flags.ts";
import { judgedFilesHelp, readText } from "./evaluate.ts";
import { flagsOf, parseFlags } from "./flags.ts";
import type { CommonFlags, Shell } from "./shell.ts";

const CalibrateFlags = z.strictObject({
  seed: z
    .int()
    .min(0)
    .max(0xffff_ffff)
    .default(1)
    .describe("Of the sample of pages that queries are made from"),
  within: z.number().positive().default(600).describe("Give up after so many seconds; nothing is kept then"),
});
const FileFlags = z.strictObject({ queries: z.string(), qrels: z.string() });

/** What can calibrate: a Forager. */
export interface Calibrator extends AsyncDisposable {
  calibrate(options: CalibrateOptions, signal: AbortSignal): Promise<CalibrationReport>;
}

const help = `
Without queries, the pages' own link texts and headings are asked; they may only lower what the vectors are worth.
With judged queries (some 50 that tell a relevant page) the weight is chosen by them; with 100 that say "answerable",
30 of them false, the confidence of answers is corrected too. The result is kept in the data folder and used from then on.
`;

/** `forager calibrate [--queries FILE --qrels FILE]` */
export function addCalibrate(program: Command, shell: Shell, open: (flags: CommonFlags) => Calibrator): void {
  const command = program
    .command("calibrate")
    .description("Measure on this index what meaning is worth beside words, and keep it")
    .option("--queries <file>", "Queries with known answers")
    .option("--qrels <file>", "Which documents are relevant to which query")
    .addHelpText("after", help + judgedFilesHelp);
  for (const flag of flagsOf(CalibrateFlags)) command.addOption(flag);
  addCommonFlags(command).action(async (given: CommonFlags & Record<string, unknown>) => {
    const { seed = 1, within = 600 } = parseFlags(CalibrateFlags, given);
    const { queries, qrels } = parseFlags(FileFlags.partial(), given);
    if (queries === undefined && qrels !== undefined)
      throw new OptionsError(
        "--qrels",
        "says which documents are relevant to which query: give --queries too",
      );
    const judged =
      queries === undefined
        ? undefined
        : readJudgedQueries(
            await readText("--queries", queries),
            qrels === undefined ? undefined : await readText("--qrels", qrels),
          );
    await using forager = open(given);
    const onProgress = (progress: CalibrationProgress) => {
      if (shell.isTerminal) process.stderr.write(`\r${describeProgress(progress)}`);
    };
    const options = { seed, timeoutMs: within * 1_000, onProgress, ...(judged ? { queries: judged } : {}) };
    const report = await forager.calibrate(options, shell.signal);
    if (shell.isTerminal) process.stderr.write("\n");
    if (given.json) await shell.printJson(report);
    else for (const reason of report.reasons) await shell.print(reason);
  });
}

function describeProgress({ step, done, of }: CalibrationProgress): string {
  const what = { pages: "pages read", queries: "searches", answers: "answers" }[step];
  // Blanks wipe what a longer line left.
  return `${of === undefined ? done : `${done} of ${of}`} ${what}          `;
}
