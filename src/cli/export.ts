import type { Command } from "commander";
import { z } from "zod";
import { exportKinds } from "../jobs/export.ts";
import { addCommonFlags } from "./common-flags.ts";
import { flagsOf, parseFlags } from "./flags.ts";
import type { CommonFlags, Shell } from "./shell.ts";

const ExportFlags = z.strictObject({
  format: z.enum(["jsonl"]).default("jsonl").describe("How to write it"),
  kind: z.enum(exportKinds).default("documents").describe("What to give"),
  includeFailed: z
    .boolean()
    .default(false)
    .describe("Also the URLs that gave no document, each with its reason"),
});

/** `forager export` */
export function addExport(program: Command, shell: Shell): void {
  const command = program
    .command("export")
    .description("Everything the index holds, as JSON lines on standard output");
  for (const flag of flagsOf(ExportFlags)) command.addOption(flag);
  addCommonFlags(command).action(async (given: CommonFlags & Record<string, unknown>) => {
    const { kind = "documents", includeFailed = false } = parseFlags(ExportFlags, given);
    await using forager = shell.open(given);
    for await (const record of forager.export({ kind, includeFailed })) {
      shell.signal.throwIfAborted();
      await shell.printJson(record);
    }
  });
}
